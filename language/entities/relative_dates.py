"""Finds dates told from today: 明天 · 下周一 · 上个月15号 · 今年3月 · 三天后; no value without today."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final, TypeAlias

from language.entities.entity import Entity, EntityKind
from language.normalise import fold_width
from language.numerals import parse_number

Resolve: TypeAlias = Callable[[re.Match[str], date], str]
_DAYS: Final = {
    "大前": -3, "前": -2, "昨": -1, "夜": -1, "今": 0, "明": 1, "后": 2, "大后": 3,
}  # fmt: skip
_YEARS: Final = {"前": -2, "去": -1, "今": 0, "本": 0, "明": 1, "后": 2}
_SHIFTS: Final = {"上上": -2, "上": -1, "": 0, "这": 0, "本": 0, "下": 1, "下下": 2}
_WEEKDAYS: Final = {sign: place for place, sign in enumerate("一二三四五六日")} | {"天": 6}
_NUMBER: Final = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_DAY: Final = re.compile(
    r"(?P<day>大前|大后|前|昨|今|明|后)(?:天(?!性|努力|培养|线)|日(?!本))|(?P<spoken>大后|后|明|今|夜|昨)(?:儿个?|个)(?![子童女媳科性人])"
    r"|(?P<part>今|明|昨)(?:早上?|晚上?|早晨|夜)"
)
_WEEK: Final = re.compile(
    # Not after 每 or a count, and not the end of 周一到周五: those say when an office is open.
    r"(?<![每一二两三四五六七八九十几\d个])(?<!周[一二三四五六日天1-7末][到至~-])(?<!期[一二三四五六日天1-7][到至~-])"
    r"(?:(?P<shift>上上|下下|上|下|这|本)个?)?(?:周|星期|礼拜)"
    r"(?:(?P<weekday>[一二三四五六日天1-7末])(?![\d.]|[年岁到至~-]|个月)|(?<=[上下这本]周)(?![岁年])|(?<=[上下这本个]星期)|(?<=[上下这本个]礼拜))"
)
_MONTH: Final = re.compile(rf"(?P<shift>上上|下下|上|下|这|本)个?月(?:(?P<monthday>{_NUMBER})[号日]|份|(?P<end>底|末))?")
_YEAR: Final = re.compile(
    rf"(?P<year>前|去|今|本|明|后)年(?:(?P<month>{_NUMBER})月(?:(?P<monthday>{_NUMBER})[号日]|份)?|(?P<end>底|末))?"
)
_SPAN: Final = re.compile(
    rf"(?<![第\d.一二三四五六七八九十])(?P<count>{_NUMBER})(?P<unit>天|日|周|个?星期|个?礼拜)(?:之?(?P<side>后|前))(?!天|台|面)"
)


def find_relative_dates(text: str, today: date | None) -> Iterator[Entity]:
    """Yield the dates that a text tells from today; 下周 and 周末 have an interval of days as their value."""
    folded = fold_width(text)
    for pattern, resolve in ((_DAY, _day), (_WEEK, _week), (_MONTH, _month), (_YEAR, _year), (_SPAN, _span)):
        for match in pattern.finditer(folded):
            value = None if today is None else _guarded(resolve, match, today)
            yield Entity(EntityKind.DATE, text[match.start() : match.end()], value, match.start(), match.end())


def _guarded(resolve: Resolve, match: re.Match[str], today: date) -> str | None:
    try:
        return resolve(match, today)
    except (ValueError, OverflowError):
        return None  # a day that doesn't exist: 下个月31号


def _day(match: re.Match[str], today: date) -> str:
    told = match["day"] or match["spoken"] or match["part"]
    return (today + timedelta(days=_DAYS[told])).isoformat()


def _week(match: re.Match[str], today: date) -> str:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_SHIFTS[match["shift"] or ""])
    weekday, sunday = match["weekday"], monday + timedelta(days=6)
    if weekday is None:
        return f"{monday.isoformat()}/{sunday.isoformat()}"
    if weekday == "末":
        return f"{(sunday - timedelta(days=1)).isoformat()}/{sunday.isoformat()}"
    place = int(weekday) - 1 if weekday.isdecimal() else _WEEKDAYS[weekday]
    return (monday + timedelta(days=place)).isoformat()


def _month(match: re.Match[str], today: date) -> str:
    months = today.year * 12 + today.month - 1 + _SHIFTS[match["shift"]]
    first = date(months // 12, months % 12 + 1, 1)
    if match["end"]:
        return ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()
    if match["monthday"]:
        return first.replace(day=_count(match["monthday"])).isoformat()
    return first.isoformat()[:7]


def _year(match: re.Match[str], today: date) -> str:
    year = date(today.year + _YEARS[match["year"]], 1, 1)
    if match["end"]:
        return year.replace(month=12, day=31).isoformat()
    if not match["month"]:
        return year.isoformat()[:4]
    month = year.replace(month=_count(match["month"]))
    if match["monthday"]:
        return month.replace(day=_count(match["monthday"])).isoformat()
    return month.isoformat()[:7]


def _span(match: re.Match[str], today: date) -> str:
    days = _count(match["count"]) * (1 if match["unit"] in "天日" else 7)
    return (today + timedelta(days=days if match["side"] == "后" else -days)).isoformat()


def _count(written: str) -> int:
    number = parse_number(written)
    if number is None:
        raise ValueError(written)
    return int(number)
