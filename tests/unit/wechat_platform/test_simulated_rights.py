"""Windows, quotas, tokens, scripted troubles, menus and authorisation codes follow the platform's tables."""

import pytest

from tests.wechat_platform import Account, AccountWrong, Disorder, Trouble, errcode, read_account
from tests.wechat_platform.clock import Clock
from tests.wechat_platform.customer_messages import read_message
from tests.wechat_platform.errors import ERRORS, ApiRefused, describe_error
from tests.wechat_platform.menu import Menu
from tests.wechat_platform.oauth import Consents, PageRefused
from tests.wechat_platform.quotas import Quotas
from tests.wechat_platform.tokens import Tokens
from tests.wechat_platform.troubles import Troubles

# wechat.md §2.8, every code of the table that a test may want to script.
TABLE = """-1 40001 40003 40007 40008 40013 40014 40033 40125 40164 40200 42001 43004 43019 44002 44004 45002 45003 45004 45008
45009 45011 45015 45047 45072 45080 45081 47001 48001 48002 48004 48006 50002 50005 61004 40029 40163 41008 43101 47003"""


def code_of(call, *args):
    with pytest.raises(ApiRefused) as caught:
        call(*args)
    return caught.value.code


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def quotas(clock):
    return Quotas(clock)


def test_a_message_opens_48_hours_for_five_messages(clock, quotas):
    assert code_of(quotas.spend, "oA") == 45015
    quotas.open("oA", "message")
    for _ in range(5):
        quotas.spend("oA")
    assert code_of(quotas.spend, "oA") == 45047
    quotas.open("oA", "message")
    quotas.spend("oA")
    clock.advance(48 * 3600 + 1)
    assert code_of(quotas.spend, "oA") == 45015


@pytest.mark.parametrize("trigger", ["menu", "subscribe", "scan"])
def test_a_tap_a_follow_or_a_scan_opens_a_minute_for_three(clock, quotas, trigger):
    quotas.open("oA", trigger)
    for _ in range(3):
        quotas.spend("oA")
    assert code_of(quotas.spend, "oA") == 45047
    clock.advance(61)
    assert code_of(quotas.spend, "oA") == 45015


def test_windows_do_not_add_up(clock, quotas):
    quotas.open("oA", "message")
    quotas.open("oA", "menu")
    assert quotas.left("oA") == 5
    for _ in range(4):
        quotas.spend("oA")
    quotas.open("oA", "menu")
    assert quotas.left("oA") == 3
    clock.advance(61)
    assert quotas.left("oA") == 1


def test_leaving_closes_every_window(quotas):
    quotas.open("oA", "message")
    quotas.close("oA")
    assert code_of(quotas.spend, "oA") == 45015


def test_the_calls_of_a_day_are_counted(clock, quotas):
    quotas.daily["menu/create"] = 2
    quotas.count_call("menu/create")
    quotas.count_call("menu/create")
    assert code_of(quotas.count_call, "menu/create") == 45009
    clock.advance(86400)
    quotas.count_call("menu/create")


def test_the_stable_token_stays_and_is_renewed_five_minutes_early(clock):
    tokens = Tokens(clock, 1)
    first, seconds = tokens.stable()
    assert seconds == 7200
    assert tokens.stable()[0] == first
    clock.advance(7200 - 299)
    second, _ = tokens.stable()
    assert second != first
    tokens.check(first)
    tokens.check(second)
    clock.advance(300)
    assert code_of(tokens.check, first) == 42001
    tokens.check(second)


def test_forcing_a_stable_token_ends_the_old_one_and_is_limited(clock):
    tokens = Tokens(clock, 1)
    first, _ = tokens.stable()
    tokens.stable(force=True)
    assert code_of(tokens.check, first) == 40001
    assert code_of(lambda: tokens.stable(force=True)) == 45011
    for _ in range(19):
        clock.advance(31)
        tokens.stable(force=True)
    clock.advance(31)
    assert code_of(lambda: tokens.stable(force=True)) == 45009


def test_a_classic_token_ends_the_one_before_but_not_the_stable_one(clock):
    tokens = Tokens(clock, 1)
    stable, _ = tokens.stable()
    first, _ = tokens.classic()
    second, _ = tokens.classic()
    clock.advance(301)
    assert code_of(tokens.check, first) == 42001
    tokens.check(second)
    tokens.check(stable)


def test_tokens_expire_or_are_replaced_at_will(clock):
    tokens = Tokens(clock, 1)
    first, _ = tokens.stable()
    tokens.expire_all()
    assert code_of(tokens.check, first) == 42001
    second, _ = tokens.stable()
    tokens.revoke_all()
    assert code_of(tokens.check, second) == 40001
    tokens.check(tokens.stable()[0])
    assert code_of(tokens.check, "") == 41001
    assert code_of(tokens.check, "nonsense") == 40014


def test_troubles_strike_the_next_calls_a_citizen_or_by_seeded_chance():
    troubles = Troubles(1)
    troubles.next("media/get", errcode(-1), times=2)
    troubles.for_citizen("oA", errcode(45015))
    assert troubles.strike("menu/create") is None
    assert [troubles.strike("media/get") for _ in range(3)] == [errcode(-1), errcode(-1), None]
    assert troubles.strike("message/custom/send", "oA") == errcode(45015)
    assert troubles.strike("message/custom/send", "oB") is None

    def run(seed):
        troubles = Troubles(seed)
        troubles.sometimes("*", errcode(-1), 0.5)
        return [troubles.strike("media/get") is None for _ in range(30)]

    assert run(1) == run(1) != run(2)
    with pytest.raises(ValueError, match="unknown trouble"):
        Trouble("sunshine")


