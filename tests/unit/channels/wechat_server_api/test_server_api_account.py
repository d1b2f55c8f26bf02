"""The account's menu, QR codes, web login, and the words of `qinwen wechat …`."""

from dataclasses import replace

import pytest

from channels.wechat.data_files import keys
from channels.wechat.menu import FILE, MenuInvalid, read_menu, write_menu
from channels.wechat.oauth import OpenId
from channels.wechat.server_api import (
    CallFailed,
    CommandFailed,
    ContentRefused,
    LoginRefused,
    WechatClient,
    check,
    create_menu,
    delete_menu,
    make_qr_code,
    show_menu,
)
from channels.wechat.server_api.qr_codes import create_qr_code
from channels.wechat.server_api.transport import NoAnswer, NotConnected
from tests.unit.channels.wechat_server_api.wechat_stand_in import APP_ID, OPENID, SECRET, TOKEN, json_answer, refusal

CREATE, SHOW, DELETE, QR, LOGIN = (
    "/cgi-bin/menu/create", "/cgi-bin/menu/get", "/cgi-bin/menu/delete", "/cgi-bin/qrcode/create", "/sns/oauth2/access_token",
)  # fmt: skip
CODE = "081nYx0w3AbCdEf"


@pytest.fixture
def account(settings):
    return replace(settings, wechat_app_id=APP_ID, wechat_app_secret=SECRET, public_url="https://12345.example.gov.cn")


@pytest.fixture
def client(account, token_database, wechat, monkeypatch):
    async def sleep(_):
        pass

    made = WechatClient(account, token_database, wechat)
    monkeypatch.setattr(made.api, "_sleep", sleep)
    return made


# The menu's file


def test_the_menu_we_ship_is_valid_with_and_without_a_public_address():
    menu = read_menu(keys().menu)
    assert len(write_menu(menu, "https://x.example")["button"]) == 3
    assert "view" not in str(write_menu(menu, ""))


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("", "格式"),
        ("buttons: []", "1 到 3"),
        ("buttons: [" + "{name: 一, key: K}," * 4 + "]", "1 到 3"),
        ("buttons: [{name: 一, buttons: [" + "{name: 二, key: K}," * 6 + "]}]", "最多 5"),
        ("buttons: [{name: 办事问答呢呀, key: K}]", "16 字节"),
        ("buttons: [{name: 一, buttons: [{name: " + "字" * 21 + ", key: K}]}]", "60 字节"),
        ("buttons: [{name: '', key: K}]", "字节"),
        ("buttons: [{name: ' 一', key: K}]", "空格"),
        ("buttons: [{name: 一}]", "只能写一个"),
        ("buttons: [{name: 一, key: K, page: /}]", "只能写一个"),
        ("buttons: [{name: 一, key: UNKNOWN}]", "keys.yml"),
        ("buttons: [{name: 一, key: " + "K" * 129 + "}]", "128"),
        ("buttons: [{name: 一, page: https://evil.example}]", "/"),
        ("buttons: [{name: 一, buttons: [{name: 二, buttons: [{name: 三, key: K}]}]}]", "二级"),
        ("buttons: [{name: 一, colour: red}]", "格式"),
        ("buttons: {", "格式"),
    ],
)
def test_a_menu_that_breaks_a_rule_is_refused_with_the_rule(tmp_path, text, about):
    file = tmp_path / "menu.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MenuInvalid) as caught:
        read_menu({"K"}, file)
    assert about in caught.value.message


def test_limits_count_bytes_and_are_kept_exactly(tmp_path):
    file = tmp_path / "menu.yml"
    file.write_text("buttons: [{name: 办事问答啊a, buttons: [{name: " + "字" * 20 + ", key: K}]}]", encoding="utf-8")
    assert read_menu({"K"}, file)


def test_a_menu_file_that_is_missing_or_no_text_is_refused(tmp_path):
    (tmp_path / "bad.yml").write_bytes(b"\xff\xfe")
    for name in ("none.yml", "bad.yml"):
        with pytest.raises(MenuInvalid):
            read_menu({"K"}, tmp_path / name)


