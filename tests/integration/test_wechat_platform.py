"""The simulated platform against toy servers: an honest one built on another library, and faulty ones.

Where a test waits for the platform to hang up, its five seconds are scaled to one; elsewhere they stay, so that a busy
machine fails nothing.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.wechat_platform import Account, Delivery, Disorder, Platform, Trouble, Window, errcode
from tests.wechat_platform.envelopes import write_xml
from tests.wechat_platform.plays import play, read_play
from tests.wechat_platform.remote import ActRefused, Remote

wechatpy = pytest.importorskip("wechatpy")
wechatpy_crypto = pytest.importorskip("wechatpy.crypto")
wechatpy_utils = pytest.importorskip("wechatpy.utils")

pytestmark = pytest.mark.by_the_clock
OPENID = "oAlice000000000000000000001"
SCALE = 0.2
ROOT = Path(__file__).parents[2]


class Toy:
    """A developer's server: remembers every request, and answers each with `answer(toy, request, body)`."""

    def __init__(self, answer, account):
        self.answer = answer
        self.account = account
        self.requests = []
        self.port = free_port()
        self.runner = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/wechat"

    async def start(self):
        app = web.Application()
        app.router.add_post("/wechat", self._post)
        app.router.add_get("/wechat", self._get)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()
        return self

    async def stop(self):
        if self.runner:
            await self.runner.cleanup()

    async def _get(self, request):
        wechatpy_utils.check_signature(
            self.account.token, *(request.query[name] for name in ("signature", "timestamp", "nonce"))
        )
        return web.Response(text=request.query["echostr"])

    async def _post(self, request):
        body = await request.read()
        self.requests.append((dict(request.query), body))
        given = await self.answer(self, request, body)
        return given if isinstance(given, web.StreamResponse) else web.Response(body=given)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def open_message(toy, request, body):
    """Open and parse a push with wechatpy."""
    text, query, account = body.decode(), request.query, toy.account
    crypto = None
    if query.get("encrypt_type") == "aes":
        crypto = wechatpy_crypto.WeChatCrypto(account.token, account.aes_key, account.app_id)
        text = crypto.decrypt_message(text, query["msg_signature"], query["timestamp"], query["nonce"])
    return wechatpy.parse_message(text), crypto


async def honest(toy, request, body):
    """Answer every message with what it was, and events with a greeting."""
    message, crypto = open_message(toy, request, body)
    words = {"text": getattr(message, "content", ""), "event": getattr(message, "event", "")}.get(message.type, message.type)
    xml = wechatpy.create_reply(f"收到：{words}", message).render()
    return crypto.encrypt_message(xml, request.query["nonce"], request.query["timestamp"]) if crypto else xml


