"""Finds dates written by the calendar: 2026年3月5日 · 2026-03 · 3月5号 · 20260305 · 10-12 · 二〇二六年."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from language.entities.entity import Entity, EntityKind
from language.normalise import fold_width
from language.numerals import parse_number

_YEAR: Final = r"(?P<y>(?:19|20)\d{2}|[一二][九〇零][〇零一二三四五六七八九]{2})"
_MONTH: Final = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY: Final = r"(?P<d>[12]\d|3[01]|0?[1-9]|三十一?|(?:二?十|廿)[一二三四五六七八九]?|[一二三四五六七八九])"
_NOT_IN_NUMBER: Final = r"(?<![\d/A-Za-z-])(?<!\d[.,])"
_NOT_INTO_NUMBER: Final = r"(?![\d/A-Za-z-]|[.,]\d)"
# 5号窗口, 3号线: a 号 that counts things, not days.
_NUMBERED_THINGS: Final = r"(?!窗|线|楼|门|口|院|店|机|码|台|柜|厅|房|令|文|公|信|地铁|出口|卡|证)"
# In this order: at one place the first form that fits is meant.
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_NOT_IN_NUMBER}{_YEAR}\s?年\s?{_MONTH}\s?月\s?{_DAY}\s?[日号]?",
        rf"{_NOT_IN_NUMBER}{_YEAR}(?P<s>[-/.]){_MONTH}(?P=s){_DAY}[日号]?{_NOT_INTO_NUMBER}",
        rf"{_NOT_IN_NUMBER}(?P<y>(?:19|20)\d{{2}})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01]){_NOT_INTO_NUMBER}",
        rf"{_NOT_IN_NUMBER}(?:{_YEAR}|(?P<yy>\d{{2}}))\s?年\s?{_MONTH}\s?月份?(?!\d)",
        rf"{_NOT_IN_NUMBER}(?P<y>(?:19|20)\d{{2}})[-/](?P<m>0[1-9]|1[0-2]){_NOT_INTO_NUMBER}",
        rf"{_NOT_IN_NUMBER}{_YEAR}\s?年(?!代)",
        rf"(?<![\d.一二三四五六七八九十个第]){_MONTH}\s?月\s?{_DAY}\s?[日号]",
        rf"(?<![\d.一二三四五六七八九十个第]){_MONTH}\s?月份?(?![\d子亮饼嫂季供])",
        rf"(?<![\d.一二三四五六七八九十第楼元路栋-]){_DAY}\s?号{_NUMBERED_THINGS}",
        # A month and day by numbers alone, unless what follows makes it a range (10-12岁, 9-11点).
        (
            r"(?<![\d/A-Za-z~:-])(?<!\d[.,])(?P<m>1[0-2]|0?[1-9])-(?P<d>[12]\d|3[01]|0?[1-9])[日号]?"
            r"(?![\d/A-Za-z~%-]|[.,:]\d|\s?[岁个天日月点年人万千百元块周小时分级层号楼折寸公平米栋单室多来左右次张份种])"
        ),
    )
)
_MIDDLE_OF_MONTH: Final = 15


class _Parts(NamedTuple):
    """What was written of a date; a missing part is `None`."""

    year: int | None
    month: int | None
    day: int | None


def find_calendar_dates(text: str, today: date | None) -> Iterator[Entity]:
    """Yield the dates that a text writes by the calendar.

    A missing year or month is the one that puts the date nearest to `today`, days past counting twice, since people
    ask more about what is to come. Without `today` the value is `None`, as it is for days that don't exist (2月30号).
    """
    folded, taken = fold_width(text), 0
    while (match := _next_match(folded, taken)) is not None:
        start, taken = match.start(), match.start() + len(match[0].rstrip())
        yield Entity(EntityKind.DATE, text[start:taken], _value(_parts(match), today), start, taken)


def _next_match(folded: str, start: int) -> re.Match[str] | None:
    found = [match for form in _FORMS if (match := form.search(folded, start)) is not None]
    return min(found, key=lambda match: match.start(), default=None)


def _parts(match: re.Match[str]) -> _Parts:
    groups = match.groupdict()
    short = groups.get("yy")
    return _Parts(2000 + int(short) if short else _number(groups.get("y")), _number(groups.get("m")), _number(groups.get("d")))


def _number(written: str | None) -> int | None:
    if written is None:
        return None
    if "廿" in written:
        written = written.replace("廿", "二十")
    number = parse_number(written)
    return None if number is None else int(number)


def _value(parts: _Parts, today: date | None) -> str | None:
    if parts.year is not None:
        return _iso(parts.year, parts.month, parts.day)
    if today is None:
        return None
    around = (-1, 0, 1)
    if parts.month is not None:
        candidates = [(today.year + shift, parts.month, parts.day) for shift in around]
    else:
        months = [today.year * 12 + today.month - 1 + shift for shift in around]
        candidates = [(month // 12, month % 12 + 1, parts.day) for month in months]
    real = [each for each in candidates if _iso(*each) is not None]
    return _iso(*min(real, key=lambda each: _distance(each, today))) if real else None


def _distance(written: tuple[int, int, int | None], today: date) -> int:
    year, month, day = written
    days = date(year, month, day or _MIDDLE_OF_MONTH).toordinal() - today.toordinal()
    return max(days, -2 * days)


def _iso(year: int, month: int | None, day: int | None) -> str | None:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])