def test_an_address_that_is_too_long_or_no_button_at_all_is_refused(tmp_path):
    file = tmp_path / "menu.yml"
    file.write_text("buttons: [{name: 一, page: /x}]", encoding="utf-8")
    menu = read_menu({"K"}, file)
    for public_url in ("https://x.example/" + "x" * 1024, ""):
        with pytest.raises(MenuInvalid):
            write_menu(menu, public_url)


def test_the_menu_we_ship_explains_itself():
    assert FILE.read_text(encoding="utf-8").startswith("# ")


# Commands


async def test_the_menu_is_created_and_drawn(client, account, wechat):
    words = await create_menu(client, account)
    assert wechat.bodies(CREATE) == [write_menu(read_menu(keys().menu), account.public_url)]
    assert "· 转人工" in words
    assert "没有设" not in words


async def test_without_a_public_address_what_was_left_out_is_said(client, account, wechat):
    words = await create_menu(client, replace(account, public_url=""))
    assert "打开网页版" in words
    assert "view" not in str(wechat.bodies(CREATE))


@pytest.mark.parametrize("code", [40018, 45009, 48001, 40054])
async def test_a_refused_menu_is_explained(client, account, wechat, code):
    wechat.always[CREATE] = refusal(code)
    with pytest.raises(CommandFailed) as caught:
        await create_menu(client, account)
    assert str(code) in caught.value.message
    assert "消息先存着" not in caught.value.message


async def test_the_menu_is_shown_and_deleted(client, wechat):
    buttons = [{"name": "办事", "sub_button": [{"type": "click", "name": "你能办什么", "key": "ASK_GUIDE", "sub_button": []}]}]
    wechat.next[SHOW] = [json_answer(menu={"button": buttons}), refusal(46003), json_answer(menu=5), refusal(48001)]
    assert "    · 你能办什么  → ASK_GUIDE" in (await show_menu(client)).splitlines()
    assert "没有菜单" in await show_menu(client)
    assert await show_menu(client)
    with pytest.raises(CommandFailed):
        await show_menu(client)
    assert "删掉" in await delete_menu(client)
    assert wechat.count(DELETE) == 1


