"""Guessing over the citizen API tells nothing of which cases exist, and hits the limits (issue: case status, done-when 3).

Some hundreds of guesses here, two thousand with all tests; `python -m bench.guesses` makes ten thousand and prints what it saw.
"""

import json
from statistics import median

import pytest

from tests.guessing import KNOWN, PROVED, SENT, UNKNOWN, Leak, chance_of_difference, guess_all, plan, service
from tests.volume import much

CASES = 120
# One run says nothing where this is below: then a second one has to say so, too.
DOUBT, CERTAIN = 0.01, 0.001
# As many as are compared with all tests; less is enough on a machine that is quiet.
MOST_OF_A_GROUP = 150


@pytest.fixture
def world(settings, tmp_path):
    def make(name="world", **how):
        folder = tmp_path / name
        folder.mkdir()
        return service(settings, folder, CASES, **how)

    return make


def words_of(answers):
    """Give the words of all answers of a group."""
    return {
        reply["text"] for answer in answers for part in json.loads(answer) if part for reply in json.loads(part)[2]["replies"]
    }


async def test_without_limits_wording_and_fields_are_the_same_and_so_is_the_time(world):
    chances = {}
    for attempt in ("first", "second"):
        async with world(attempt, tries=False, messages=False) as (client, guesses):
            seen = await guess_all(client, plan(guesses, much(450, 150), seed=len(chances)))
        assert set(seen[KNOWN].answers) == set(seen[PROVED].answers) == set(seen[UNKNOWN].answers)
        assert len(seen[KNOWN].answers) == 1, "every guess has the same three answers"
        chances[attempt] = {group: chance_of_difference(seen[group].times, seen[UNKNOWN].times) for group in (KNOWN, PROVED)}
        if min(chances[attempt].values()) >= DOUBT:
            return
    assert min(chances["second"].values()) >= DOUBT, chances


async def test_a_difference_in_time_would_be_found(world):
    leak = Leak()
    async with world(tries=False, messages=False, leak=leak) as (client, guesses):
        before = await guess_all(client, plan(guesses, 30, seed=2))
        # As long again as a guess takes here and now: a machine that is busy is slow and uneven alike.
        leak.seconds = median(one for seen in before.values() for one in seen.times)
        known, unknown, chance = [], [], 1.0
        while chance >= CERTAIN and len(known) < MOST_OF_A_GROUP:
            seen = await guess_all(client, plan(guesses, 75, seed=len(known)))
            known, unknown = known + seen[KNOWN].times, unknown + seen[UNKNOWN].times
            chance = chance_of_difference(known, unknown)
    assert chance < CERTAIN


async def test_guesses_from_one_place_are_stopped_alike_for_all_numbers(world):
    async with world(tries=True, messages=False) as (client, guesses):
        seen = await guess_all(client, plan(guesses, much(2000, 240), seed=3), citizens=40)
    tried = {group: sum(count for answer, count in one.answers.items() if SENT in answer) for group, one in seen.items()}
    assert sum(tried.values()) == 30, "the place has thirty tries an hour, whoever makes them"
    stopped = [{answer for answer in one.answers if SENT not in answer} for one in seen.values()]
    assert stopped[0] == stopped[1] == stopped[2]
    assert any("试的次数太多" in words for words in words_of(stopped[0]))


async def test_a_hurried_guesser_is_stopped_by_the_limit_of_messages_before(world):
    async with world(tries=True, messages=True) as (client, guesses):
        seen = await guess_all(client, plan(guesses, 120, seed=4))
    statuses = [json.loads(part)[0] for one in seen.values() for answer in one.answers for part in json.loads(answer) if part]
    assert 429 in statuses
    refused = [{answer for answer in one.answers if '"too_many_messages' in answer or "429" in answer} for one in seen.values()]
    assert all(refused)
