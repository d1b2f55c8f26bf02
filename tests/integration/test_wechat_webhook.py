"""The WeChat webhook over real HTTP with the real hub: the attack list, all three modes against wechatpy, and bad moments."""

import asyncio
import dataclasses
import logging
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.wechat import WechatCarrier, words
from conversations import LedgerUnavailable, SessionUnknown, TokenBuckets
from conversations.ledger import open_citizen
from qinwen.settings import load_settings
from web.faults import translate_errors
from web.headers import secure_headers
from web.wechat import make_wechat_routes
from web.wechat_metrics import CLOCK_SKEW

pytest.importorskip("wechatpy", reason="wechatpy is not installed")

from wechatpy import parse_message
from wechatpy.replies import deserialize_reply

from tests.integration import wechat_attacks as attacks
from tests.integration.wechat_attacks import NOW, text
from tests.integration.wechat_side import Platform, send
from tests.waiting import until

pytestmark = pytest.mark.by_the_clock
ROWS = 48
MODES = ["plain", "compatible", "secure"]


class Server(TestServer):
    """Runs handlers as `manage.py` does: they go on when the client hangs up, and no access log names what was asked."""

    __test__ = False

    async def _make_runner(self, **options):
        return await super()._make_runner(**{**options, "handler_cancellation": False, "access_log": None})


class Sent:
    """Takes what is pushed."""

    def __init__(self):
        self.parts = []

    async def send_customer_message(self, openid, part):
        self.parts.append((openid, part))


class SpyHub:
    """The real hub, remembering what it was given; told to, it fails or waits."""

    def __init__(self, hub):
        self.hub = hub
        self.received = {}
        self.confirmed = []
        self.withdrawn = []
        self.seconds = []
        self.error = None
        self.before_answer = None

    def require_room(self):
        self.hub.require_room()

    async def open_citizen(self, channel, address):
        if self.error:
            raise self.error
        return await self.hub.open_citizen(channel, address)

    async def find_citizen(self, channel, address):
        return await self.hub.find_citizen(channel, address)

    async def alias_citizen(self, citizen, channel, address):
        await self.hub.alias_citizen(citizen, channel, address)

    async def receive(self, message, channel):
        self.received[message.citizen, message.message_id] = message
        return await self.hub.receive(message, channel)

    async def answer_within(self, received, seconds):
        self.seconds.append(seconds)
        if self.before_answer:
            await self.before_answer()
        return await self.hub.answer_within(received, seconds)

    async def confirm(self, received):
        self.confirmed.append(received.turn)
        await self.hub.confirm(received)

    async def withdraw(self, received, offer):
        self.withdrawn.append(received.turn)
        await self.hub.withdraw(received, offer)

    async def forget(self, citizen):
        await self.hub.forget(citizen)

    @property
    def prepared(self):
        return [message for message in self.received.values() if message.prepared]


@pytest.fixture
def sender():
    return Sent()


@pytest.fixture
def spy(make_hub, sender):
    return SpyHub(make_hub(carriers={"wechat": WechatCarrier(sender)}))


@pytest.fixture
def serve(aiohttp_client, settings, spy):
    """Start the webhook in a mode; the clock stands at the time of the test vectors."""

    async def start(mode="plain", now=float(NOW), hub=None, exchange=None, note=None, **changes):
        account = {
            "QINWEN_VAR": str(settings.var),
            "QINWEN_ENCODER": "none",
            "QINWEN_WECHAT_MODE": mode,
            "QINWEN_WECHAT_TOKEN": attacks.TOKEN,
            "QINWEN_WECHAT_APP_ID": attacks.APP_ID,
            "QINWEN_WECHAT_ORIGINAL_ID": "gh_1",
            "QINWEN_WECHAT_AES_KEY": attacks.AES_KEY,
            "QINWEN_WECHAT_APP_SECRET": "s" * 32,
            **changes,
        }
        own = load_settings(account, secrets_needed=False)
        if "QINWEN_WECHAT_BUDGET" not in changes:  # then it is not what is tested, and a busy machine may need longer
            own = dataclasses.replace(own, wechat_budget=60.0)
        app = web.Application(middlewares=[secure_headers, translate_errors])
        app.router.add_routes(make_wechat_routes(own, hub or spy, exchange, note, lambda: now))
        return await aiohttp_client(Server(app))

    return start


