from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.entities.dates import find_dates

WEDNESDAY = date(2026, 3, 4)


def dates(text, today=WEDNESDAY):
    return [(entity.text, entity.value) for entity in find_dates(text, today)]


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("今天办", "今天", "2026-03-04"), ("明天上班吗", "明天", "2026-03-05"), ("大后天", "大后天", "2026-03-07"),
        ("昨儿个办的", "昨儿个", "2026-03-03"), ("夜儿去的", "夜儿", "2026-03-03"), ("明早去", "明早", "2026-03-05"),
        ("周五去", "周五", "2026-03-06"), ("下周一能办吗", "下周一", "2026-03-09"), ("上个星期天", "上个星期天", "2026-03-01"),
        ("下下周三", "下下周三", "2026-03-18"), ("周末", "周末", "2026-03-07/2026-03-08"),
        ("下周能领吗", "下周", "2026-03-09/2026-03-15"), ("礼拜二", "礼拜二", "2026-03-03"), ("等到周五", "周五", "2026-03-06"),
        ("上个月15号", "上个月15号", "2026-02-15"), ("下个月", "下个月", "2026-04"), ("这个月底", "这个月底", "2026-03-31"),
        ("下个月31号", "下个月31号", None), ("去年12月", "去年12月", "2025-12"), ("明年3月5日", "明年3月5日", "2027-03-05"),
        ("今年底", "今年底", "2026-12-31"), ("今年", "今年", "2026"), ("三天后", "三天后", "2026-03-07"),
        ("10天前", "10天前", "2026-02-22"), ("两周后", "两周后", "2026-03-18"),
        ("2026年3月5日", "2026年3月5日", "2026-03-05"), ("2026-3-5", "2026-3-5", "2026-03-05"),
        ("2026.03.05", "2026.03.05", "2026-03-05"), ("2026/3/5", "2026/3/5", "2026-03-05"),
        ("20260305", "20260305", "2026-03-05"), ("２０２６年３月", "２０２６年３月", "2026-03"),
        ("26年3月", "26年3月", "2026-03"), ("二〇二六年三月", "二〇二六年三月", "2026-03"), ("2026-03", "2026-03", "2026-03"),
        ("2027年", "2027年", "2027"), ("3月5号", "3月5号", "2026-03-05"), ("三月十五号", "三月十五号", "2026-03-15"),
        ("12月5号", "12月5号", "2025-12-05"), ("5月二十一日", "5月二十一日", "2026-05-21"), ("4月份", "4月份", "2026-04"),
        ("15号能领吗", "15号", "2026-03-15"), ("廿一号", "廿一号", "2026-03-21"), ("25号办的", "25号", "2026-02-25"), ("31号", "31号", "2026-03-31"),
        ("2月30号", "2月30号", None), ("2026年13月", "2026年", "2026"), ("10-12办行吗", "10-12", "2026-10-12"),
        ("4-12去", "4-12", "2026-04-12"),
    ],
)  # fmt: skip
def test_a_date_is_found_and_resolved(text, written, value):
    assert dates(text) == [(written, value)]


@pytest.mark.parametrize(
    "text",
    [
        "10-12岁的孩子", "9-12点上班", "5-10个工作日", "3-5天", "1-2万", "5号窗口在哪", "3号线", "第2号", "3个月",
        "15年", "10年", "每周一休息吗", "一周五天", "后天性残疾", "以后儿子怎么上学", "90年代", "3.5万",
        "029-88886666", "房子8号楼", "", "周转房",
    ],
)  # fmt: skip
def test_ranges_counts_and_numbered_things_are_no_dates(text):
    assert dates(text) == []


def test_the_end_of_a_weekly_range_is_no_date():
    assert dates("周一到周五上班吗") == []


def test_without_today_only_full_dates_have_a_value():
    assert dates("明天", None) == [("明天", None)]
    assert dates("3月5号", None) == [("3月5号", None)]
    assert dates("2026年3月5号", None) == [("2026年3月5号", "2026-03-05")]


def test_two_dates_are_found_in_order():
    assert [value for _, value in dates("从3月5号到下周一,")] == ["2026-03-05", "2026-03-09"]


@pytest.mark.parametrize("today", [date.min, date.max, date(2024, 2, 29)])
@pytest.mark.parametrize("text", ["大前天", "大后天", "上上个月", "下下周日", "后年2月29号", "1月1号", "99天前", "2月29号"])
def test_the_ends_of_the_calendar_never_raise(text, today):
    dates(text, today)


@given(st.text(st.sampled_from("0123456789年月日号周星期上下个今明后天前-/.一二十廿〇 １"), max_size=20))
def test_dates_never_overlap_and_tell_their_place(text):
    end = 0
    for entity in find_dates(text, WEDNESDAY):
        assert entity.start >= end
        assert text[entity.start : entity.end] == entity.text
        end = entity.end
