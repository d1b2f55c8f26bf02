"""Each figure of the dashboard, on logs made by hand, on both databases: what counts, what does not, and the rows behind it."""

import pytest

from conversations import DEFINITIONS, Window, turn_condition, turn_rows
from desk import RatingLevel, appeal, badly_rated, count_ratings, decide_appeal, list_ratings
from desk.models import RatingRow
from qinwen.database import Base, Database
from qinwen.vocabulary import Outcome
from tests.turn_log import HOUR, MONDAY, WEEK, Log


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def log(database):
    return Log(database)


def test_nothing_asked_gives_no_rate_instead_of_zero(log):
    figures = log.measure()
    assert (figures.turns, figures.answer_rate, figures.resolved_rate, figures.p50, figures.p95) == (0, None, None, None, None)
    assert (figures.days, figures.items) == ([], [])


def test_the_answer_rate_is_answers_of_what_wanted_one(log):
    ends = [Outcome.ANSWERED] * 3 + [Outcome.CASE_STATUS, Outcome.CASE_NOT_FOUND, Outcome.EMERGENCY]  # six answers
    ends += [Outcome.CLARIFY, Outcome.ASK_SLOT, Outcome.NOT_FOUND, Outcome.ERROR]  # four without
    ends += [Outcome.SMALLTALK, Outcome.ACKNOWLEDGED, Outcome.RATED, Outcome.REFUSED_OUT_OF_SCOPE, Outcome.REFUSED_UNSAFE,
             Outcome.IDENTITY_REQUIRED, Outcome.HANDED_OFF, Outcome.DESK_QUEUED, Outcome.DESK_CLOSED]  # fmt: skip
    assert set(ends) == set(Outcome), "a new outcome needs its place in the definition"
    for number, outcome in enumerate(ends):
        log.say("a", "c", number, outcome)
    figures = log.measure()
    assert (figures.turns, figures.answered, figures.unanswered, figures.answer_rate) == (19, 6, 4, 0.6)
    assert figures.outcomes[Outcome.ANSWERED] == 3
    assert sum(figures.outcomes.values()) == 19


def test_citizens_conversations_channels_and_days_are_counted_in_the_window(log):
    log.say("a", "a1", 0, Outcome.ANSWERED)
    log.say("a", "a1", 1, Outcome.ANSWERED)
    log.say("a", "a2", 15 * 60, Outcome.NOT_FOUND)  # Tuesday, 00:00 in Shaanxi, Monday in UTC
    log.say("b", "b1", 3, Outcome.SMALLTALK, channel="wechat")
    log.say("b", "b2", -9 * 60 - 1, Outcome.ANSWERED, channel="wechat")  # a minute before the window
    log.say("b", "b3", 7 * 24 * 60 - 9 * 60, Outcome.ANSWERED, channel="wechat")  # its end
    figures = log.measure()
    assert (figures.turns, figures.citizens, figures.conversations) == (4, 2, 3)
    assert [(day.day, day.turns, day.answered, day.unanswered) for day in figures.days] == [
        ("2026-10-12", 3, 2, 0), ("2026-10-13", 1, 0, 1),
    ]  # fmt: skip
    figures = log.measure(Window(WEEK.start, WEEK.end, "wechat"))
    assert (figures.turns, figures.citizens, figures.conversations) == (1, 1, 1)


def test_a_question_asked_back_in_vain_is_one_that_the_conversation_never_answered(log):
    log.say("a", "a", 0, Outcome.CLARIFY)
    log.say("a", "a", 1, Outcome.ANSWERED)  # it helped
    log.say("a", "a", 2, Outcome.ASK_SLOT)
    log.say("a", "a", 3, Outcome.NOT_FOUND)
    log.say("a", "later", 90, Outcome.ANSWERED)  # another conversation
    log.say("b", "b", 0, Outcome.CLARIFY)
    assert log.measure().in_vain == 2
    assert {row.id for row in log.rows("in_vain")} == {"a-0003", "b-0001"}