@pytest.mark.parametrize("code", [int(code) for code in TABLE.split()])
def test_every_code_of_the_table_has_its_text(code):
    assert code in ERRORS
    assert describe_error(code, rid="r1")["errmsg"].endswith("rid: r1")


def test_the_menu_s_limits_are_the_platform_s():
    click = {"type": "click", "name": "办事", "key": "guides"}
    menu = Menu()
    assert code_of(menu.show) == 46003
    menu.create(
        {"button": [{"name": "更多", "sub_button": [click] * 5}, {"type": "view", "name": "网页", "url": "https://e.cn/"}]}
    )
    assert menu.find("办事")["key"] == "guides"
    assert menu.find("unknown") == {"type": "click", "name": "unknown", "key": "unknown"}
    for shape, code in [
        ({"button": [click] * 4}, 40016),
        ({"button": []}, 40016),
        ({"button": [{**click, "name": "办事指南办事"}]}, 40018),
        ({"button": [{**click, "key": "k" * 129}]}, 40019),
        ({"button": [{**click, "type": "dance"}]}, 40017),
        ({"button": [{"type": "view", "name": "网页", "url": "https://e.cn/" + "u" * 1024}]}, 40020),
        ({"button": [{"name": "更多", "sub_button": [click] * 6}]}, 40023),
        ({"button": [{"name": "更多", "sub_button": [{**click, "name": "字" * 21}]}]}, 40025),
    ]:
        assert code_of(menu.create, shape) == code


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ({"msgtype": "poem"}, 40008),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "news", "news": {"articles": [{"title": "a"}, {"title": "b"}]}}, 45008),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "msgmenu", "msgmenu": {"list": []}}, 47001),
        ({"msgtype": "msgmenu"}, 47001),
    ],
)
def test_a_customer_message_that_breaks_a_rule_is_refused(shape, code):
    assert code_of(read_message, shape, frozenset()) == code


def test_a_menu_with_odd_ids_is_accepted_with_a_remark():
    menu = {"head_content": "请选：", "list": [{"id": "1", "content": "身份证"}, {"id": "x", "content": "护照"}]}
    kind, text, _, remarks = read_message({"msgtype": "msgmenu", "msgmenu": menu}, frozenset())
    assert (kind, text, len(remarks)) == ("msgmenu", "请选：\n身份证\n护照", 1)


def test_an_authorisation_code_is_good_once_and_for_five_minutes(clock):
    consents = Consents(clock, 1)
    query = "appid=wx1&redirect_uri=https%3A%2F%2Fe.cn%2Fchat%3Fa%3D1&response_type=code&scope=snsapi_base&state=s1"
    address = consents.authorize(query, "wx1", "oA")
    assert address.startswith("https://e.cn/chat?a=1&code=")
    assert address.endswith("&state=s1")
    code = address.split("code=")[1].split("&")[0]
    assert consents.exchange(code) == ("oA", "snsapi_base")
    assert code_of(consents.exchange, code) == 40163
    assert code_of(consents.exchange, "") == 41008
    late = consents.authorize(query, "wx1", "oA").split("code=")[1].split("&")[0]
    clock.advance(301)
    assert code_of(consents.exchange, late) == 40029


@pytest.mark.parametrize(
    "query",
    [
        "redirect_uri=https%3A%2F%2Fe.cn&appid=wx1&response_type=code&scope=snsapi_base&state=s",
        "appid=wx1&redirect_uri=https%3A%2F%2Fe.cn&scope=snsapi_base&response_type=code",
        "appid=wx2&redirect_uri=https%3A%2F%2Fe.cn&response_type=code&scope=snsapi_base&state=s",
        "appid=wx1&redirect_uri=https%3A%2F%2Fother.cn&response_type=code&scope=snsapi_base&state=s",
        "appid=wx1&redirect_uri=https%3A%2F%2Fe.cn&response_type=code&scope=all&state=s",
        "appid=wx1&redirect_uri=https%3A%2F%2Fe.cn&response_type=code&scope=snsapi_base&state=a-b",
        "appid=wx1",
    ],
)
def test_a_wrong_authorisation_link_shows_an_error_page(clock, query):
    consents = Consents(clock, 1)
    consents.domain = "e.cn"
    with pytest.raises(PageRefused):
        consents.authorize(query, "wx1", "oA")


def test_disorder_is_the_same_for_the_same_seed():
    disorder = Disorder(duplicated=0.5, delayed=0.5, lost=0.5)
    draws = [disorder.draw("s", number) for number in range(200)]
    assert draws == [disorder.draw("s", number) for number in range(200)]
    assert 60 < sum(draw.again is not None for draw in draws) < 140
    assert Disorder().draw("s", 1).delay == 0


def test_the_account_comes_from_the_gateway_s_variables():
    names = ("TOKEN", "APP_ID", "AES_KEY", "APP_SECRET", "ORIGINAL_ID")
    sample = Account()
    values = (sample.token, sample.app_id, sample.aes_key, sample.secret, sample.original_id)
    environment = {f"QINWEN_WECHAT_{name}": value for name, value in zip(names, values, strict=True)}
    assert read_account(environment) == sample
    assert read_account(environment, mode="plaintext").mode == "plaintext"
    with pytest.raises(AccountWrong, match="QINWEN_WECHAT_TOKEN"):
        read_account({**environment, "QINWEN_WECHAT_TOKEN": ""})
    with pytest.raises(AccountWrong, match="43"):
        read_account({**environment, "QINWEN_WECHAT_AES_KEY": "short"})
    with pytest.raises(AccountWrong, match="明文"):
        read_account(environment, kind="sandbox")
