"""Guessing numbers tells nothing: wording, fields and time are the same for known and unknown ones, and limits end it."""

import random
import statistics
import time
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from qinwen.clock import today
from services_backend import CaseState, IdentityWrong, TooManyAttempts
from services_backend.case_numbers import make_case_number
from services_backend.reference.app import make_app
from services_backend.reference.identity import Limits
from services_backend.reference.models import CaseRow

GUESSES = 250


def area_under_curve(first, second):
    """Give the chance that a value of the first is larger than one of the second (Mann-Whitney): 0.5 tells nothing."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = [rank for rank, (_, group) in enumerate(ranked, start=1) if group == 0]
    return (sum(ranks) - len(first) * (len(first) + 1) / 2) / (len(first) * len(second))


@pytest.fixture
async def unlimited(aiohttp_server, reference, connect):
    most = 10**9
    server: TestServer = await aiohttp_server(make_app(replace(reference, limits=Limits(most, most, most, most))))
    return connect(str(server.make_url("")))


def numbers(office):
    known = [row.number for row in office.rows(CaseRow)]
    return known, [make_case_number(today(), 50_000 + n) for n in range(len(known))]


async def test_a_guess_gives_the_same_shape_and_takes_the_same_time_for_known_and_unknown_numbers(unlimited, office):
    known, unknown = numbers(office)
    dice = random.Random(1)
    plan = [(dice.choice(known), True) for _ in range(GUESSES)] + [(dice.choice(unknown), False) for _ in range(GUESSES)]
    dice.shuffle(plan)
    times, seen = {True: [], False: []}, {True: set(), False: set()}
    for number, exists in plan:
        started = time.perf_counter()
        challenge = await unlimited.open_challenge(number, "000X", "subject-01", "origin-01")
        with pytest.raises(IdentityWrong) as caught:
            await unlimited.answer_challenge(challenge.challenge, "000000")
        times[exists].append(time.perf_counter() - started)
        seen[exists].add((len(challenge.challenge), type(caught.value), caught.value.message, caught.value.code))
    assert seen[True] == seen[False]
    assert len(seen[True]) == 1
    told = area_under_curve(times[True], times[False])
    assert 0.38 < told < 0.62, (told, statistics.median(times[True]), statistics.median(times[False]))


async def test_a_valid_access_does_not_tell_which_other_numbers_exist(unlimited, office):
    number, last4 = office.find(CaseState.REVIEW)
    challenge = await unlimited.open_challenge(number, last4, "subject-01", "origin-01")
    grant = await unlimited.answer_challenge(challenge.challenge, office.last_code())
    known, unknown = numbers(office)
    known.remove(number)
    times, words = {True: [], False: []}, set()
    plan = [(each, each in known) for each in (known + unknown) * 3]
    random.Random(2).shuffle(plan)
    for each, exists in plan:
        started = time.perf_counter()
        with pytest.raises(IdentityWrong) as caught:
            await unlimited.read_case(grant.access, each)
        times[exists].append(time.perf_counter() - started)
        words.add(caught.value.message)
    assert len(words) == 1
    assert 0.35 < area_under_curve(times[True], times[False]) < 0.65


async def test_guessing_hits_the_limits_soon(backend, office):
    known, unknown = numbers(office)
    answered, stopped = 0, 0
    for number in [*known, *unknown] * 3:
        try:
            await backend.open_challenge(number, "000X", "subject-01", "origin-01")
            answered += 1
        except TooManyAttempts:
            stopped += 1
    assert answered == 10
    assert stopped == 6 * len(known) - 10


async def test_other_citizens_from_one_place_hit_the_limit_of_the_place(backend):
    answered = 0
    with pytest.raises(TooManyAttempts):
        for turn in range(100):
            await backend.open_challenge(make_case_number(today(), 60_000 + turn), "000X", f"subject-{turn:03d}", "origin-01")
            answered += 1
    assert answered == 30
