from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qinwen.clock import SHAANXI
from services_backend import Case, CaseEvent, CaseState, Channel, Clock, Offer, Stop, explain_case, make_timetable
from services_backend.cases import CaseResult
from services_backend.explaining import tell_date
from services_backend.vocabulary import Fetching

NOW = datetime(2026, 3, 2, 10, tzinfo=SHAANXI)
CASE = Case(
    number="SN20260302000014",
    query_code="ABC234",
    item="idcard-renew",
    item_name="居民身份证换领",
    item_version=1,
    region="610104",
    channel=Channel.ONLINE,
    applicant="王**",
    state=CaseState.REVIEW,
    since=NOW,
    submitted_at=NOW,
    promised_days=5,
    step="审查",
    desk="莲湖区户政窗口",
    accepted_at=NOW,
)
TODAY = date(2026, 3, 4)


def test_a_case_is_explained_in_order():
    assert explain_case(CASE, TODAY).text == (
        "居民身份证换领：审查中，从3月2日（周一）开始。\n"
        "现在在莲湖区户政窗口，办到“审查”。\n"
        "正在审查，接下来作出决定。\n"
        "承诺5个工作日办结，已经用了2个。最晚3月9日（周一）办完，还剩3个工作日。"
    )
    assert explain_case(CASE, TODAY).expected == date(2026, 3, 9)


def test_who_has_it_is_told_as_far_as_it_is_known():
    assert "现在在莲湖区户政窗口。" in explain_case(replace(CASE, step=""), TODAY).sentences
    assert "现在办到“审查”。" in explain_case(replace(CASE, desk=""), TODAY).sentences
    assert len(explain_case(replace(CASE, desk="", step=""), TODAY).sentences) == 3


def test_the_day_is_shaanxi_s_not_greenwich_s():
    late = datetime(2026, 3, 2, 0, 30, tzinfo=SHAANXI)
    assert explain_case(replace(CASE, accepted_at=late, since=late), TODAY).timetable.used == 2


def test_another_year_is_said():
    assert tell_date(date(2025, 12, 31), TODAY) == "2025年12月31日（周三）"
    assert tell_date(date(2026, 3, 8), TODAY) == "3月8日（周日）"


def test_the_note_of_the_present_state_is_the_reason():
    events = (CaseEvent(CaseState.REVIEW, NOW, "别的话"), CaseEvent(CaseState.REJECTED, NOW, "不归本机关管"))
    rejected = replace(CASE, state=CaseState.REJECTED, accepted_at=None, events=events)
    assert "不受理的原因：不归本机关管。" in explain_case(rejected, TODAY).sentences
    assert "不受理的原因写在通知书里。" in explain_case(replace(rejected, events=()), TODAY).sentences


@pytest.mark.parametrize("state", list(CaseState))
def test_every_state_has_words_and_each_sentence_ends(state):
    finished = NOW if state.is_finished else None
    case = replace(CASE, state=state, finished_at=finished, result=CaseResult("身份证", Fetching.WINDOW, "窗口"))
    explained = explain_case(case, TODAY)
    assert len(explained.sentences) >= 2
    assert all(sentence.endswith("。") for sentence in explained.sentences)
    assert (Offer.RATE in explained.offers) == state.is_finished


def test_neither_name_nor_number_stands_in_the_words():
    for state in CaseState:
        text = explain_case(replace(CASE, state=state), TODAY).text
        assert CASE.applicant not in text
        assert CASE.number not in text
        assert CASE.query_code not in text


@settings(deadline=None)
@given(
    promised=st.integers(0, 60),
    today=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    accepted=st.dates(date(2024, 1, 1), date(2027, 6, 30)),
    stops=st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2027, 6, 30)), st.integers(0, 90) | st.none()), max_size=3),
    state=st.sampled_from(list(CaseState)),
)
def test_whatever_a_case_system_sends_is_explained(promised, today, accepted, stops, state):
    from datetime import timedelta

    case = replace(
        CASE,
        promised_days=promised,
        state=state,
        accepted_at=datetime.combine(accepted, NOW.timetz()),
        stops=tuple(Stop(start, "停", None if days is None else start + timedelta(days=days)) for start, days in stops),
    )
    table = make_timetable(case, today)
    assert 0 <= table.remaining <= promised
    assert not (table.late and table.due is None)
    assert table.clock is not Clock.NONE or state in {CaseState.REJECTED, CaseState.WITHDRAWN}
    assert explain_case(case, today).text
