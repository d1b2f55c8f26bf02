"""Whole turns about cases while the case system is broken in every way: words in time, nobody else held up, promises kept once.

The real hub, ledger, talk and client against the real reference backend; the bot says the same to everything.
"""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from conversations import CitizenMessage, Hub, Response, Unlimited
from conversations.models import Message
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from services_backend import Breaker, CaseState, CaseTalk, NoTryLimits, Teller
from services_backend.reference.faults import SWITCH, Fault
from tests.waiting import until
from web.case_side import CaseSide

# How quick it is stands in `bench/case_faults.py`; here a turn must only end, also on a busy machine.
pytestmark = pytest.mark.by_the_clock
WITHIN = 30.0
FAULTS = [Fault.SLOW, Fault.HANG, Fault.ERRORS, Fault.GARBAGE, Fault.DRIP, Fault.DOWN]


class Bot:
    """Answers every knowledge question."""

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        return Response(Outcome.ANSWERED, (Reply("text", f"答：{text}"),))


class Web:
    """What a `web` process makes of the parts, on a ledger that outlives it."""

    def __init__(self, database, backend):
        self.talk = CaseTalk(backend, database, "secret-of-the-tests", NoTryLimits())
        self.hub = Hub(database, Bot(), Unlimited(), 3600, cases=CaseSide(self.talk))
        self.teller = Teller(self.talk.room, self.hub)

    async def say(self, citizen, text):
        self.turns = getattr(self, "turns", 0) + 1
        finished = await self.hub.take(CitizenMessage(citizen, f"{id(self)}-{self.turns}-{text}", text))
        return finished.response

    @asynccontextmanager
    async def telling(self):
        task = asyncio.create_task(self.teller.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def start(ledger_database, connect):
    """Start a web process's parts; with a breaker that lets every call through, so that each fault itself is met."""

    def run(url=None, timeout=1.0):
        return Web(ledger_database, connect(url, timeout=timeout, breaker=Breaker(most_failures=1000)))

    return run


@pytest.fixture
async def bound(start, office):
    """A citizen who is bound by the code of a receipt and has asked once; gives a process, the citizen and a case."""
    patient = start(timeout=60)
    citizen = await patient.hub.open_citizen("webchat", "somebody")
    number, _ = office.find(CaseState.REVIEW)
    response = await patient.say(citizen, f"绑定码 {office.receipt_code(number)}")
    assert "绑定好了" in response.replies[0].text
    assert (await patient.say(citizen, f"查 {number}")).outcome is Outcome.CASE_STATUS
    return start(), citizen, number


def told(database):
    with database.session() as session:
        return list(
            session.scalars(select(Message.text).where(Message.author == "bot", Message.turn_id.is_(None)).order_by(Message.id))
        )


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_turn_has_words_in_time_and_nobody_else_waits(bound, server, fault):
    web, citizen, number = bound
    others = [await web.hub.open_citizen("webchat", f"other {each}") for each in range(8)]
    server.app[SWITCH].fault, server.app[SWITCH].seconds = fault, 30
    started = time.monotonic()
    asked = asyncio.create_task(web.say(citizen, f"查 {number}"))
    questions = [await web.say(other, "护照多少钱") for other in others]
    assert {response.outcome for response in questions} == {Outcome.ANSWERED}
    response = await asked
    assert time.monotonic() - started < WITHIN
    assert response.outcome is Outcome.CASE_STATUS
    assert "办件系统暂时连不上" in response.replies[0].text
    assert "审查中" in response.replies[0].text, "the last known state, with its time"
    for text in ("我的办件", "取消预约", "催办 " + number, "解除绑定"):
        started = time.monotonic()
        response = await web.say(citizen, text)
        assert time.monotonic() - started < WITHIN
        assert response.replies[0].text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.ERRORS, Fault.DOWN])
async def test_what_was_promised_is_told_once_after_recovery_also_by_another_process(
    bound, start, server, fault, ledger_database
):
    web, citizen, number = bound
    server.app[SWITCH].fault, server.app[SWITCH].seconds = fault, 30
    response = await web.say(citizen, f"查 {number}")
    assert "告诉您" in response.replies[0].text
    # The process is gone; two others come up while the case system is still broken, and then it is well again.
    first, second = start(), start()
    async with first.telling(), second.telling():
        await asyncio.sleep(0.3)
        assert told(ledger_database) == []
        server.app[SWITCH].fault = Fault.NONE
        await until(lambda: told(ledger_database))
        await asyncio.sleep(2.5)
    assert len(told(ledger_database)) == 1
    assert "最新情况" in told(ledger_database)[0]


async def test_a_case_system_that_is_not_there_at_all_is_said_at_once(start):
    web = start("http://127.0.0.1:1")
    citizen = await web.hub.open_citizen("webchat", "somebody")
    await web.say(citizen, "绑定身份")
    started = time.monotonic()
    response = await web.say(citizen, "绑定码 ABCDE FGH23")
    assert time.monotonic() - started < WITHIN
    assert response.outcome is Outcome.ERROR
    assert "没有办完" in response.replies[0].text


async def test_while_the_breaker_is_open_the_answer_comes_without_a_call(ledger_database, connect, server, office):
    web = Web(ledger_database, connect(breaker=Breaker(most_failures=2)))
    citizen = await web.hub.open_citizen("webchat", "somebody")
    server.app[SWITCH].fault = Fault.ERRORS
    for _ in range(3):
        assert (await web.say(citizen, "取消预约")).outcome is Outcome.ERROR
    calls = server.app[SWITCH]
    calls.fault, calls.seconds = Fault.HANG, 30
    response = await asyncio.wait_for(web.say(citizen, "取消预约"), WITHIN)
    assert "没有办完" in response.replies[0].text