async def test_a_qr_code_is_made_for_a_scene_that_we_know(client, wechat):
    wechat.always[QR] = json_answer(ticket="gQ+/==", url="http://weixin.example/q/1")
    words = await make_qr_code(client, "hall_guide")
    assert wechat.bodies(QR) == [{"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "hall_guide"}}}]
    assert "ticket=gQ%2B%2F%3D%3D" in words
    assert "永久" in words
    with pytest.raises(ContentRefused):
        await make_qr_code(client, "../../evil")
    wechat.always[QR] = refusal(45009)
    with pytest.raises(CommandFailed):
        await make_qr_code(client, "hall_guide")


async def test_a_receipt_s_qr_code_works_as_long_as_its_binding_code(client, wechat):
    wechat.always[QR] = json_answer(ticket="t", url="http://weixin.example/q/2", expire_seconds=2592000)
    assert "绑定码 AB2CD3EF4G" in await make_qr_code(client, "bind_AB2CD3EF4G")
    scene = {"scene_str": "bind_AB2CD3EF4G"}
    assert wechat.bodies(QR) == [{"expire_seconds": 2592000, "action_name": "QR_STR_SCENE", "action_info": {"scene": scene}}]


@pytest.mark.parametrize(("scene", "seconds"), [("", 0), ("x" * 65, 0), ("a b", 0), ("场景", 0), ("a", -1), ("a", 2592001)])
async def test_a_bad_scene_or_time_is_refused(client, wechat, scene, seconds):
    with pytest.raises(ContentRefused):
        await create_qr_code(client.api, scene, seconds)
    assert wechat.requests == []


async def test_a_code_for_some_days_says_so(client, wechat):
    wechat.always[QR] = json_answer(ticket="t", url="u", expire_seconds=604800)
    code = await create_qr_code(client.api, "hall", 604800)
    assert wechat.bodies(QR)[0]["expire_seconds"] == code.seconds == 604800


async def test_check_says_that_all_is_well(client, account, wechat):
    wechat.always["/cgi-bin/getcallbackip"] = json_answer(ip_list=["203.0.113.1", "203.0.113.0/24"])
    wechat.next[SHOW] = [refusal(46003)]
    words = await check(client, account)
    assert "2 个地址" in words
    assert "✗" not in words
    assert SECRET not in words
    assert "token-1" not in words


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        (refusal(40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist"), "203.0.113.9"),
        (refusal(40013), "QINWEN_WECHAT_APP_ID"),
        (refusal(40125), "QINWEN_WECHAT_APP_SECRET"),
        (refusal(40001), "QINWEN_WECHAT_APP_SECRET"),
        (NotConnected("x"), "QINWEN_WECHAT_API_URL"),
        (NoAnswer("x"), "网络"),
        (refusal(50002), "处罚"),
    ],
    ids=str,
)
async def test_check_says_what_to_do(client, account, wechat, answer, about):
    wechat.always[TOKEN] = answer
    with pytest.raises(CommandFailed) as caught:
        await check(client, account)
    assert about in caught.value.message
    assert "✗" in caught.value.message
    assert SECRET not in caught.value.message


async def test_check_without_an_account_says_what_is_missing(client, settings, wechat):
    with pytest.raises(CommandFailed) as caught:
        await check(client, settings)
    assert "QINWEN_WECHAT_APP_SECRET" in caught.value.message
    assert wechat.requests == []


async def test_check_without_customer_messages_says_so(client, account):
    assert "来不及的答案" in await check(client, replace(account, wechat_customer_messages=False))


# Web login


async def test_a_code_becomes_an_openid(client, wechat):
    wechat.always[LOGIN] = json_answer(access_token="web", openid=OPENID, scope="snsapi_base")
    assert await client.exchange_oauth_code(CODE) == OpenId(OPENID)
    (request,) = wechat.requests
    assert dict(request.params) == {"appid": APP_ID, "secret": SECRET, "code": CODE, "grant_type": "authorization_code"}


async def test_a_made_up_user_of_a_snapshot_page_is_marked(client, wechat):
    wechat.always[LOGIN] = json_answer(openid=OPENID, is_snapshotuser=1)
    assert (await client.exchange_oauth_code(CODE)).snapshot


@pytest.mark.parametrize("code", [40029, 40163, 41008])
async def test_a_code_that_is_no_good_asks_the_citizen_to_open_the_page_again(client, wechat, code):
    wechat.always[LOGIN] = refusal(code)
    with pytest.raises(LoginRefused) as caught:
        await client.exchange_oauth_code(CODE)
    assert "重新打开" in caught.value.message


@pytest.mark.parametrize("code", ["", "x", "a b c d e f g", "081nYx0w3AbC&secret=x", "x" * 129, "登录凭证登录凭证"])
async def test_what_is_no_code_is_not_asked_about(client, wechat, code):
    with pytest.raises(LoginRefused):
        await client.exchange_oauth_code(code)
    assert wechat.requests == []


@pytest.mark.parametrize(
    "answer",
    [refusal(40125), refusal(-1), NotConnected("x"), NoAnswer("x"), json_answer(), json_answer(openid=5),
     json_answer(openid="a b"), refusal(40001)],
    ids=str,
)  # fmt: skip
async def test_any_other_failure_of_a_login_is_told_and_not_repeated(client, wechat, answer):
    wechat.always[LOGIN] = answer
    with pytest.raises(CallFailed):
        await client.exchange_oauth_code(CODE)
    assert len(wechat.requests) == 1


async def test_closing_gives_the_connections_back(client, wechat):
    await client.close()
    assert wechat.closed
    assert client.troubles() == ()