def test_asked_again_is_the_same_item_within_a_day_and_in_one_conversation_the_same_facet(log):
    log.say("a", "a", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("a", "a", 1, Outcome.ANSWERED, "passport", "materials")  # goes on, is not asked again
    log.say("a", "a", 2, Outcome.ANSWERED, "passport", "fee")  # asked again: the first one counts
    log.say("b", "b1", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("b", "b2", 23 * 60, Outcome.NOT_FOUND, "passport", "place")  # another conversation: the item is enough
    log.say("c", "c1", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("c", "c2", 24 * 60 + 1, Outcome.ANSWERED, "passport", "fee")  # a day later
    log.say("d", "d1", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("d", "d2", 60, Outcome.ANSWERED, "idcard", "fee")  # another item
    log.say("e", "e1", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("f", "f1", 60, Outcome.ANSWERED, "passport", "fee")  # another citizen
    log.say("g", "g1", 0, Outcome.NOT_FOUND, "passport", "fee")
    log.say("g", "g1", 1, Outcome.ANSWERED, "passport", "fee")  # the first was no answer
    assert log.measure().reasked == 2
    assert {row.id for row in log.rows("reasked")} == {"a-0001", "b-0001"}


def test_resolved_needs_all_four_and_says_which_is_missing(log):
    log.say("good", "good", 0, Outcome.CLARIFY)
    log.say("good", "good", 1, Outcome.ANSWERED, "passport", "fee")
    log.say("case", "case", 0, Outcome.CASE_STATUS)
    log.say("none", "none", 0, Outcome.NOT_FOUND)
    log.say("gone", "gone", 0, Outcome.CASE_NOT_FOUND)  # an answer, but no fact
    log.say("hand", "hand", 0, Outcome.ANSWERED)
    log.say("hand", "hand", 1, Outcome.DESK_QUEUED)
    log.say("again", "again", 0, Outcome.ANSWERED, "passport", "fee")
    log.say("again", "other", 60, Outcome.ANSWERED, "passport", "fee")  # and this one is resolved
    log.say("rated", "rated", 0, Outcome.ANSWERED)
    log.rate("rated", "rated", RatingLevel.BAD)
    log.say("happy", "happy", 0, Outcome.ANSWERED)
    log.rate("happy", "happy", RatingLevel.FAIR)
    log.say("chat", "chat", 0, Outcome.SMALLTALK)  # asked nothing: is not judged
    figures = log.measure()
    assert {row.id for row in log.rows("resolved")} == {"good", "case", "other", "happy"}
    assert {row.id: row.why for row in log.rows("unresolved")} == {
        "none": ("no_answer",), "gone": ("no_answer",), "hand": ("handoff",), "again": ("reasked",), "rated": ("bad_rating",),
    }  # fmt: skip
    assert (figures.judged, figures.resolved, figures.unresolved, figures.resolved_rate) == (9, 4, 5, 4 / 9)


def test_a_conversation_that_may_still_be_asked_again_is_not_judged(log):
    log.say("a", "a", 0, Outcome.ANSWERED, "passport", "fee")
    assert log.measure(moment=MONDAY + 23 * HOUR).resolved_rate is None
    assert log.measure(moment=MONDAY + 24 * HOUR).resolved_rate == 1


def test_a_rating_whose_appeal_was_upheld_counts_nowhere(log):
    log.say("a", "a", 0, Outcome.ANSWERED)
    number = log.rate("a", "a", RatingLevel.VERY_BAD)
    with log.database.session() as session:
        assert badly_rated(session, WEEK.start, WEEK.end) == {"a"}
        assert count_ratings(session, WEEK.start, WEEK.end)[RatingLevel.VERY_BAD] == 1
        session.get_one(RatingRow, number).agent = "agent"  # only the agent who was rated may appeal
        appeal(session, number, "agent", "点错了")
        decide_appeal(session, number, "boss", upheld=True)
    with log.database.session() as session:
        assert badly_rated(session, WEEK.start, WEEK.end) == set()
        assert set(count_ratings(session, WEEK.start, WEEK.end).values()) == {0}
        assert list_ratings(session, WEEK.start, WEEK.end, level=None, below=None, size=10) == []
    assert log.measure().resolved == 1


def test_ratings_are_counted_by_level_and_listed(log):
    for citizen, level in (("a", RatingLevel.GOOD), ("b", RatingLevel.GOOD), ("c", RatingLevel.BAD)):
        log.say(citizen, citizen, 0, Outcome.ANSWERED)
        log.rate(citizen, citizen, level)
    log.rate("a", "a", RatingLevel.VERY_GOOD)  # who rates again replaces what they said
    with log.database.session() as session:
        counts = count_ratings(session, WEEK.start, WEEK.end)
        assert [counts[level] for level in RatingLevel] == [1, 1, 0, 1, 0]
        assert len(list_ratings(session, WEEK.start, WEEK.end, level=None, below=None, size=10)) == 3
        [bad] = list_ratings(session, WEEK.start, WEEK.end, level=RatingLevel.BAD, below=None, size=10)
        assert bad.conversation == "c"
        assert list_ratings(session, WEEK.start, WEEK.end, level=None, below=bad.id, size=10)[0].id < bad.id


def test_response_times_leave_out_what_people_answered(log):
    for number, seconds in enumerate([0.02] * 10 + [0.5] * 9 + [4.5]):
        log.say("a", "a", number, Outcome.ANSWERED, seconds=seconds)
    log.say("a", "a", 99, Outcome.HANDED_OFF, seconds=60)
    figures = log.measure()
    assert (figures.p50, figures.p95, figures.slow) == (0.02, 0.5, 1)
    assert [row.id for row in log.rows("slow")] == ["a-0020"]


def test_the_most_asked_items_and_facets_come_first(log):
    for number, item in enumerate(["idcard", "passport", "passport", None]):
        log.say("a", "a", number, Outcome.ANSWERED if number != 1 else Outcome.NOT_FOUND, item, "fee" if item else None)
    figures = log.measure()
    assert [(top.code, top.turns, top.answered) for top in figures.items] == [("passport", 2, 1), ("idcard", 1, 1)]
    assert [(top.code, top.turns) for top in figures.facets] == [("fee", 3)]


def test_every_figure_that_counts_equals_its_rows(log):
    ends = [*Outcome] * 3
    for number, outcome in enumerate(ends):
        citizen = f"c{number % 5}"
        log.say(citizen, f"{citizen}-{number // 17}", number * 7, outcome, ("passport", "idcard", None)[number % 3],
                ("fee", "place")[number % 2], seconds=number % 6)  # fmt: skip
    log.rate("c1", "c1-0", RatingLevel.BAD)
    figures = log.measure()
    counted = {name: getattr(figures, name) for name in DEFINITIONS if isinstance(getattr(figures, name), int)}
    for code, count in counted.items():
        if code != "citizens":  # whose rows are their messages
            assert len(log.rows(code)) == count, code
    for outcome, count in figures.outcomes.items():
        assert len(log.rows(f"outcome:{outcome.value}")) == count
    for top in figures.items:
        assert len(log.rows(f"item:{top.code}")) == top.turns
    assert turn_condition("nothing") is None
    assert log.rows("nothing") == []


def test_rows_come_in_pages_and_only_from_the_members_regions(log):
    for number in range(5):
        log.say("a", "a", number // 2, Outcome.ANSWERED, region=("610100", "610113", "610300", None, "610000")[number])
    with log.database.session() as session:
        first = turn_rows(session, "turns", WEEK, (), None, 3)
        rest = turn_rows(session, "turns", WEEK, (), (first[-1].at, first[-1].id), 3)
    assert [row.id[-1] for row in [*first, *rest]] == ["5", "4", "3", "2", "1"]
    assert {row.region for row in log.rows("turns", regions=("610100",))} == {"610100", "610113", None}
    assert {row.region for row in log.rows("turns", regions=("610113",))} == {"610113", None}
    assert len(log.rows("turns", regions=("610000",))) == 5
