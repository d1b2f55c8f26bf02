"""The client of WeChat's server API over real connections: against a rude stand-in, against the simulated platform, and
with the token in each database that we promise to run on."""

import asyncio
import traceback
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from channels.wechat.models import WechatToken
from channels.wechat.server_api import (
    CallFailed,
    CommandFailed,
    ContentRefused,
    LoginRefused,
    Notice,
    WechatClient,
    check,
    create_menu,
    delete_menu,
    make_qr_code,
    show_menu,
)
from channels.wechat.server_api.transport import HttpTransport, NoAnswer, NotConnected, Request
from conversations import DeliveryFailed
from qinwen.database import Base, Database
from tests.wechat_platform import Account, Platform, Trouble, errcode

OPENID = "oAlice000000000000000000001"
TEXT = {"kind": "text", "text": '您好😀：带上"户口簿"\n即可'}
MENU = {
    "kind": "menu", "text": "您想办哪件？\n1. 补领\n2. 换领", "head": "您想办哪件？",
    "items": [{"id": "1", "content": "补领"}, {"id": "2", "content": "换领"}],
}  # fmt: skip
SEND = "message/custom/send"
# Not written where it is used: a traceback shows the source.
SECRET = "very-" + "secret"


# The transport


class Rude:
    """A server that answers as the path says."""

    def __init__(self):
        self.seen = []
        self.stop = asyncio.Event()

    async def answer(self, request):
        body = await request.read()
        self.seen.append((request.method, request.path, dict(request.query), request.content_type, body))
        what = request.path.strip("/")
        if what == "hang":
            await self.stop.wait()
        if what in {"drop", "hang"}:
            request.transport.abort()
        if what == "half":
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b'{"errcode"')
            request.transport.close()
            return response
        if what == "redirect":
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        if what == "big":
            return web.Response(body=b"x" * 5000)
        return web.Response(body=b'{"errcode":0}', content_type="text/plain")


@asynccontextmanager
async def serve(handler):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def rude():
    rude = Rude()
    async with serve(rude.answer) as rude.url:
        yield rude
        rude.stop.set()


@pytest.fixture
async def transport(rude):
    transport = HttpTransport(rude.url, seconds=0.8)
    yield transport
    await transport.close()


async def test_a_request_arrives_as_it_was_meant(transport, rude):
    answer = await transport.send(Request("POST", "/fine", {"access_token": "a+b&c=d"}, '{"字":1}'.encode()))
    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b'{"errcode":0}')
    assert rude.seen == [("POST", "/fine", {"access_token": "a+b&c=d"}, "application/json", '{"字":1}'.encode())]


def keeps_silent(error):
    """Neither what is printed of an error nor the errors behind it show the address."""
    assert SECRET not in "".join(traceback.format_exception(type(error), error, error.__traceback__))
    while error:
        assert SECRET not in repr(error) + repr(getattr(error, "__dict__", ""))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("path", ["/hang", "/drop", "/half"])
