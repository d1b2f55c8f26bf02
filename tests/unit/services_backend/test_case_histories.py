"""The golden table of case histories: hand-computed dates and sentences, checked in two further ways."""

from datetime import date, datetime, time, timedelta
from types import SimpleNamespace

import chinese_calendar
import pytest
import yaml

from qinwen.clock import SHAANXI
from qinwen.settings import ROOT
from services_backend import (
    Case,
    CaseEvent,
    CaseMaterial,
    CaseResult,
    CaseState,
    Channel,
    Clock,
    Fetching,
    Stop,
    explain_case,
)

TABLE = yaml.safe_load((ROOT / "tests" / "golden" / "case_histories.yml").read_text(encoding="utf-8"))
HISTORIES = TABLE["histories"]


def days_of(year, words):
    for word in words:
        first, _, last = word.partition("..")
        start, end = (date.fromisoformat(f"{year}-{part}") for part in (first, last or first))
        yield from (start + timedelta(days=n) for n in range((end - start).days + 1))


OFF = {day for row in TABLE["calendar"] for day in days_of(row["year"], row["holidays"])}
WORK = {day for row in TABLE["calendar"] for day in days_of(row["year"], row["workdays"])}
YEARS = {row["year"] for row in TABLE["calendar"]}


def works(day):
    return day in WORK or (day.weekday() < 5 and day not in OFF)


def works_if_known(day):
    if day.year not in YEARS:
        raise NotImplementedError
    return works(day)


@pytest.fixture(autouse=True)
def golden_calendar(monkeypatch):
    """Let the program see this table's years only: a newer library must not change what these histories show."""
    monkeypatch.setattr("qinwen.working_days.chinese_calendar", SimpleNamespace(is_workday=works_if_known))


def moment(day):
    return datetime.combine(day, time(10), SHAANXI)


def make_case(history):
    state = CaseState(history.get("state", "review"))
    accepted, finished = history.get("accepted"), history.get("finished")
    since = finished or accepted or history["today"]
    result = history.get("result")
    return Case(
        number="SN20260302000014",
        query_code="ABC234",
        item="idcard-renew",
        item_name="居民身份证换领",
        item_version=1,
        region="610104",
        channel=Channel.WINDOW,
        applicant="王**",
        state=state,
        since=moment(since),
        submitted_at=moment(accepted or history["today"]),
        promised_days=history["promised"],
        step="审查",
        desk="莲湖区户政窗口",
        accepted_at=moment(accepted) if accepted else None,
        finished_at=moment(finished) if finished else None,
        correction_due_on=history.get("correction_due"),
        events=(CaseEvent(state, moment(since), history.get("note", "")),),
        materials=tuple(
            CaseMaterial(name, received=False, reason=reason) for name, reason in history.get("missing", {}).items()
        ),
        stops=tuple(Stop(each[0], "停", each[1] if len(each) > 1 else None) for each in history.get("stops", ())),
        result=CaseResult(**{**result, "fetching": Fetching(result["fetching"])}) if result else None,
        urged_on=history.get("urged"),
        rated=history.get("rated", False),
    )


def test_the_table_has_its_size_and_each_history_a_name_of_its_own():
    assert len(HISTORIES) >= 60
    assert len({history["about"] for history in HISTORIES}) == len(HISTORIES)


def test_the_table_s_calendar_is_the_library_s():
    start = date(min(YEARS), 1, 1)
    days = [start + timedelta(days=n) for n in range((date(max(YEARS), 12, 31) - start).days + 1)]
    assert [day for day in days if works(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize("history", HISTORIES, ids=[history["about"] for history in HISTORIES])
def test_a_history_gives_the_hand_computed_dates_and_sentences(history):
    explained = explain_case(make_case(history), history["today"])
    table = explained.timetable
    late_by = history.get("late_by")
    assert (table.clock, table.used, table.remaining, table.due, table.paused) == (
        Clock(history.get("clock", "running")),
        history["used"],
        history["left"],
        history["due"],
        history.get("paused", 0),
    )
    assert table.late == (late_by is not None)
    if late_by is not None:
        assert table.late_by == (None if late_by == "?" else late_by)
    assert (table.unknown_year, table.left_in_unknown) == (history.get("unknown"), history.get("beyond", 0))
    assert [words for words in history["says"] if words not in explained.sentences] == [], explained.text
    assert [offer.value for offer in explained.offers] == history.get("offers", [])


@pytest.mark.parametrize("history", HISTORIES, ids=[history["about"] for history in HISTORIES])
def test_the_hand_computed_dates_follow_from_the_table_s_calendar_alone(history):
    """A second way: list the days that count, with nothing but the table's calendar, and look the answer up in the list."""
    accepted, today = history.get("accepted"), history.get("finished") or history["today"]
    if today.year not in YEARS or history.get("clock") == "none":
        pytest.skip("no calendar for it, or no clock")
    stops = [(each[0], each[1] if len(each) > 1 else None) for each in history.get("stops", ())]
    open_since = next((start for start, end in stops if end is None), None)
    if accepted is None:
        start, left = today, history["promised"]
    else:
        until = min(today, open_since) if open_since else today
        span = [accepted + timedelta(days=n) for n in range(1, (until - accepted).days + 1)]
        stopped = {a + timedelta(days=n) for a, b in stops if b for n in range(1, (b - a).days + 1)}
        counted = [day for day in span if works(day) and day not in stopped]
        assert len(counted) == history["used"]
        assert len([day for day in span if works(day) and day in stopped]) == history.get("paused", 0)
        start, left = today, history["promised"] - len(counted)
        assert max(left, 0) == history["left"]
        if left <= 0 and "late_by" in history:
            assert -left == history["late_by"]
            assert (counted[history["promised"] - 1] if history["promised"] else accepted) == history["due"]
            return
    ahead = [day for n in range(1, 200) if works(day := start + timedelta(days=n)) and day.year in YEARS]
    expected = start if left <= 0 else (ahead[left - 1] if len(ahead) >= left else None)
    assert expected == history["due"]
    if expected is None:
        assert left - len(ahead) == history["beyond"]
