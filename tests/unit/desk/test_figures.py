"""Supervisors' figures on hand-made rows, and the live board."""

from datetime import timedelta

import pytest

from desk import (
    DEFINITIONS,
    CloseOutcome,
    Presence,
    RatingGiven,
    RatingLevel,
    RatingTarget,
    appeal,
    decide_appeal,
    measure,
    rate,
    read_board,
    set_presence,
    staff_desk,
)
from desk.models import HandlingMove, HandlingRow
from desk.responder import answer

NOTHING = dict.fromkeys(("first_response", "handling", "resolution", "transfers", "rating", "satisfied"))


@pytest.fixture
def row(do, moment):
    """Write a handling by hand: times in seconds from ten o'clock."""
    made = []

    def make(citizen, asked=0, claimed=None, replied=None, closed=None, outcome=None, agent="an", desk="police", moves=()):
        def at(seconds):
            return None if seconds is None else moment + timedelta(seconds=seconds)

        number = f"h{len(made)}"
        made.append(number)
        state = "closed" if closed is not None else "with_agent" if claimed is not None else "queued"

        def write(session):
            session.add(
                HandlingRow(
                    id=number,
                    conversation_id=f"v{number}",
                    citizen_id=citizen,
                    desk=desk,
                    state=state,
                    agent=agent if claimed is not None else None,
                    version=0,
                    reason="asked",
                    urgency=[],
                    rank_at=at(asked),
                    brief={},
                    asked_at=at(asked),
                    queued_at=at(asked),
                    claimed_at=at(claimed),
                    first_reply_at=at(replied),
                    closed_at=at(closed),
                    outcome=outcome.value if outcome else None,
                )
            )
            session.flush()
            session.add_all(
                HandlingMove(handling_id=number, kind=kind, from_desk=desk, to_desk=desk, note="", at=at(claimed))
                for kind in moves
            )

        do(write)
        return number

    return make


@pytest.fixture
def figures(do, moment):
    def give(**more):
        return do(measure, moment - timedelta(hours=1), moment + timedelta(hours=9), **more)

    return give


def test_every_figure_has_a_definition(figures):
    assert set(DEFINITIONS) == set(figures().to_json())


def test_without_rows_nothing_is_claimed(figures):
    empty = figures().to_json()
    assert {name: empty[name] for name in NOTHING} == NOTHING
    assert (empty["asked"], empty["rated"]) == (0, 0)


def test_counts_tell_served_left_and_messages_apart(row, figures):
    row("a", claimed=60, closed=300, outcome=CloseOutcome.RESOLVED)
    row("b", closed=90, outcome=CloseOutcome.LEFT)
    row("c", closed=90, outcome=CloseOutcome.MESSAGE)
    row("d")
    row("e", claimed=30)
    found = figures()
    assert (found.asked, found.served, found.left, found.messages) == (5, 2, 1, 1)


def test_the_first_response_runs_from_asking_to_the_first_message(row, figures):
    row("a", asked=0, claimed=50, replied=60)
    row("b", asked=100, claimed=150, replied=300)
    row("c", asked=200, claimed=210, replied=1200)
    row("d", asked=300, claimed=310)
    assert figures().first_response == 200


def test_handling_runs_from_the_first_claim_to_the_end(row, figures):
    row("a", claimed=100, closed=400, outcome=CloseOutcome.RESOLVED)
    row("b", claimed=100, closed=200, outcome=CloseOutcome.UNRESOLVED)
    row("c", claimed=100)
    assert figures().handling == 200


def test_resolved_means_resolved_and_not_asked_again_within_a_day(row, figures):
    row("a", claimed=10, closed=100, outcome=CloseOutcome.RESOLVED)
    row("b", claimed=10, closed=100, outcome=CloseOutcome.UNRESOLVED)
    row("c", claimed=10, closed=100, outcome=CloseOutcome.RESOLVED)
    row("c", asked=100 + 23 * 3600)
    row("d", claimed=10, closed=100, outcome=CloseOutcome.RESOLVED)
    row("d", asked=101 + 24 * 3600)
    row("e", claimed=10, closed=100, outcome=CloseOutcome.SPAM)
    row("f", claimed=10)
    assert figures().resolution == 2 / 4


def test_transfers_are_those_that_agents_made_counted_once(row, figures):
    row("a", claimed=10, moves=("transfer", "transfer"))
    row("b", claimed=10, moves=("overflow", "silent", "absent", "supervisor"))
    row("c", claimed=10)
    row("d", claimed=10)
    row("e")
    assert figures().transfers == 1 / 4


def test_ratings_are_of_agents_without_upheld_appeals(do, row, figures, moment):
    levels = [RatingLevel.VERY_GOOD, RatingLevel.FAIR, RatingLevel.BAD, RatingLevel.VERY_BAD]
    numbers = []
    for number, level in enumerate(levels):
        handling = row(f"c{number}", claimed=10, closed=100, outcome=CloseOutcome.RESOLVED)
        given = RatingGiven(f"c{number}", f"v{handling}", RatingTarget.AGENT, handling, level)
        numbers.append(do(rate, given, moment))
    do(rate, RatingGiven("c0", "v", RatingTarget.TURN, "t", RatingLevel.VERY_BAD), moment)
    do(appeal, numbers[3], "an", "点错了")
    do(decide_appeal, numbers[3], "lead", upheld=True)
    do(appeal, numbers[2], "an", "也不对")
    do(decide_appeal, numbers[2], "lead", upheld=False)
    found = figures()
    assert (found.rated, found.rating, found.satisfied) == (3, 10 / 3, 2 / 3)


def test_figures_are_of_a_time_a_desk_an_agent(row, figures, do, moment):
    row("a", claimed=10, agent="an")
    row("b", claimed=10, agent="bai", desk="city")
    row("c", asked=10 * 3600)
    assert figures().asked == 2
    assert figures(desk="city").asked == 1
    assert figures(agent="an").asked == 1
    assert do(measure, moment, moment).asked == 0


def test_the_board_shows_who_waits_who_is_there_and_what_is_late(do, ask, served, agent, talk, moment):
    handling = served("held")
    agent("bai", presence=Presence.AWAY)
    ask("wang", at=moment)
    ask("li", at=moment + timedelta(minutes=2))
    later = moment + timedelta(minutes=3)
    do(set_presence, "an", Presence.ONLINE, later)
    board = {now.desk.code: now for now in do(read_board, later)}
    police = board["police"]
    assert (police.is_open, police.waiting, police.longest_wait, police.held, police.unanswered) == (True, 2, 180, 1, 1)
    assert {now.agent: now.presence for now in police.agents} == {"an": Presence.ONLINE, "bai": Presence.OFFLINE}
    assert police.room == 1
    assert police.at_risk
    assert handling in police.at_risk
    assert len(police.at_risk) == 2
    assert board["city"].longest_wait is None
    assert list(do(read_board, later, ["city"])[0].agents) == []


def test_the_board_counts_left_messages(do, ask, talk, moment):
    ask("wang")
    _, conversation = talk("wang", "留言", "")
    do(answer, conversation, "m1", "留言", moment)
    do(answer, conversation, "m2", "问问进度", moment)
    assert [(now.work_items, now.overdue) for now in do(read_board, moment, ["police"])] == [(1, 0)]
    late = moment + timedelta(days=4)
    assert [(now.work_items, now.overdue) for now in do(read_board, late, ["police"])] == [(1, 1)]


def test_a_desk_without_agents_has_no_room(do, moment):
    do(staff_desk, "city", "nobody-here")
    (city,) = do(read_board, moment, ["city"])
    assert city.room == 0