async def test_what_breaks_after_sending_may_have_arrived(transport, rude, path):
    with pytest.raises(NoAnswer) as caught:
        await transport.send(Request("POST", path, {"access_token": SECRET}, b"{}"))
    assert len(rude.seen) == 1, "never sent again"
    keeps_silent(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
async def test_without_a_connection_nothing_was_sent(host):
    transport = HttpTransport(f"http://{host}:{unused_port()}")
    with pytest.raises(NotConnected) as caught:
        await transport.send(Request("POST", "/x", {"access_token": SECRET}, b"{}"))
    await transport.close()
    keeps_silent(caught.value)


async def test_a_redirect_is_not_followed(transport, rude):
    assert (await transport.send(Request("GET", "/redirect", {"access_token": "secret"}))).status == 302
    assert len(rude.seen) == 1


@pytest.mark.parametrize(("largest", "complete"), [(4999, False), (5000, True), (6000, True)])
async def test_no_more_is_read_than_wanted(transport, largest, complete):
    answer = await transport.send(Request("GET", "/big", largest=largest))
    assert (len(answer.body), answer.complete) == (min(largest, 5000), complete)


# The simulated platform


@pytest.fixture
async def platform():
    async with Platform(Account()) as platform:
        platform.phone(OPENID)
        yield platform


@pytest.fixture
def make_client(settings, ledger_database):
    clients = []

    def make(platform, **changes):
        account = platform.account
        told = replace(
            settings,
            wechat_app_id=account.app_id,
            wechat_app_secret=account.secret,
            wechat_api_url=platform.api_url,
            public_url="https://12345.example.gov.cn",
            **changes,
        )
        client = WechatClient(told, ledger_database)
        clients.append(client)
        return client, told

    return make


@pytest.fixture
async def client(platform, make_client):
    client, _ = make_client(platform)
    yield client
    await client.close()


def calls(platform, name):
    return [call for call in platform.calls if call.name == name]


def open_window(platform):
    """The citizen wrote just now: five messages may be sent."""
    platform.quotas.open(OPENID, "message")


async def fails(client, part=TEXT):
    with pytest.raises(DeliveryFailed) as caught:
        await client.send_customer_message(OPENID, part)
    return caught.value.kind, caught.value.reason


async def test_messages_arrive_word_by_word(platform, client):
    open_window(platform)
    for part in (TEXT, MENU):
        await client.send_customer_message(OPENID, part)
    received = platform.phone(OPENID).received
    assert received[0].text == TEXT["text"]
    assert received[1].kind == "msgmenu"
    assert platform.remarks == []


async def test_when_the_quota_is_used_up_the_message_waits(platform, client):
    open_window(platform)
    for _ in range(5):
        await client.send_customer_message(OPENID, TEXT)
    assert await fails(client) == ("park", "45047")
    platform.phone(OPENID).follower = False
    assert await fails(client) == ("park", "45015")


async def test_fifty_messages_at_once_fetch_one_token_also_when_it_runs_out(platform, client):
    people = [f"oPerson{number:020}" for number in range(50)]
    for person in people:
        platform.phone(person)
        platform.quotas.open(person, "message")
    for issued, spoil in enumerate((platform.tokens.expire_all, platform.tokens.revoke_all, lambda: None), 1):
        await asyncio.gather(*(client.send_customer_message(person, TEXT) for person in people))
        assert len(calls(platform, "stable_token")) == issued
        spoil()
    assert {len(platform.phone(person).received) for person in people} == {3}


async def test_two_gateways_share_the_token(platform, make_client):
    clients = [make_client(platform)[0] for _ in range(2)]
    open_window(platform)
    for client in clients:
        await client.send_customer_message(OPENID, TEXT)
        await client.close()
    assert platform.tokens.issued == 1


@pytest.mark.parametrize(
    ("trouble", "kind", "reason"),
    [
        (Trouble("http", 502), "retry", "server_error"),
        (Trouble("html"), "unknown", "not_json"),
        (Trouble("broken_json"), "unknown", "not_json"),
        (Trouble("drop"), "unknown", "no_answer"),
        (Trouble("drop_after"), "unknown", "no_answer"),
        (errcode(-1), "retry", "-1"),
        (errcode(45011), "retry", "45011"),
        (errcode(43004), "give_up", "43004"),
        (errcode(40164), "park", "40164"),
    ],
    ids=str,
)
async def test_trouble_is_told_and_nothing_is_sent_twice(platform, client, trouble, kind, reason):
    open_window(platform)
    platform.troubles.next(SEND, trouble)
    assert await fails(client) == (kind, reason)
    assert len(calls(platform, SEND)) == 1


async def test_a_call_that_hangs_ends_and_is_not_repeated(platform, make_client, monkeypatch):
    client, told = make_client(platform)
    slow = WechatClient(told, client.api._tokens._store._database, HttpTransport(platform.api_url, seconds=1.0))
    open_window(platform)
    await client.send_customer_message(OPENID, TEXT)
    platform.troubles.next(SEND, Trouble("hang_after"))
    assert await fails(slow) == ("unknown", "no_answer")
    assert len(platform.phone(OPENID).received) == 2
    await client.close()
    await slow.close()


async def test_the_content_type_does_not_matter(platform, client):
    open_window(platform)
    platform.troubles.next(SEND, Trouble("text_plain"))
    await client.send_customer_message(OPENID, TEXT)


async def test_a_sandbox_account_gets_choices_as_text(make_client):
    async with Platform(Account(kind="sandbox", mode="plaintext")) as platform:
        platform.phone(OPENID)
        open_window(platform)
        client, _ = make_client(platform)
        await client.send_customer_message(OPENID, MENU)
        assert [bubble.text for bubble in platform.phone(OPENID).received] == [MENU["text"]]
        assert not await client.show_typing(OPENID)
        assert [state.reason for state in client.troubles()] == ["40200", "40200"]
        await client.close()


async def test_an_account_without_the_right_keeps_the_answers(make_client):
    async with Platform(Account(kind="unverified")) as platform:
        platform.phone(OPENID)
        client, _ = make_client(platform)
        assert await fails(client) == ("park", "48001")
        assert await fails(client) == ("park", "48001")
        assert len(calls(platform, SEND)) == 1
        await client.close()


async def test_the_commands_work_on_the_account(platform, make_client):
    client, told = make_client(platform)
    assert "没有菜单" in await show_menu(client)
    assert "还没有" in await check(client, told)
    assert "转人工" in await create_menu(client, told)
    assert "ASK_PERSON" in await show_menu(client)
    assert "✓ 菜单" in await check(client, told)
    assert "永久有效" in await make_qr_code(client, "hall_guide")
    assert "删掉" in await delete_menu(client)
    platform.allowed_ips = set()
    platform.tokens.revoke_all()
    with pytest.raises(CommandFailed) as caught:
        await check(client, told)
    assert "127.0.0.1" in caught.value.message
    assert told.wechat_app_secret not in caught.value.message
    await client.close()


async def test_a_wrong_secret_is_named(platform, make_client, ledger_database):
    client, told = make_client(platform)
    wrong = WechatClient(replace(told, wechat_app_secret="0" * 32), ledger_database)
    with pytest.raises(CommandFailed) as caught:
        await check(wrong, told)
    assert "QINWEN_WECHAT_APP_SECRET" in caught.value.message
    await client.close()
    await wrong.close()


async def test_pictures_and_voices_are_fetched_and_films_are_not(platform, client):
    phone = platform.phone(OPENID)
    pushes = [await phone.sends_image(held=True), await phone.sends_voice(held=True)]
    ids = [push.fields["MediaId"] for push in pushes]
    assert (await client.fetch_media(ids[0], "image")).type in {"png", "jpeg"}
    assert (await client.fetch_media(ids[1], "voice")).type == "amr"
    with pytest.raises(ContentRefused):
        await client.fetch_media(ids[1], "image")
    with pytest.raises(CallFailed) as caught:
        await client.fetch_media("unknown", "image")
    assert caught.value.reason == "40007"
    film = await phone.sends_video(held=True)
    with pytest.raises(CallFailed):
        await client.fetch_media(film.fields["MediaId"], "image")


async def test_a_notice_needs_the_citizen_s_consent(platform, client):
    platform.templates["T1"] = ("thing1", "phrase2")
    notice = Notice("T1", {"thing1": "身份证补领", "phrase2": "已办结"})
    with pytest.raises(DeliveryFailed) as caught:
        await client.send_notice(OPENID, notice)
    assert (caught.value.kind, caught.value.reason) == ("give_up", "43101")
    platform.phone(OPENID).consents["T1"] = 1
    await client.send_notice(OPENID, notice)
    for _ in range(2):
        await client.send_notice(OPENID, notice, client_id="d-1")
    assert [bubble.kind for bubble in platform.phone(OPENID).received] == ["notice", "notice"]


async def test_a_login_code_works_once(platform, client):
    query = (
        f"appid={platform.account.app_id}&redirect_uri=https%3A%2F%2Fx.example%2F&response_type=code&scope=snsapi_base&state=1"
    )
    address = platform.consents.authorize(query, platform.account.app_id, OPENID)
    code = address.split("code=")[1].split("&")[0]
    assert (await client.exchange_oauth_code(code)).openid == OPENID
    for used in (code, "0" * 32):
        with pytest.raises(LoginRefused):
            await client.exchange_oauth_code(used)


# The token in a real database


async def test_the_token_has_one_owner_on_every_database(platform, make_client, database_url):
    _, told = make_client(platform)
    databases = [Database(database_url) for _ in range(3)]
    Base.metadata.create_all(databases[0].engine, tables=[WechatToken.__table__])
    platform.menu.create({"button": [{"type": "click", "name": "一", "key": "K"}]})
    clients = [WechatClient(told, database) for database in databases]
    for issued in (1, 2):
        await asyncio.gather(*(client.api.call("menu_show") for client in clients for _ in range(8)))
        assert platform.tokens.issued == issued
        assert len(calls(platform, "stable_token")) == issued
        platform.tokens.expire_all()
    for client in clients:
        await client.close()
    for database in databases:
        database.close()