def reply_of(answer, mode="plain"):
    assert answer.status == 200, answer
    return deserialize_reply(Platform(mode).open(answer))


async def asked(responder):
    await until(lambda: responder.asked)


async def tell(client, xml, mode="plain", nonce="n", **more):
    query, body = Platform(mode).push(xml, nonce, **more)
    return await send(client, query, body)


def test_every_row_of_the_attack_list_has_its_test():
    assert {attack.row for attack in attacks.ATTACKS} | set(attacks.ELSEWHERE) == set(range(1, ROWS + 1))
    root = Path(__file__).parents[2]
    named = {place for place in attacks.ELSEWHERE.values() if place.startswith("tests/")}
    assert [place for place in named if not (root / place).exists()] == []


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: f"{attack.row}-{attack.about}".replace(" ", "-"))
async def test_each_attack_gets_its_right_answer(attack, serve, spy, responder):
    client = await serve(attack.mode)
    body = attack.body if isinstance(attack.body, bytes) else attack.body.encode()
    body *= attack.repeat
    signature = attacks_signature()
    answers = []
    for _ in range(attack.times):
        if attack.query is None and attack.method == "POST" and not isinstance(attack.body, bytes):
            query, sent = Platform(attack.mode).push(attack.body, created=NOW - attack.drift)
        elif attack.query is None:
            query, sent = Platform("plain").push("", created=NOW - attack.drift)[0], body
        else:
            query, sent = attack.query, body
        for name, value in (("{signature}", signature), ("{SIGNATURE}", signature.upper()), ("{short}", signature[:-1])):
            query = query.replace(name, value)
        answers.append(await send(client, query + attack.extra, sent, attack.method, attack.headers, attack.raw_length))
    for answer in answers:
        assert answer.status == attack.status
        if answer.status == 200 and answer.body:
            assert answer.headers["x-content-type-options"] == "nosniff"
        if attack.answer is None and attack.status == 200:
            reply = ET.fromstring(Platform(attack.mode).open(answer))
            assert reply.findtext("ToUserName") in ("oU1", "oU1")
            assert attack.says in reply.findtext("Content")
        elif attack.answer is not None:
            assert answer.body == attack.answer
    assert (len(responder.asked), len(spy.prepared)) == (attack.turns, attack.prepared)
    assert len(spy.received) == attack.turns + attack.prepared


def attacks_signature():
    query, _ = Platform("plain").push("")
    return query.partition("signature=")[2].partition("&")[0]


# Done-when 4: wechatpy as the platform, in all three modes.

