import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from conversations import (
    Allowance,
    CitizenMessage,
    Courier,
    DeliveryFailed,
    DeliveryUnknown,
    Merged,
    Response,
    TooBusy,
    count_deliveries,
    deliveries,
    give_up_delivery,
    list_deliveries,
    requeue_delivery,
)
from conversations.models import Citizen, Delivery, Message, Turn
from conversations.pace import Pace
from qinwen.clock import now
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome
from tests.waiting import PATIENCE, until

ALLOWED = Allowance(5, 3600)


class SlowPace(Pace):
    """Five turns a second."""

    def wait_behind(self, turns):
        return turns * 0.2


class FakeCarrier:
    """Carries each reply as a part; merges up to three; keeps what it pushed; fails as told."""

    channel = "wechat"

    def __init__(self):
        self.pushes = True
        self.notifies = False
        self.sent = []
        self.notified = []
        self.failures = []

    def make_parts(self, response):
        return tuple({"text": reply.text} for reply in response.replies)

    def merge(self, parts):
        taken = parts[:3]
        return Merged({"text": "|".join(part["text"] for part in taken)}, len(taken))

    async def notify(self, address, part):
        if self.failures:
            raise self.failures.pop(0)
        self.notified.append((address, part["notice"]))

    async def send(self, address, part):
        await asyncio.sleep(0)
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or failure.kind == "unknown":
            self.sent.append((address, part["text"]))
        if failure:
            raise failure


@pytest.fixture
def carrier():
    return FakeCarrier()


@pytest.fixture
def hub(make_hub, carrier):
    return make_hub(carriers={"wechat": carrier})


@pytest.fixture
async def person(hub):
    return await hub.open_citizen("wechat", "openid")