@pytest.fixture
async def make():
    """Make a platform and its toy servers; all stop at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def build(*answers, mode="secure", **given):
            account = given.pop("account", None) or Account(mode=mode)
            toys = [await Toy(answer, account).start() for answer in answers]
            for toy in toys:
                stack.push_async_callback(toy.stop)
            return await stack.enter_async_context(Platform(account, [toy.url for toy in toys], **given)), *toys

        yield build


@pytest.fixture
async def api():
    """A caller of the server API, with a token where there is a platform to get it from."""
    async with aiohttp.ClientSession() as session:

        async def call(platform, path, shape=None, *, raw=None, token=None, **query):
            if token is None and not path.startswith(("cgi-bin/token", "cgi-bin/stable_token", "sns/")):
                token = platform.tokens.stable()[0]
            params = {**query, **({"access_token": token} if token else {})}
            method = "GET" if shape is None and raw is None else "POST"
            body = raw if raw is not None else (aiohttp.JsonPayload(shape, dumps=dumps) if shape is not None else None)
            timeout = aiohttp.ClientTimeout(total=1)
            async with session.request(
                method, f"{platform.api_url}/{path}", params=params, data=body, timeout=timeout
            ) as answer:
                return await answer.json(content_type=None)

        yield call


def dumps(shape):
    return json.dumps(shape, ensure_ascii=False)


def text_for(openid, content="您好"):
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


SEND = "cgi-bin/message/custom/send"


@pytest.mark.parametrize("mode", ["plaintext", "compatible", "secure"])
async def test_an_honest_server_answers_everything_in_every_mode(make, mode):
    platform, toy = await make(honest, mode=mode)
    phone = platform.phone(OPENID)
    assert await platform.courier.verify(toy.url) is None
    await phone.follows("desk-1")
    await phone.says("身份证丢了 👨‍👩‍👧")
    await phone.sends_voice("要多少钱")
    await phone.sends_image()
    await phone.sends_video()
    await phone.sends_location(34.25, 108.94, "西安市碑林区")
    await phone.sends_link("标题", "https://example.com/")
    await phone.taps("guides")
    await phone.scans("desk-2")
    await phone.unfollows()
    assert phone.faults == []
    assert [bubble.text for bubble in phone.received][:3] == [
        "收到：subscribe_scan",
        "收到：身份证丢了 👨‍👩‍👧",
        "收到：voice",
    ]
    assert [bubble.attempt for bubble in phone.received] == [1] * (len(phone.sent) - 1)  # all but the leaving
    assert (b"Encrypt" in toy.requests[0][1]) is (mode != "plaintext")
    assert (b"<FromUserName>" in toy.requests[0][1]) is (mode != "secure")


async def test_a_citizen_s_text_that_breaks_the_other_library_s_reply_is_a_fault_here(make):
    platform, toy = await make(honest, mode="plaintext")
    push = await platform.phone(OPENID).says("一 ]]> 二")
    assert "一 ]]> 二" in ET.fromstring(toy.requests[0][1].decode()).findtext("Content")
    assert push.fault.reason == "not_xml"  # it writes the words into CDATA as they are


async def test_a_push_carries_what_the_platform_sends(make):
    platform, toy = await make(honest, mode="plaintext")
    phone = platform.phone(OPENID)
    await phone.sends_location(34.25, 108.94, "西安")
    await phone.says("好")
    query, body = toy.requests[0]
    assert set(query) == {"signature", "timestamp", "nonce", "openid"}
    assert query["openid"] == OPENID
    assert abs(int(query["timestamp"]) - time.time()) < 60
    assert b"<Location_X>34.25</Location_X><Location_Y>108.94</Location_Y>" in body
    assert phone.pushes[1].fields["MsgId"] > phone.pushes[0].fields["MsgId"]


async def test_a_slow_server_is_asked_three_times_with_the_same_id_and_signature(make):
    async def slow(toy, request, body):
        await asyncio.sleep(30)
        return b""

    platform, toy = await make(slow, time_scale=SCALE)
    phone = platform.phone(OPENID)
    push = await phone.says("在吗")
    assert len({(query["signature"], query["timestamp"], query["nonce"], body) for query, body in toy.requests}) == 1
    assert [(attempt.number, attempt.result) for attempt in push.attempts] == [(1, "timeout"), (2, "timeout"), (3, "timeout")]
    assert push.attempts[1].started - push.attempts[0].started >= 5 * SCALE - 0.05
    assert phone.received == []
    assert [(fault.reason, fault.shown) for fault in phone.faults] == [("timeout", True)]


async def test_an_answer_to_a_closed_connection_does_not_count_and_the_retry_s_does(make):
    async def slow_once(toy, request, body):
        if len(toy.requests) == 1:
            await asyncio.sleep(5 * SCALE * 1.3)
        return await honest(toy, request, body)

    platform, _ = await make(slow_once, time_scale=SCALE)
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    assert [(bubble.text, bubble.attempt) for bubble in phone.received] == [("收到：在吗", 2)]


async def test_a_dead_server_is_tried_again_and_may_come_back(make):
    platform, toy = await make(honest, time_scale=SCALE)
    await toy.stop()
    phone = platform.phone(OPENID)
    saying = asyncio.create_task(phone.says("在吗"))
    await asyncio.sleep(5 * SCALE / 3)
    await toy.start()
    push = await saying
    assert [attempt.result for attempt in push.attempts] == ["refused", "reply"]
    await toy.stop()
    await phone.says("还在吗")
    assert phone.faults[0].reason == "refused"


async def test_two_servers_are_used_in_turn_or_by_seeded_chance(make):
    platform, one, two = await make(honest, honest, delivery=Delivery(spacing=0))
    for number in range(4):
        await platform.phone(OPENID).says(str(number))
    assert (len(one.requests), len(two.requests)) == (2, 2)
    await one.stop()
    push = await platform.phone(OPENID).says("第一台坏了")
    assert [attempt.result for attempt in push.attempts][-1] == "reply"

    platform, one, two = await make(honest, honest, delivery=Delivery("random"))
    for number in range(12):
        await platform.phone(OPENID).says(str(number))
    assert len(one.requests) + len(two.requests) == 12
    assert min(len(one.requests), len(two.requests)) > 0


def answering(given):
    async def answer(toy, request, body):
        return given(toy, request) if callable(given) else given

    return answer


def swapped_wrongly(toy, request):
    fields = {
        "ToUserName": toy.account.original_id,
        "FromUserName": OPENID,
        "CreateTime": 1,
        "MsgType": "text",
        "Content": "好",
    }
    return write_xml(fields).encode()


def drop(toy, request):
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("given", "reason", "attempts"),
    [
        (b'{"text":"hello"}', "json", 1),
        (b"<html><body>502</body></html>", "wrong_root", 1),
        (b"Success", "not_xml", 1),
        (swapped_wrongly, "wrong_to", 1),
        (lambda toy, request: web.Response(status=500), "http_status", 3),
        (lambda toy, request: web.Response(status=302, headers={"Location": "/wechat"}), "http_status", 3),
        (drop, "broken", 3),
    ],
    ids=["json", "html", "nearly-success", "not-swapped", "500", "redirect", "dropped"],
)
async def test_a_faulty_server_s_citizen_sees_the_banner(make, given, reason, attempts):
    platform, _ = await make(answering(given), mode="plaintext", delivery=Delivery(spacing=0))
    phone = platform.phone(OPENID)
    push = await phone.says("在吗")
    assert (push.fault.reason, push.fault.shown, len(push.attempts)) == (reason, True, attempts)
    assert phone.received == []


async def test_a_server_that_answers_in_clear_in_secure_mode_is_at_fault(make):
    platform, _ = await make(answering(swapped_wrongly))
    assert (await platform.phone(OPENID).says("在吗")).fault.reason == "clear_in_secure"


async def test_a_server_that_cannot_verify_is_told_so(make):
    platform, toy = await make(honest, account=Account(token="another"))
    assert await platform.courier.verify(toy.url.replace("wechat", "nothing")) == "HTTP 状态是 404"
    assert "连不上" in await platform.courier.verify(f"http://127.0.0.1:{free_port()}/")


async def test_a_push_delivered_again_shows_one_reply(make):
    platform, toy = await make(honest)
    phone = platform.phone(OPENID)
    push = await phone.says("在吗")
    await phone.says_again_same_id()
    assert toy.requests[0] == toy.requests[1]
    assert len(phone.received) == 1
    assert [bubble.text for bubble in push.repeats] == ["收到：在吗"]


async def test_retries_may_be_encrypted_afresh(make):
    platform, toy = await make(honest, delivery=Delivery(spacing=0, new_cipher=True))
    phone = platform.phone(OPENID)
    push = await phone.says("在吗", held=True)
    await phone.deliver(push, lose=1)
    (first, first_body), (second, second_body) = toy.requests
    assert first["signature"] == second["signature"]
    assert first_body != second_body
    assert [(attempt.number, attempt.result) for attempt in push.attempts] == [(1, "timeout"), (2, "reply")]


async def test_held_pushes_are_delivered_in_any_order(make):
    platform, _ = await make(honest)
    phone = platform.phone(OPENID)
    one, two = await phone.says("一", held=True), await phone.says("二", held=True)
    assert phone.received == []
    await phone.deliver(two)
    await phone.deliver(one)
    assert [bubble.text for bubble in phone.received] == ["收到：二", "收到：一"]
    assert [sent.text for sent in phone.sent] == ["一", "二"]


async def test_disorder_duplicates_delays_and_loses_but_every_message_is_answered_once(make):
    platform, toy = await make(
        honest, disorder=Disorder(duplicated=0.4, delayed=0.4, lost=0.2, longest=1.0), seed=7, time_scale=SCALE
    )
    phones = [platform.phone(f"oCitizen{number}") for number in range(4)]
    await asyncio.gather(*(phone.says(str(number)) for phone in phones for number in range(5)))
    await platform.settle()
    assert len(toy.requests) > 20
    for phone in phones:
        assert sorted(bubble.text for bubble in phone.received) == [f"收到：{number}" for number in range(5)]


async def test_the_same_seed_gives_the_same_ids(make):
    async def run():
        platform, _ = await make(honest, seed=5)
        phone = platform.phone(OPENID)
        await phone.says("一")
        await phone.sends_image()
        return [(push.id, push.nonce, push.fields.get("MediaId")) for push in phone.pushes]

    assert await run() == await run()


async def test_a_customer_message_reaches_the_phone_within_window_and_quota(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 45015
    await phone.says("在吗")
    for number in range(5):
        assert (await api(platform, SEND, text_for(OPENID, f"第{number}条")))["errcode"] == 0
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 45047
    assert [(bubble.text, bubble.way) for bubble in phone.received] == [(f"第{number}条", "customer") for number in range(5)]
    platform.quotas.windows = {**platform.quotas.windows, "message": Window(48 * 3600, 20)}
    await phone.says("还有")
    assert platform.quotas.left(OPENID) == 20
    platform.clock.advance(48 * 3600 + 1)
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 45015
    assert [call.code for call in platform.calls if call.name == "message/custom/send"] == [45015, 0, 0, 0, 0, 0, 45047, 45015]


async def test_custom_send_is_as_strict_as_the_platform(make, api):
    platform, _ = await make(answering(b"success"))
    await platform.phone(OPENID).says("在吗")
    escaped = b'{"touser":"%s","msgtype":"text","text":{"content":"\\u4f60"}}' % OPENID.encode()
    wanted = [
        (b"", 44002), (b"{", 47001), (b"[]", 47001), (escaped, 40033), ("{}".encode("utf-16"), 47001),
        (dumps(text_for("oNobody")).encode(), 40003), (dumps(text_for(OPENID, "字" * 683)).encode(), 45002),
    ]  # fmt: skip
    for raw, code in wanted:
        assert (await api(platform, SEND, raw=raw))["errcode"] == code
    assert (await api(platform, SEND, text_for(OPENID), token="nonsense"))["errcode"] == 40014
    await platform.phone(OPENID).unfollows()
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 45015


@pytest.mark.parametrize(("kind", "code"), [("unverified", 48001), ("sandbox", 40200)])
async def test_rights_depend_on_the_account(make, api, kind, code):
    mode = "plaintext" if kind == "sandbox" else "secure"
    platform, _ = await make(answering(b"success"), account=Account(mode=mode, kind=kind))
    await platform.phone(OPENID).says("在吗")
    menu = {"head_content": "选", "list": [{"id": "1", "content": "甲"}]}
    assert (await api(platform, SEND, {"touser": OPENID, "msgtype": "msgmenu", "msgmenu": menu}))["errcode"] == code


async def test_a_choice_in_a_menu_comes_back_with_its_id(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    items = [{"id": "101", "content": "身份证"}, {"id": "b", "content": "护照"}]
    menu = {"head_content": "选一项：", "list": items, "tail_content": ""}
    assert (await api(platform, SEND, {"touser": OPENID, "msgtype": "msgmenu", "msgmenu": menu}))["errcode"] == 0
    assert (await phone.chooses(1)).fields["bizmsgmenuid"] == "101"
    assert (await phone.chooses(2)).fields["bizmsgmenuid"] == "0"
    assert len(platform.remarks) == 1


async def test_typing_is_shown_until_a_message_comes(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    typing = "cgi-bin/message/custom/typing"
    assert (await api(platform, typing, {"touser": OPENID, "command": "Typing"}))["errcode"] == 45080
    await phone.says("在吗")
    assert (await api(platform, typing, {"touser": OPENID, "command": "Typing"}))["errcode"] == 0
    assert (await api(platform, typing, {"touser": OPENID, "command": "Typing"}))["errcode"] == 45081
    assert (await api(platform, typing, {"touser": OPENID, "command": "Dance"}))["errcode"] == 45072
    await api(platform, SEND, text_for(OPENID))
    assert not phone.is_typing


async def test_tokens_are_issued_checked_and_expire(make, api):
    platform, _ = await make(answering(b"success"))
    account = platform.account
    owner = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    given = await api(platform, "cgi-bin/stable_token", owner)
    assert given["expires_in"] > 7000
    classic = await api(platform, "cgi-bin/token", **owner)
    assert classic["access_token"] != given["access_token"]
    for change, code in [({"secret": "x"}, 40125), ({"appid": "x"}, 40013), ({"grant_type": "x"}, 40002)]:
        assert (await api(platform, "cgi-bin/stable_token", {**owner, **change}))["errcode"] == code
    platform.allowed_ips = {"203.0.113.9"}
    refused = await api(platform, "cgi-bin/stable_token", owner)
    assert refused["errcode"] == 40164
    assert "127.0.0.1" in refused["errmsg"]
    assert "ip_list" in await api(platform, "cgi-bin/getcallbackip", token=given["access_token"])
    platform.tokens.expire_all()
    assert (await api(platform, "cgi-bin/getcallbackip", token=given["access_token"]))["errcode"] == 42001


async def test_a_withheld_answer_may_hide_a_delivered_message(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    for kind, delivered in [("hang", 0), ("hang_after", 1), ("drop", 1), ("drop_after", 2)]:
        platform.troubles.next("message/custom/send", Trouble(kind))
        with pytest.raises((asyncio.TimeoutError, aiohttp.ClientError)):
            await api(platform, SEND, text_for(OPENID))
        assert len(phone.received) == delivered


async def test_scripted_troubles_come_as_ordered(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    platform.troubles.next("message/custom/send", errcode(-1), times=2)
    assert [(await api(platform, SEND, text_for(OPENID)))["errcode"] for _ in range(3)] == [-1, -1, 0]
    platform.troubles.for_citizen(OPENID, errcode(43004))
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 43004
    platform.troubles.clear()
    platform.troubles.next("message/custom/send", Trouble("text_plain"))
    assert (await api(platform, SEND, text_for(OPENID)))["errcode"] == 0
    for kind in ("http", "html", "broken_json"):
        platform.troubles.next("message/custom/send", Trouble(kind, 502))
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            await api(platform, SEND, text_for(OPENID))
    assert len(phone.received) == 2


async def test_notices_need_consent_or_a_follower_and_report_back(make, api):
    platform, toy = await make(answering(b"success"))
    platform.templates["T1"] = ("thing1", "time2")
    phone = platform.phone(OPENID)
    notice = {"touser": OPENID, "template_id": "T1", "data": {"thing1": {"value": "身份证"}, "time2": {"value": "今天"}}}
    bizsend, template = "cgi-bin/message/subscribe/bizsend", "cgi-bin/message/template/send"
    assert (await api(platform, bizsend, notice))["errcode"] == 43101
    await phone.consents_to("T1")
    assert (await api(platform, bizsend, {**notice, "template_id": "T2"}))["errcode"] == 40037
    assert (await api(platform, bizsend, {**notice, "data": {}}))["errcode"] == 47003
    assert (await api(platform, bizsend, notice))["errcode"] == 0
    assert (await api(platform, bizsend, notice))["errcode"] == 43101
    once = {**notice, "client_msg_id": "c1"}
    first, second = await api(platform, template, once), await api(platform, template, once)
    assert first["msgid"] == second["msgid"]
    phone.follower = False
    assert (await api(platform, template, notice))["errcode"] == 43004
    await platform.settle()
    assert [bubble.way for bubble in phone.received] == ["notice", "notice"]
    assert len(toy.requests) == 3
    assert phone.pushes[-1].fields["Event"] == "TEMPLATESENDJOBFINISH"


async def test_media_go_both_ways_and_end_after_three_days(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    media_id = (await phone.sends_image()).fields["MediaId"]
    token = platform.tokens.stable()[0]
    address = f"{platform.api_url}/cgi-bin/media"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{address}/get", params={"access_token": token, "media_id": media_id}) as answer:
            assert answer.content_type == "image/png"
            picture = await answer.read()
        form = aiohttp.FormData()
        form.add_field("media", picture, filename="a.png", content_type="image/png")
        async with session.post(f"{address}/upload", params={"access_token": token, "type": "image"}, data=form) as answer:
            uploaded = await answer.json()
    shape = {"touser": OPENID, "msgtype": "image", "image": {"media_id": uploaded["media_id"]}}
    assert (await api(platform, SEND, shape))["errcode"] == 0
    platform.clock.advance(3 * 86400 + 1)
    assert (await api(platform, "cgi-bin/media/get", media_id=media_id))["errcode"] == 40007


async def test_menu_scene_and_authorisation(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    buttons = [{"type": "click", "name": "办事", "key": "guides"}, {"type": "view", "name": "网页", "url": "https://e.cn/"}]
    assert (await api(platform, "cgi-bin/menu/create", {"button": buttons}))["errcode"] == 0
    assert (await api(platform, "cgi-bin/menu/get"))["menu"]["button"] == buttons
    assert (await phone.taps("办事")).fields["EventKey"] == "guides"
    assert (await phone.taps("网页")).fields["Event"] == "VIEW"
    assert (await api(platform, "cgi-bin/menu/delete"))["errcode"] == 0
    scene = {"action_name": "QR_STR_SCENE", "expire_seconds": 600, "action_info": {"scene": {"scene_str": "desk-1"}}}
    ticket = (await api(platform, "cgi-bin/qrcode/create", scene))["ticket"]
    phone.follower = False
    assert (await phone.scans("desk-1")).fields["EventKey"] == "qrscene_desk-1"
    assert (await phone.scans("desk-1")).fields["Ticket"] == ticket
    query = f"appid={platform.account.app_id}&redirect_uri=http%3A%2F%2Fe.cn%2F&response_type=code&scope=snsapi_base&state=s"
    async with aiohttp.ClientSession(
        cookies={"simulator_openid": OPENID}, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as session:
        address = f"{platform.api_url}/connect/oauth2/authorize?{query}"
        async with session.get(address, allow_redirects=False) as answer:
            code = answer.headers["Location"].split("code=")[1].split("&")[0]
    owner = {"appid": platform.account.app_id, "secret": platform.account.secret, "grant_type": "authorization_code"}
    assert (await api(platform, "sns/oauth2/access_token", code=code, **owner))["openid"] == OPENID
    assert (await api(platform, "sns/oauth2/access_token", code=code, **owner))["errcode"] == 40163


async def test_messages_to_a_desk_of_the_platform_do_not_reach_the_server(make):
    platform, toy = await make(honest)
    phone = platform.phone(OPENID)
    phone.desk = "kf1@gh"
    await phone.says("人工在吗")
    await phone.goes_through("kf_close_session", KfAccount="kf1@gh", CloseType="KF")
    assert len(toy.requests) == 1


async def test_waiting_for_a_phone_ends_when_it_is_true_or_the_time_is_up(make, api):
    platform, _ = await make(answering(b"success"))
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    waiting = asyncio.create_task(phone.wait_for(1, within=5))
    await api(platform, SEND, text_for(OPENID))
    assert len(await waiting) == 1
    assert not await phone.wait_until(lambda screen: len(screen.received) > 1, within=0.05)


async def test_who_has_left_sees_no_reply(make):
    platform, _ = await make(honest)
    push = await platform.phone(OPENID).unfollows()
    assert push.reply.text == "收到：unsubscribe"
    assert platform.phone(OPENID).received == []


@pytest.fixture
async def remote(make):
    platform, _ = await make(honest, control=True)
    async with Remote(platform.api_url) as remote:
        yield remote


async def test_the_control_interface_acts_and_shows_the_phone(remote):
    assert (await remote.act("say", OPENID, text="在吗"))["reply"]["text"] == "收到：在吗"
    await remote.act("again", OPENID)
    for name, given in [
        ("voice", {}),
        ("image", {}),
        ("location", {"lat": 34, "lon": 108}),
        ("tap", {"menu": "k"}),
        ("unfollow", {}),
    ]:
        assert (await remote.act(name, OPENID, **given))["fault"] is None
    phone = await remote.phone(OPENID)
    assert [one["type"] for one in phone["timeline"]].count("sent") == 6
    assert not phone["follower"]
    assert (await remote.phone(OPENID, phone["next"]))["timeline"] == []
    for name, given in [("dance", {}), ("say", {}), ("choose", {"number": 1}), ("location", {"lat": "x", "lon": 1})]:
        with pytest.raises(ActRefused):
            await remote.act(name, OPENID, **given)


async def test_the_control_interface_orders_troubles_and_expires_tokens(make, api):
    platform, _ = await make(answering(b"success"), control=True)
    await platform.phone(OPENID).says("在吗")
    token = platform.tokens.stable()[0]
    order = {"kind": "errcode", "code": 45011, "openid": OPENID}
    async with aiohttp.ClientSession(platform.api_url) as session:
        assert (await session.post("/simulator/trouble", json=order)).status == 200
        assert (await session.post("/simulator/trouble", json={"kind": "sunshine"})).status == 400
        assert [(await api(platform, SEND, text_for(OPENID)))["errcode"] for _ in range(2)] == [45011, 0]
        assert (await session.post("/simulator/tokens/expire")).status == 200
        assert (await api(platform, SEND, text_for(OPENID), token=token))["errcode"] == 42001
        calls = (await (await session.get("/simulator/calls")).json())["calls"]
    assert [call["code"] for call in calls] == [45011, 0, 42001]


async def test_a_second_delivery_that_fails_is_no_fault(make):
    platform, toy = await make(honest, delivery=Delivery(spacing=0))
    phone = platform.phone(OPENID)
    await phone.says("在吗")
    await toy.stop()
    push = await phone.says_again_same_id()
    assert [attempt.result for attempt in push.attempts] == ["reply", "refused", "refused", "refused"]
    assert phone.faults == []


async def test_a_script_is_played_and_says_what_did_not_come(remote, tmp_path, capsys):
    path = tmp_path / "play.yml"
    steps = "steps:\n- say: 在吗\n  expect: 收到\n- say: 好\n  expect: 没有的话\n  within: 0.1\n"
    path.write_text(f"title: 试演\n{steps}", encoding="utf-8")
    assert await play(remote, read_play(path), OPENID) == 1
    printed = capsys.readouterr().out
    assert "市民 ▷ 在吗" in printed
    assert "秦问 ◁ 收到：在吗　〔被动回复，第 1 次〕" in printed
    assert "没有等到：没有的话" in printed


async def test_the_command_serves_until_it_is_told_to_stop():
    account, port = Account(), free_port()
    names = {"TOKEN": account.token, "APP_ID": account.app_id, "AES_KEY": account.aes_key, "APP_SECRET": account.secret}
    names["ORIGINAL_ID"] = account.original_id
    environment = {**os.environ, **{f"QINWEN_WECHAT_{name}": value for name, value in names.items()}}
    toy = await Toy(honest, account).start()
    command = [
        sys.executable,
        "-m",
        "tests.wechat_platform",
        "serve",
        "--port",
        str(port),
        "--gateway",
        toy.url,
        "--mode",
        "secure",
    ]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT, stdout=pipe)
    try:
        assert "运行" in (await process.stdout.readline()).decode()
        assert "验证通过" in (await process.stdout.readline()).decode()
        async with Remote(f"http://127.0.0.1:{port}") as remote:
            assert (await remote.act("say", OPENID, text="在吗"))["reply"]["way"] == "passive"
    finally:
        process.terminate()
        code = await process.wait()
        await toy.stop()
    assert code == 0
