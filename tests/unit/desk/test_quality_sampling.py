"""Quality sampling: chance decides, each agent in turn, each conversation once; the form counts to a hundred."""

from collections import Counter
from datetime import timedelta

import pytest

from desk import (
    AlreadyTaken,
    DeskRefused,
    DeskUnknown,
    criteria,
    draw,
    drop_review,
    list_reviews,
    note_seen,
    read_handling,
    read_review,
    score_review,
)

BEST = {one.code: 2 for one in criteria()}


@pytest.fixture
def closed(served, end, moment):
    """Conversations that agents closed: three of one, one of another."""

    def make():
        made = {}
        for name, who in (("a", "an"), ("b", "an"), ("c", "an"), ("d", "bai")):
            made[name] = served(name, who)
            end(made[name], who)
        return made

    return make


@pytest.fixture
def drawn(do, moment):
    def make(count, by="lead", seed=1):
        return do(draw, ["police"], moment - timedelta(days=1), moment + timedelta(days=1), count, by, moment, seed)

    return make


def test_the_weights_make_a_hundred():
    assert sum(one.weight for one in criteria()) == 100


def test_each_agent_is_drawn_before_anybody_is_drawn_twice(do, closed, drawn):
    closed()
    reviews = [do(read_review, number) for number in drawn(2)]
    assert Counter(review.agent for review in reviews) == {"an": 1, "bai": 1}


def test_chance_decides_which_and_nothing_is_drawn_twice(do, closed, drawn):
    closed()
    first = drawn(3)
    assert len({do(read_review, number).handling for number in [*first, *drawn(5)]}) == 4
    with pytest.raises(DeskRefused, match="没有可以抽的会话"):
        drawn(1)


def test_over_many_seeds_every_conversation_of_an_agent_comes_up(do, closed, drawn):
    made = closed()
    seen = set()
    for seed in range(30):
        numbers = drawn(2, seed=seed)
        seen |= {do(read_review, number).handling for number in numbers}
        for number in numbers:
            do(drop_review, number)
    assert seen == set(made.values())


def test_nobody_draws_or_scores_their_own(do, closed, drawn, moment):
    closed()
    numbers = drawn(10, by="an")
    assert {do(read_review, number).agent for number in numbers} == {"bai"}
    with pytest.raises(DeskRefused, match="自己"):
        do(score_review, numbers[0], "bai", BEST, "", moment)


def test_a_score_is_the_weighted_sum_and_is_given_once(do, closed, drawn, moment):
    closed()
    one, other = drawn(2)
    assert do(score_review, one, "lead", BEST, "", moment).score == 100
    assert do(score_review, other, "lead", {**BEST, "accurate": 1, "careful": 0}, "没有核实", moment).score == 75
    with pytest.raises(AlreadyTaken):
        do(score_review, one, "lead", BEST, "", moment)
    with pytest.raises(AlreadyTaken):
        do(drop_review, one)


@pytest.mark.parametrize("grades", [{}, {**BEST, "accurate": 3}, {**BEST, "other": 1}, {"accurate": 2}])
def test_a_form_that_is_not_filled_in_is_refused(do, closed, drawn, moment, grades):
    closed()
    (number,) = drawn(1)
    with pytest.raises(DeskRefused, match="每一项"):
        do(score_review, number, "lead", grades, "", moment)
    with pytest.raises(DeskRefused):
        do(score_review, number, "lead", {**BEST, "kind": 0}, "", moment)
    with pytest.raises(DeskUnknown):
        do(read_review, 999)


def test_what_the_agent_has_read_is_noted_and_lists_are_paged(do, closed, drawn, moment):
    closed()
    numbers = drawn(4)
    do(score_review, numbers[0], "lead", BEST, "很好", moment)
    agent = do(read_review, numbers[0]).agent
    assert do(list_reviews, agent=agent, done=True)[0][0].seen_at is None
    do(note_seen, agent, moment)
    assert do(read_review, numbers[0]).seen_at == moment
    rows, total = do(list_reviews, desks=["police"], page=2, size=3)
    assert (len(rows), total) == (1, 4)
    assert do(read_handling, rows[0].handling).desk == "police"


def test_the_number_to_draw_has_bounds(closed, drawn):
    closed()
    for count in (0, 51):
        with pytest.raises(DeskRefused, match="一次抽"):
            drawn(count)
