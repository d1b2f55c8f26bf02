"""A citizen who talks about cases, with the case system in memory and the main database on a file."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from language import hide_secrets
from qinwen.clock import SHAANXI, now, today
from services_backend import (
    Act,
    Case,
    CaseEvent,
    CaseQuestion,
    CaseState,
    CaseTalk,
    Channel,
    InMemoryBackend,
    TryLimits,
)
from services_backend.case_numbers import make_case_number
from tests.databases import make_database

CITIZEN = "citizen-0001"
LAST4 = "123X"
SECRET = "secret-of-the-tests"


def make_case(serial=1, state=CaseState.REVIEW, **changes):
    at = now() - timedelta(days=1)
    case = Case(
        number=make_case_number(today(), serial),
        query_code="ABC234",
        item="idcard-renew",
        item_name="居民身份证换领",
        item_version=3,
        region="610104",
        channel=Channel.ONLINE,
        applicant="王**",
        state=state,
        since=at,
        submitted_at=at,
        promised_days=20,
        step="审查",
        desk="莲湖区户政窗口",
        accepted_at=at,
        finished_at=at if state.is_finished else None,
        events=(CaseEvent(CaseState.RECEIVED, at, "材料齐全"),),
    )
    return dataclasses.replace(case, **changes)


def late(serial=1):
    long_ago = datetime(2026, 1, 5, 9, tzinfo=SHAANXI)
    return make_case(serial, accepted_at=long_ago, submitted_at=long_ago, since=long_ago, promised_days=5)


class Talker:
    """Says things as the hub hands them over: masked, with what was taken out; `act` is what the bot would understand."""

    def __init__(self, talk, database, citizen=CITIZEN):
        self.talk, self.database, self.citizen = talk, database, citizen
        self.turns = 0
        self.masked = []

    async def say(self, text, act=None, item=None, region=None, whole=False):
        self.turns += 1
        with self.database.session() as session:
            expected = self.talk.expects_secret(session, self.citizen)
        hidden = hide_secrets(text, expected=expected)
        self.masked.append(hidden.text)
        question = CaseQuestion(self.citizen, hidden.text, hidden.said, "origin-0001", f"turn-{self.citizen}-{self.turns}")
        turn = await self.talk.open_turn(question)
        answer = await self.talk.before_bot(turn)
        if answer is None and (act or item):
            answer = await self.talk.after_bot(turn, Act(act or "", item, region, whole))
        return answer

    async def remind(self):
        return await self.talk.remind(await self.talk.open_turn(CaseQuestion(self.citizen, "别的问题")))


def words(answer):
    return "\n".join(reply.text for reply in answer.replies)


def titles(answer):
    return [choice.title for reply in answer.replies for choice in reply.choices]


@pytest.fixture
def case_database(tmp_path):
    database = make_database(tmp_path / "cases.db")
    yield database
    database.close()


@pytest.fixture
def backend():
    return InMemoryBackend()


@pytest.fixture
def talk(backend, case_database):
    return CaseTalk(backend, case_database, SECRET, TryLimits())


@pytest.fixture
def talker(talk, case_database):
    return Talker(talk, case_database)


@pytest.fixture
def pass_check(talker, backend):
    """Say number, last four and code."""

    async def check(case, text="查一下{number}", act="check_case"):
        backend.add_case(case, LAST4)
        await talker.say(text.format(number=case.number), act)
        await talker.say(LAST4)
        return await talker.say(backend.sms[-1])

    return check


@pytest.fixture
def bind(talker, backend):
    async def bound(*cases):
        for case in cases:
            backend.add_case(case, LAST4, "王")
        return await talker.say(f"绑定码 {backend.make_receipt_code(cases[0].number)}")

    return bound