MESSAGES = [
    text(message_id="101"),
    attacks.event("subscribe", "<EventKey></EventKey>"),
    attacks.other("<MsgType>location</MsgType><Location_X>34.34</Location_X><Location_Y>108.94</Location_Y><Scale>15</Scale>"
                  "<Label>西安市</Label><MsgId>102</MsgId>"),
    attacks.other("<MsgType>voice</MsgType><MediaId>m</MediaId><Format>amr</Format><Recognition>护照多少钱</Recognition>"
                  "<MsgId>103</MsgId>"),
    attacks.event("CLICK", "<EventKey>ASK_GUIDE</EventKey>"),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
async def test_wechatpy_can_talk_to_us_and_read_our_answers(mode, serve):
    client = await serve(mode)
    for number, xml in enumerate(MESSAGES):
        sent = parse_message(xml)
        reply = reply_of(await tell(client, xml, mode, f"n{number}"), mode)
        assert reply.type == "text"
        assert reply.content
        assert (reply.target, reply.source) == (sent.source, sent.target)


@pytest.mark.parametrize("mode", MODES)
async def test_the_address_is_verified_in_every_mode(mode, serve):
    client = await serve(mode)
    query, _ = Platform("plain").push("")
    answer = await send(client, f"{query}&echostr=437512094", b"", "GET")
    assert (answer.status, answer.body) == (200, "437512094")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_while_the_key_is_changed_the_old_one_still_opens(serve):
    client = await serve("secure", QINWEN_WECHAT_AES_KEY="B" * 43, QINWEN_WECHAT_PREVIOUS_AES_KEY=attacks.AES_KEY)
    for key in (attacks.AES_KEY, "B" * 43):
        platform = Platform("secure", key)
        query, body = platform.push(text(message_id=key[:1]))
        assert "答:护照多少钱" in platform.open(await send(client, query, body))


# Rows 12, 26, 27, 28.


async def test_in_plain_mode_a_seen_signature_with_another_body_is_forged(serve, responder):
    client = await serve()
    assert (await tell(client, text())).status == 200
    assert (await tell(client, text("伪造的", message_id="2"))).status == 403
    assert (await tell(client, text())).status == 200, "a retry of the true one is taken"
    assert responder.asked == ["护照多少钱"]


async def test_the_same_id_of_two_citizens_is_two_messages(serve, responder):
    client = await serve("secure")
    for openid in ("oU1", "oU2"):
        reply = reply_of(await tell(client, text(message_id="7", openid=openid), "secure"), "secure")
        assert reply.target == openid
    assert len(responder.asked) == 2


async def test_several_messages_within_a_second_are_answered_each_and_in_order(serve, spy, responder):
    client = await serve("secure")
    said = [f"第{number}问" for number in range(8)]
    answers = await asyncio.gather(*(tell(client, text(word, message_id=word[1]), "secure") for word in said))
    assert all(answer.status == 200 for answer in answers)
    await until(lambda: len(responder.asked) == len(said))  # on a busy machine some are answered after their request
    assert sorted(responder.asked) == said
    assert responder.asked == [message.text for message in spy.received.values()]
    assert responder.most_running == 1


async def test_who_sends_too_fast_hears_it_once_and_is_then_left_alone(serve, make_hub, sender, responder):
    hub = SpyHub(make_hub(limiter=TokenBuckets(2, lambda: 0.0), carriers={"wechat": WechatCarrier(sender)}))
    client = await serve("secure", hub=hub)
    answers = [await tell(client, text(f"问{n}", message_id=str(n)), "secure") for n in range(5)]
    assert reply_of(answers[2], "secure").content == words().slow_down
    assert [answer.body for answer in answers[3:]] == ["success", "success"]
    assert len(responder.asked) == 2


async def test_beyond_what_it_can_carry_the_hub_says_that_it_is_busy(serve, make_hub, sender, responder):
    responder.hold = {"慢": asyncio.Event()}
    hub = SpyHub(make_hub(carriers={"wechat": WechatCarrier(sender)}, most_turns=1))
    client = await serve("secure", hub=hub, QINWEN_WECHAT_BUDGET="0.5")
    first = asyncio.create_task(tell(client, text("慢", message_id="1"), "secure"))
    await asked(responder)
    busy = reply_of(await tell(client, text("快", message_id="2", openid="oU2"), "secure"), "secure")
    assert "顾不过来" in busy.content
    assert (await tell(client, text("慢", message_id="1"), "secure")).body == "success", "who was taken is not turned away"
    responder.hold["慢"].set()
    await first
    assert len(sender.parts) + len(hub.confirmed) <= 1


# Rows 34, 35, 36: whatever goes wrong, one answer.


async def test_an_answer_in_time_goes_back_and_is_confirmed(serve, spy):
    client = await serve(QINWEN_WECHAT_BUDGET="4")
    await tell(client, text())
    assert len(spy.confirmed) == 1
    assert 0 < spy.seconds[0] <= 4.0


async def test_an_answer_that_is_late_is_acknowledged_and_comes_by_the_other_way(serve, spy, responder):
    responder.hold = {"慢": asyncio.Event()}
    client = await serve(QINWEN_WECHAT_BUDGET="0.2")
    answer = await tell(client, text("慢"))
    assert (answer.status, answer.body) == (200, "success")
    assert spy.confirmed == []
    responder.hold["慢"].set()
    await spy.hub.drain()
    assert len(responder.asked) == 1


async def test_a_retry_while_the_turn_runs_gets_the_same_answer(serve, responder):
    responder.hold = {"慢": asyncio.Event()}
    client = await serve()
    first, retry = (asyncio.create_task(tell(client, text("慢"))) for _ in range(2))
    await asked(responder)
    responder.hold["慢"].set()
    answers = [await first, await retry]
    assert len(responder.asked) == 1
    assert {reply_of(answer).content for answer in answers} == {"答:慢"}


async def test_a_platform_that_hung_up_gets_its_answer_pushed(serve, spy, responder):
    responder.hold = {"慢": asyncio.Event()}
    client = await serve()
    query, body = Platform("plain").push(text("慢"))
    task = asyncio.create_task(send(client, query, body))
    await asked(responder)
    task.cancel()
    await asyncio.sleep(0.1)
    responder.hold["慢"].set()
    await until(lambda: spy.withdrawn)
    assert (len(spy.withdrawn), spy.confirmed) == (1, [])


@pytest.mark.parametrize("error", [LedgerUnavailable("系统现在记不下您的话。"), RuntimeError("broken")])
async def test_a_message_that_could_not_be_taken_is_said_so_at_once(serve, spy, responder, error):
    spy.error = error
    reply = reply_of(await tell(await serve(), text()))
    assert reply.content in ("系统现在记不下您的话。", words().broken)
    assert responder.asked == []


async def test_a_fault_after_a_message_was_taken_is_only_acknowledged(serve, spy, responder):
    async def fail():
        raise LedgerUnavailable("记不下。")

    spy.before_answer = fail
    answer = await tell(await serve(), text())
    assert answer.body == "success"
    await spy.hub.drain()
    assert responder.asked == ["护照多少钱"]


async def test_a_responder_that_fails_still_gives_the_citizen_words(serve, responder):
    responder.error = RuntimeError("no engine")
    assert "12345" in reply_of(await tell(await serve(), text())).content


# Rows 38, 46 and the platform's reports.


async def test_a_citizen_who_leaves_is_forgotten_and_may_come_back(serve, spy, ledger_database):
    client = await serve("secure")
    await tell(client, text(message_id="1"), "secure")
    for _ in range(2):
        assert (await tell(client, attacks.event("unsubscribe"), "secure")).body == "success"
    with pytest.raises(SessionUnknown):
        await spy.hub.find_citizen("wechat", "oU1")
    assert reply_of(await tell(client, text("我回来了", message_id="2"), "secure"), "secure").content == "答:我回来了"
    with ledger_database.session() as session:
        assert open_citizen(session, "wechat", "oU1")


async def test_a_leaving_that_cannot_be_recorded_is_told_again(serve, spy):
    async def fail(channel, address):
        raise LedgerUnavailable("记不下。")

    spy.find_citizen = fail
    assert (await tell(await serve("secure"), attacks.event("unsubscribe"), "secure")).status == 503


async def test_what_the_platform_reports_is_handed_on_and_never_starts_a_turn(serve, spy):
    noted = []

    async def note(event):
        noted.append(event.event)
        raise RuntimeError("whoever listens may fail")

    client = await serve("secure", note=note)
    for name in ("kf_create_session", "kf_close_session", "TEMPLATESENDJOBFINISH", "subscribe_msg_sent_event"):
        assert (await tell(client, attacks.event(name), "secure")).body == "success"
    assert noted == ["kf_create_session", "kf_close_session", "templatesendjobfinish", "subscribe_msg_sent_event"]
    assert spy.received == {}


# Rows 43, 48.


async def test_nothing_private_and_no_second_line_reaches_the_log(serve, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    client = await serve("secure")
    await tell(client, text(attacks.PRIVATE), "secure")
    query, body = Platform("secure").push(text())
    await send(client, query.replace("msg_signature=", "msg_signature=0"), body)
    logged = "\n".join(record.getMessage() for record in caplog.records) + capsys.readouterr().out
    assert "reason=msg_signature" in logged.replace("'", "")
    for secret in ("11010519491231002X", "13800138000", "oU1", attacks.TOKEN, attacks.AES_KEY, "护照", "timestamp=", "gh_1"):
        assert secret not in logged


async def test_a_wrong_clock_shows_and_need_not_stop_the_service(serve):
    strict = await serve("secure", now=NOW + 660.0)
    assert (await tell(strict, text(), "secure")).status == 403
    assert CLOCK_SKEW.collect()[0].samples[0].value == 660
    lenient = await serve("secure", now=NOW + 660.0, QINWEN_WECHAT_WINDOW="0")
    assert (await tell(lenient, text(), "secure")).status == 200


async def test_without_the_channel_there_is_no_address(settings, spy):
    assert dataclasses.replace(settings).wechat_mode == "off"
    assert make_wechat_routes(settings, spy) == []
