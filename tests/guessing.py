"""Guessing case numbers over the citizen API, and telling from what comes back, or how long it takes, which of them exist.

Everything is real but the bot: the public aiohttp application, the hub and its ledger, the conversation about cases, the HTTP
client, and the reference backend on a seeded database. The bot is never asked, for a number is answered in front of it.
Used by `tests/integration/test_enumeration.py` and, with ten thousand guesses, by `bench/guesses.py`.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from conversations import Hub, TokenBuckets, Unlimited, make_vault
from qinwen.clock import today
from qinwen.settings import Settings
from services_backend import CaseTalk, HttpBackend, NoTryLimits, TryLimits
from services_backend.case_numbers import make_case_number, print_case_number
from services_backend.reference.app import Backend, make_app
from services_backend.reference.identity import Limits
from services_backend.reference.models import CaseRow
from services_backend.reference.people import make_people
from services_backend.reference.seeding import PEOPLE, SEED, seed_if_empty
from services_backend.reference.store import migrate, open_database
from tests.databases import make_database
from web.case_side import CaseSide
from web.public import make_public_app

KEY, SECRET, PEPPER = "tests", "secret-of-the-tests", "pepper-of-the-tests"
# A number that exists with a wrong last four; one that exists with the right one and a wrong code; one that does not exist.
KNOWN, PROVED, UNKNOWN = "known", "proved", "unknown"
SENT = "验证码已经发到"
_MANY = 10**9
_SHUFFLES = 2000


class NoBot:
    """Stands where the engine would: whatever comes here would have left the way that is measured."""

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        raise AssertionError("a guess reached the bot")


@dataclass(frozen=True)
class Guess:
    """One guess."""

    group: str
    number: str
    last4: str


@dataclass
class Seen:
    """What guesses of a group brought: the different answers, how often each, and the times in seconds."""

    answers: dict[str, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)


@dataclass
class Leak:
    """How many seconds longer a known number takes, to see that it would be found; may change while the service runs."""

    seconds: float = 0.0


@asynccontextmanager
async def service(
    settings: Settings, folder: Path, cases: int, *, tries: bool, messages: bool, leak: Leak | None = None
) -> AsyncIterator[tuple[TestClient, list[Guess]]]:
    """Run everything; gives a client of the citizen API, and a guess of each kind for each case.

    Args:
        settings: of a throw-away installation.
        folder: for the databases.
        cases: how many cases there are.
        tries: whether the limits on trying identities are on, ours and the case system's.
        messages: whether the limits on messages and sessions are on.
        leak: what a known number takes longer; nothing without.
    """
    url = f"sqlite:///{folder}/services.db"
    migrate(url)
    province = open_database(url)
    with province.session() as session:
        seed_if_empty(session, PEPPER, today(), cases=cases)
        rows = session.execute(select(CaseRow.number, CaseRow.applicant_id).order_by(CaseRow.id)).all()
    people = make_people(PEOPLE, SEED)
    limits = Limits() if tries else Limits(_MANY, _MANY, _MANY, _MANY)
    ledger = make_database(folder / "ledger.db")
    app = make_app(replace(Backend(province, {KEY: SECRET}, PEPPER), limits=limits))
    async with TestServer(app) as backend, aiohttp.ClientSession() as session:
        known = frozenset(number for number, _ in rows)
        http = _Leaking(session, str(backend.make_url("")), KEY, SECRET, timeout=30)
        http.known, http.leak = known, leak or Leak()
        talk = CaseTalk(http, ledger, "sealed", TryLimits() if tries else NoTryLimits())
        hub = Hub(
            ledger,
            NoBot(),
            TokenBuckets(settings.messages_per_minute) if messages else Unlimited(),
            3600.0,
            cases=CaseSide(talk),
            vault=make_vault(settings),
        )
        openings = TokenBuckets(settings.sessions_per_minute) if messages else Unlimited()
        async with TestClient(TestServer(make_public_app(settings, hub, openings))) as client:
            yield client, _guesses(rows, people)
    ledger.close()
    province.close()


class _Leaking(HttpBackend):
    """A client that is slower for numbers that exist, if it is told so."""

    known: frozenset[str] = frozenset()
    leak = Leak()

    async def open_challenge(self, number, last4, subject, origin):
        if self.leak.seconds and number in self.known:
            await asyncio.sleep(self.leak.seconds)
        return await super().open_challenge(number, last4, subject, origin)


def _guesses(rows: Sequence[tuple[str, int]], people: Sequence[object]) -> list[Guess]:
    guesses = []
    for place, (number, applicant) in enumerate(rows):
        right = people[applicant - 1].id_number[-4:]
        wrong = "0001" if right != "0001" else "0002"
        guesses += [
            Guess(KNOWN, number, wrong),
            Guess(PROVED, number, right),
            Guess(UNKNOWN, make_case_number(today(), 50_000 + place), wrong),
        ]
    return guesses


async def guess_all(client: TestClient, guesses: Sequence[Guess], *, citizens: int = 1) -> dict[str, Seen]:
    """Make guesses one after another in the order given; each is a number with a last four, and then a made-up code.

    Args:
        client: of the citizen API.
        guesses: what to guess.
        citizens: so many sessions take turns.
    """
    seen = {group: Seen() for group in (KNOWN, PROVED, UNKNOWN)}
    headers = [await _open(client) for _ in range(citizens)]
    for turn, guess in enumerate(guesses):
        header, group = headers[turn % citizens], seen[guess.group]
        printed = print_case_number(guess.number)
        started = time.perf_counter()
        first = await _say(client, header, f"查 {printed}")
        second = await _say(client, header, f"后四位 {guess.last4}")
        third = await _say(client, header, "验证码 000000") if SENT in second else ""
        group.times.append(time.perf_counter() - started)
        answer = json.dumps([first, second, third], ensure_ascii=False).replace(printed, "N").replace(guess.number, "N")
        group.answers[answer] = group.answers.get(answer, 0) + 1
    return seen


def plan(guesses: Sequence[Guess], count: int, seed: int) -> list[Guess]:
    """Give `count` guesses, as many of each kind, shuffled."""
    dice = random.Random(seed)
    by_group = {group: [one for one in guesses if one.group == group] for group in (KNOWN, PROVED, UNKNOWN)}
    kinds = [list(by_group)[turn % 3] for turn in range(count)]
    dice.shuffle(kinds)
    chosen: list[Guess] = []
    for kind in kinds:
        # The same number twice running is another conversation, and would come more often to numbers that two kinds share.
        last = chosen[-1].number if chosen else ""
        chosen.append(dice.choice([one for one in by_group[kind] if one.number != last]))
    return chosen


def chance_of_difference(first: Sequence[float], second: Sequence[float], seed: int = 1) -> float:
    """Give how likely it is to measure such a difference, or a larger one, where there is none: a permutation test.

    Compared are the lower quartiles: what guesses take when the machine does not stall. Its noise hits both alike, for
    they were measured in turns within one run.
    """
    dice = random.Random(seed)
    together = [*first, *second]
    measured = abs(_quartile(first) - _quartile(second))
    as_far = 0
    for _ in range(_SHUFFLES):
        dice.shuffle(together)
        as_far += abs(_quartile(together[: len(first)]) - _quartile(together[len(first) :])) >= measured
    return (as_far + 1) / (_SHUFFLES + 1)


def _quartile(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 4]


async def _open(client: TestClient) -> dict[str, str]:
    answer = await client.post("/api/chat/sessions")
    return {"Authorization": f"Bearer {(await answer.json())['token']}"} if answer.status == 200 else {}


async def _say(client: TestClient, header: dict[str, str], text: str) -> str:
    """Say something; gives all that can be seen of the answer but ids and the time of day: status, headers, body."""
    body = {"text": text, "message_id": uuid.uuid4().hex}
    answer = await client.post("/api/chat/messages", json=body, headers=header)
    shape = await answer.json()
    for name in ("conversation", "turn"):
        shape.pop(name, None)
    kept = {name: value for name, value in answer.headers.items() if name not in {"Date", "Content-Length"}}
    return json.dumps([answer.status, kept, shape], ensure_ascii=False)