@pytest.fixture
async def courier(hub):
    task = asyncio.create_task(Courier(hub).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def say(hub, person):
    async def send(text, message_id=None, allowance=ALLOWED, prepared=None):
        return await hub.receive(CitizenMessage(person, message_id or text, text, prepared, allowance), "wechat")

    return send


def states(database):
    with database.session() as session:
        return [(d.state, d.way, d.reason) for d in session.scalars(select(Delivery).order_by(Delivery.id))]


def change(database, model, **values):
    with database.session() as session:
        session.execute(update(model).values(**values))


async def test_an_answer_in_time_goes_back_with_the_request(hub, say, carrier, ledger_database):
    received = await say("护照")
    assert (await hub.answer_within(received, PATIENCE)).part == {"text": "答:护照"}
    assert states(ledger_database) == [("offered", None, None)]
    await hub.confirm(received)
    assert states(ledger_database) == [("sent", "reply", None)]
    assert carrier.sent == []


async def test_a_late_answer_is_pushed_once(hub, say, responder, carrier, courier, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    assert (await hub.answer_within(received, 0.05)).part is None
    responder.hold["慢"].set()
    await until(lambda: states(ledger_database) == [("sent", "push", None)])
    assert carrier.sent == [("openid", "答:慢")]
    assert (await hub.answer_within(await say("慢"), 0.05)).part is None, "a repeated request does not bring it again"
    assert carrier.sent == [("openid", "答:慢")]


async def test_a_repeated_request_waits_for_the_same_answer(hub, say, responder, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    first, again = await say("慢"), await say("慢")
    waiting = asyncio.create_task(hub.answer_within(again, PATIENCE))
    await asyncio.sleep(0.05)
    responder.hold["慢"].set()
    assert (await waiting).part == (await hub.answer_within(first, PATIENCE)).part == {"text": "答:慢"}
    assert responder.asked == ["慢"]


async def test_a_repeated_request_after_a_lost_answer_gets_it_from_the_ledger(hub, say, make_hub, carrier, responder):
    first = (await hub.answer_within(await say("护照"), PATIENCE)).part
    restarted = make_hub(carriers={"wechat": carrier})
    citizen = await restarted.open_citizen("wechat", "openid")
    again = await restarted.receive(CitizenMessage(citizen, "护照", "护照"), "wechat")
    assert (await restarted.answer_within(again, PATIENCE)).part == first
    assert responder.asked == ["护照"]


async def test_a_deferred_answer_goes_back_with_a_repeated_request_when_it_was_not_pushed_yet(hub, say, responder, carrier):
    responder.hold["慢"] = asyncio.Event()
    assert (await hub.answer_within(await say("慢"), 0.05)).part is None
    responder.hold["慢"].set()
    again = await say("慢")
    assert (await hub.answer_within(again, PATIENCE)).part == {"text": "答:慢"}
    assert carrier.sent == []


async def test_the_rest_of_a_long_answer_is_pushed_after_its_first_part(hub, say, carrier, courier, ledger_database):
    long = Response(Outcome.ANSWERED, tuple(Reply("text", str(n)) for n in range(5)))
    received = await say("长", prepared=long)
    assert (await hub.answer_within(received, PATIENCE)).part == {"text": "0|1|2"}
    await asyncio.sleep(0.1)
    assert carrier.sent == [], "nothing overtakes the reply"
    await hub.confirm(received)
    hub.courier_wake.set()
    await until(lambda: len(carrier.sent) == 2)
    assert [text for _, text in carrier.sent] == ["3", "4"]


async def test_answers_keep_their_order_when_the_first_is_late(hub, say, responder, carrier, courier):
    responder.hold["慢"] = asyncio.Event()
    slow, quick = await say("慢"), await say("快")
    assert (await hub.answer_within(slow, 0.05)).part is None
    waiting = asyncio.create_task(hub.answer_within(quick, PATIENCE))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    responder.hold["慢"].set()
    assert (await waiting).part == {"text": "答:快"}
    assert [text for _, text in carrier.sent] == ["答:慢"]


async def test_without_an_allowance_an_answer_is_parked_and_comes_with_the_next(hub, say, responder, courier, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    assert (await hub.answer_within(await say("慢", allowance=None), 0.05)).part is None
    responder.hold["慢"].set()
    await until(lambda: states(ledger_database) == [("parked", None, "allowance")])
    received = await say("快")
    assert (await hub.answer_within(received, PATIENCE)).part == {"text": "答:慢|答:快"}
    await hub.confirm(received)
    assert states(ledger_database) == [("sent", "reply", None)] * 2


async def test_an_allowance_is_used_up_and_renewed_by_the_next_message(hub, say, responder, carrier, courier, ledger_database):
    long = Response(Outcome.ANSWERED, tuple(Reply("text", str(n)) for n in range(4)))
    responder.hold["慢"] = asyncio.Event()
    slow = await say("慢", allowance=Allowance(1, 60))
    await say("长", prepared=long, allowance=Allowance(1, 60))
    assert (await hub.answer_within(slow, 0.01)).part is None
    await hub.answer_within(await say("长"), 0.01)
    responder.hold["慢"].set()
    await until(lambda: len(carrier.sent) == 1 and states(ledger_database)[-1][0] == "parked")
    assert [state for state, _, _ in states(ledger_database)] == ["sent", "parked", "parked", "parked", "parked"]


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [("park", "parked", "45015"), ("give_up", "given_up", "45015"), ("unknown", "parked", "unknown")],
)
async def test_a_failure_says_what_becomes_of_a_message(
    hub, say, responder, carrier, courier, ledger_database, kind, state, reason
):
    carrier.failures = [DeliveryFailed(kind, "45015", "超出可以发送的时间。")]
    responder.hold["慢"] = asyncio.Event()
    assert (await hub.answer_within(await say("慢"), 0.01)).part is None
    responder.hold["慢"].set()
    await until(lambda: states(ledger_database) == [(state, None, reason)])
    with ledger_database.session() as session:
        left = session.scalar(select(Citizen.push_left))
    assert left == (4 if kind == "unknown" else 5)


async def test_what_may_have_arrived_is_never_sent_again_by_itself(hub, say, responder, carrier, courier, ledger_database):
    carrier.failures = [DeliveryFailed("unknown", "timeout", "没有等到回音。")]
    responder.hold["慢"] = asyncio.Event()
    assert (await hub.answer_within(await say("慢"), 0.01)).part is None
    responder.hold["慢"].set()
    await until(lambda: states(ledger_database) == [("parked", None, "unknown")])
    assert (await hub.answer_within(await say("快"), PATIENCE)).part == {"text": "答:快"}
    assert [text for _, text in carrier.sent] == ["答:慢"]


async def test_a_message_that_did_not_go_out_is_tried_again_and_then_parked(hub, say, responder, carrier, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    assert (await hub.answer_within(await say("慢"), 0.01)).part is None
    responder.hold["慢"].set()
    await until(lambda: states(ledger_database) and states(ledger_database)[0][0] == "due")
    for attempt in range(deliveries.MAX_ATTEMPTS):
        change(ledger_database, Delivery, next_at=now())
        with ledger_database.session() as session:
            [parcel] = deliveries.take_due(session, "me", 5)
        assert parcel.attempts == attempt
        with ledger_database.session() as session:
            deliveries.finish_delivery(session, parcel, DeliveryFailed("retry", "-1", "系统繁忙。"))
    assert states(ledger_database) == [("parked", None, "-1")]


async def test_a_process_that_died_leaves_nothing_undecided(hub, say, responder, carrier, courier, ledger_database):
    offered = await say("护照")
    await hub.answer_within(offered, PATIENCE)
    change(ledger_database, Delivery, lease_until=now() - timedelta(seconds=1))
    await until(lambda: states(ledger_database) == [("parked", None, "unknown")])
    abandoned = await say("身份证")
    await abandoned.task
    with ledger_database.session() as session:
        session.execute(update(Delivery).where(Delivery.state == "waiting").values(lease_until=now() - timedelta(seconds=1)))
    await until(lambda: states(ledger_database)[1] == ("sent", "push", None))
    assert carrier.sent == [("openid", "答:身份证")]


async def test_a_turn_whose_process_died_is_taken_up_by_another(hub, say, responder, carrier, make_hub, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    assert (await hub.answer_within(received, 0.01)).part is None
    await until(lambda: responder.asked)
    received.task.cancel()
    await asyncio.gather(received.task, return_exceptions=True)
    change(ledger_database, Turn, lease_until=now() - timedelta(seconds=1))
    responder.hold["慢"].set()
    other = make_hub(carriers={"wechat": carrier})
    task = asyncio.create_task(Courier(other).run())
    await until(lambda: carrier.sent)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert carrier.sent == [("openid", "答:慢")]
    assert states(ledger_database) == [("sent", "push", None)]


async def test_an_offer_whose_connection_was_closed_is_pushed(hub, say, carrier, courier):
    received = await say("护照")
    await hub.withdraw(received, await hub.answer_within(received, PATIENCE))
    await until(lambda: carrier.sent == [("openid", "答:护照")])


async def test_an_offer_that_the_platform_asked_for_again_is_not_taken_back(hub, say, carrier, courier, ledger_database):
    received = await say("护照")
    first, again = await hub.answer_within(received, PATIENCE), await hub.answer_within(received, PATIENCE)
    await hub.withdraw(received, first)
    assert states(ledger_database) == [("offered", None, None)], "the second request has it"
    await hub.confirm(received)
    assert states(ledger_database) == [("sent", "reply", None)]
    await hub.withdraw(received, again)
    assert (states(ledger_database), carrier.sent) == ([("sent", "reply", None)], [])


async def test_an_offer_that_both_requests_lost_is_pushed_once(hub, say, carrier, courier):
    received = await say("护照")
    first, again = await hub.answer_within(received, PATIENCE), await hub.answer_within(received, PATIENCE)
    await hub.withdraw(received, first)
    await hub.withdraw(received, again)
    await until(lambda: carrier.sent == [("openid", "答:护照")])


async def test_where_nothing_can_be_pushed_the_last_request_says_so_and_the_next_message_brings_the_answer(
    hub, say, responder, carrier, courier, monkeypatch
):
    carrier.pushes = False
    carrier.failures = [DeliveryFailed("park", "no_push", "这个账号不能主动发消息。")]
    monkeypatch.setattr("conversations.hub._LAST_ATTEMPT_AFTER", 0.0)
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    assert "还在查" in (await hub.answer_within(received, 0.01)).part["text"]
    responder.hold["慢"].set()
    await received.task
    await until(lambda: not carrier.failures)
    assert (await hub.answer_within(await say("好"), PATIENCE)).part == {"text": "答:慢|答:好"}


async def test_a_process_with_too_many_turns_says_that_it_is_busy(make_hub, carrier, responder):
    hub = make_hub(carriers={"wechat": carrier}, most_turns=1)
    first = await hub.open_citizen("wechat", "a")
    second = await hub.open_citizen("wechat", "b")
    responder.hold["慢"] = asyncio.Event()
    slow = await hub.receive(CitizenMessage(first, "1", "慢", None, ALLOWED), "wechat")
    await until(lambda: responder.asked)
    with pytest.raises(TooBusy, match="问的人特别多"):
        await hub.receive(CitizenMessage(second, "1", "快", None, ALLOWED), "wechat")
    assert (await hub.receive(CitizenMessage(first, "1", "慢", None, ALLOWED), "wechat")) is slow, (
        "a repeated one has its place"
    )
    responder.hold["慢"].set()
    await slow.task
    assert responder.asked == ["慢"]


async def test_a_number_answers_the_choices_that_were_offered_last(hub, say, responder):
    offered = Response(
        Outcome.CLARIFY, (Reply("choices", "哪一种？", (Choice("首次", "首次办理"), Choice("换证", "到期换证"))),)
    )
    await (await say("身份证", prepared=offered)).task
    await (await say("第２个")).task
    await (await say("2")).task
    assert responder.asked == ["到期换证", "2"], "the second number comes after an answer without choices"


async def test_erasing_a_citizen_leaves_no_word_and_sends_nothing_more(hub, say, responder, carrier, courier, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    assert (await hub.answer_within(received, 0.01)).part is None
    await until(lambda: responder.asked)
    await hub.forget(received.citizen)
    await hub.forget(received.citizen)
    responder.hold["慢"].set()
    await received.task
    with ledger_database.session() as session:
        assert {m.text for m in session.scalars(select(Message))} == {""}
        assert "openid" not in str([c.address for c in session.scalars(select(Citizen))])
    assert carrier.sent == []
    assert await hub.open_citizen("wechat", "openid") != received.citizen


async def test_an_alias_is_the_same_citizen(hub, person):
    await hub.alias_citizen(person, "webchat", "hash")
    assert await hub.find_citizen("webchat", "hash") == person
    assert await hub.open_citizen("webchat", "hash") == person


async def test_staff_see_the_deliveries_and_may_requeue_or_give_up_stuck_ones(hub, say, ledger_database):
    received = await say("护照")
    await hub.answer_within(received, PATIENCE)
    with ledger_database.session() as session:
        [row] = list_deliveries(session)
        assert (row.state, row.text, row.channel, row.turn) == ("offered", "答:护照", "wechat", received.turn)
        with pytest.raises(DeliveryUnknown):
            requeue_delivery(session, row.id)
        session.execute(update(Delivery).values(state="parked", reason="unknown"))
        requeue_delivery(session, row.id)
        assert list_deliveries(session, "due")[0].reason is None
        give_up_delivery(session, row.id)
        assert count_deliveries(session) == {"given_up": 1}
        assert list_deliveries(session, "due") == list_deliveries(session, citizen="x") == []
        assert list_deliveries(session, before=row.id) == []


async def test_whoever_would_wait_too_long_is_told_at_once_but_a_few_never_are(make_hub, carrier, responder, monkeypatch):
    hub = make_hub(carriers={"wechat": carrier}, longest_wait=3.0)
    monkeypatch.setattr(hub, "_pace", SlowPace())
    citizens = [await hub.open_citizen("wechat", f"citizen {number}") for number in range(17)]
    responder.hold["慢"] = asyncio.Event()
    taken = [await hub.receive(CitizenMessage(one, "1", "慢", None, ALLOWED), "wechat") for one in citizens[:16]]
    with pytest.raises(TooBusy, match="问的人特别多"):
        await hub.receive(CitizenMessage(citizens[16], "1", "慢", None, ALLOWED), "wechat")
    responder.hold["慢"].set()
    await asyncio.gather(*(one.task for one in taken))
    await hub.receive(CitizenMessage(citizens[16], "1", "慢", None, ALLOWED), "wechat")


async def test_who_can_not_be_pushed_to_is_notified_and_gets_the_words_when_they_write(
    hub, say, person, carrier, courier, ledger_database
):
    carrier.notifies = True
    first = await say("护照")
    await hub.answer_within(first, PATIENCE)
    await hub.confirm(first)
    change(ledger_database, Citizen, push_left=0)
    facts = {"item": "身份证换领", "state": "办结"}
    assert await hub.tell(person, Reply("text", "办好了"), lambda _: True, facts)
    await until(lambda: states(ledger_database)[1] == ("parked", None, "notified"))
    assert carrier.notified == [("openid", facts)]
    assert carrier.sent == []
    assert (await hub.answer_within(await say("好的"), PATIENCE)).part == {"text": "办好了|答:好的"}


async def test_who_did_not_consent_is_told_when_they_write(hub, say, person, carrier, courier, ledger_database):
    carrier.notifies, carrier.failures = True, [DeliveryFailed("park", "43101", "市民没有同意。")]
    first = await say("护照")
    await hub.answer_within(first, PATIENCE)
    await hub.confirm(first)
    change(ledger_database, Citizen, push_left=0)
    await hub.tell(person, Reply("text", "办好了"), lambda _: True, {"state": "办结"})
    await until(lambda: states(ledger_database)[1] == ("parked", None, "43101"))
    with ledger_database.session() as session:
        assert session.scalar(select(Citizen.push_left)) == 0
    assert (await hub.answer_within(await say("好的"), PATIENCE)).part == {"text": "办好了|答:好的"}


async def test_without_a_template_nobody_is_notified(hub, say, person, carrier, courier, ledger_database):
    first = await say("护照")
    await hub.answer_within(first, PATIENCE)
    await hub.confirm(first)
    change(ledger_database, Citizen, push_left=0)
    await hub.tell(person, Reply("text", "办好了"), lambda _: True, {"state": "办结"})
    await until(lambda: states(ledger_database)[1] == ("parked", None, "allowance"))
    assert carrier.notified == []
