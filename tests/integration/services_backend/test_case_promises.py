"""Turns while the case system hangs, fails, talks nonsense, drips or is gone, with the real hub, the real HTTP client and the
real reference server: words for each, nobody else held up, and what was promised told exactly once when it is back.
"""

import asyncio

import pytest

from conversations import CitizenMessage
from qinwen.vocabulary import Outcome
from services_backend import Breaker, CaseState, CaseTalk, Teller, TryLimits
from services_backend.reference.faults import SWITCH, Fault
from tests.conftest import FakeResponder
from web.case_side import CaseSide

pytestmark = pytest.mark.by_the_clock
FAULTS = [Fault.SLOW, Fault.HANG, Fault.ERRORS, Fault.GARBAGE, Fault.DRIP, Fault.DOWN]
# How quick it is stands in `bench/case_faults.py`; here a turn must only end while the case system hangs, also on a busy machine.
PATIENCE, PATIENT = 0.5, 60
WITHIN, HANGS = 30, 60


class Town:
    """Citizens before a hub whose cases live in the reference server."""

    def __init__(self, make_hub, database, connect, office):
        self._office, self._hub_of, self._database, self._connect = office, make_hub, database, connect
        self._said = 0
        self.teller = self.start(PATIENT)

    def start(self, patience):
        """Start what a `web` process runs: a client, a hub, a teller; an earlier one is gone with all it remembered."""
        self._backend = self._connect(timeout=patience, connect_timeout=patience, breaker=Breaker(rest=0))
        talk = CaseTalk(self._backend, self._database, "secret-of-the-tests", TryLimits())
        self.hub = self._hub_of(FakeResponder(), cases=CaseSide(talk))
        return Teller(talk.room, self.hub)

    async def say(self, citizen, text):
        self._said += 1
        message = CitizenMessage(citizen, f"said-{self._said}", text)
        return (await self.hub.take(message)).response

    async def bound(self, name, state=CaseState.REVIEW, position=0):
        """Give a citizen who is bound by a receipt's code and has seen the case, and its number."""
        citizen = await self.hub.open_citizen("webchat", name)
        number, _ = self._office.find(state, position)
        assert "绑定好了" in words(await self.say(citizen, f"绑定码 {self._office.receipt_code(number)}"))
        shown = await self.say(citizen, f"查 {number}")
        assert shown.outcome is Outcome.CASE_STATUS
        return citizen, number

    async def news(self, citizen):
        shapes = await self.hub.messages_after(citizen, 0)
        return [shape["reply"]["text"] for shape in shapes if shape["author"] == "bot" and shape["turn"] is None]


def words(response):
    return "\n".join(reply.text for reply in response.replies)


@pytest.fixture
def town(make_hub, ledger_database, connect, office):
    return Town(make_hub, ledger_database, connect, office)


@pytest.fixture
def spoil(server, town):
    """Break the case system, with a client of little patience; or mend it."""

    def set_fault(fault):
        server.app[SWITCH].fault, server.app[SWITCH].seconds = fault, HANGS
        town.teller = town.start(PATIENT if fault is Fault.NONE else PATIENCE)

    return set_fault


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_turn_has_words_whatever_the_case_system_does_and_holds_nobody_else_up(town, spoil, office, fault):
    citizen, number = await town.bound("one")
    other = await town.hub.open_citizen("webchat", "other")
    spoil(fault)
    slow = asyncio.create_task(asyncio.wait_for(town.say(citizen, f"查 {number}"), WITHIN))
    await asyncio.sleep(0)
    for _ in range(5):
        assert words(await town.say(other, "护照怎么办")) == "答:护照怎么办"
    answer = await slow
    assert answer.outcome is Outcome.CASE_STATUS
    assert "审查中" in words(answer)
    assert "我看到的是" in words(answer)
    stranger = await town.hub.open_citizen("webchat", "stranger")
    await town.say(stranger, f"查 {number}")
    assert "会马上告诉您" in words(await town.say(stranger, "1234"))
    for text in ("我的预约", f"绑定码 {office.receipt_code(number)}"):
        assert "没有办完" in words(await town.say(citizen, text))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_promise_is_kept_once_after_recovery_by_however_many_processes(town, spoil, office, fault):
    citizen, number = await town.bound("one")
    spoil(fault)
    for _ in range(3):
        await town.say(citizen, f"查 {number}")
    await town.teller.tell_all()
    assert await town.news(citizen) == []
    # The process that promised is gone; two others find the promise at the same time.
    spoil(Fault.NONE)
    first, second = town.teller, town.start(PATIENT)
    office.move(number, CaseState.DECIDED)
    for _ in range(2):
        await asyncio.gather(first.tell_all(), second.tell_all())
    [told] = await town.news(citizen)
    assert "恢复了" in told
    assert "已决定" in told


async def test_who_asks_again_before_the_news_is_answered_and_not_told_twice(town, spoil):
    citizen, number = await town.bound("one")
    spoil(Fault.ERRORS)
    await town.say(citizen, f"查 {number}")
    spoil(Fault.NONE)
    assert (await town.say(citizen, f"查 {number}")).outcome is Outcome.CASE_STATUS
    await town.teller.tell_all()
    assert await town.news(citizen) == []


async def test_who_had_proved_nothing_yet_is_told_that_they_can_go_on(town, spoil, office):
    citizen = await town.hub.open_citizen("webchat", "stranger")
    number, last4 = office.find(CaseState.REVIEW)
    await town.say(citizen, f"查 {number}")
    spoil(Fault.ERRORS)
    assert "会马上告诉您" in words(await town.say(citizen, last4))
    spoil(Fault.NONE)
    await town.teller.tell_all()
    [told] = await town.news(citizen)
    assert "可以查办件了" in told
    assert "对得上的话" in words(await town.say(citizen, last4))
