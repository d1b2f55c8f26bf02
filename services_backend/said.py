"""Reading what citizens write about cases and appointments: numbers, levels, reasons, days and times. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time, timedelta

from language import normalise
from services_backend.vocabulary import RatingLevel, RatingReason

_SEPARATOR = r"[\s\-_.·/]*"
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_NUMBER = re.compile(rf"S\s?N(?:{_SEPARATOR}\d){{14}}(?!\d)", re.ASCII | re.IGNORECASE)
_DIGITS_ONLY = re.compile(rf"(?<![0-9A-Za-z])20\d{{2}}(?:{_SEPARATOR}\d){{10}}(?!\d)", re.ASCII)
# What somebody may well mean as a number of a case, although it is none of ours.
_ATTEMPT = re.compile(rf"(?<![0-9A-Za-z])[A-Za-z]{{0,4}}(?:{_SEPARATOR}\d){{8,24}}(?!\d)", re.ASCII)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})(?::|点|时)(半|\d{2})?", re.ASCII)
_DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})[日号]?", re.ASCII)
_WEEKDAY = re.compile(r"(下)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_WEEKDAYS = "一二三四五六日"
_NOON, _HALF = 12, 30
_LEVELS = (
    (r"非常不满意|很不满意|极不满意|一星|[1１]星|[1１]分", RatingLevel.VERY_DISSATISFIED),
    (r"不太满意|不满意|差评|两星|二星|[2２]星|[2２]分", RatingLevel.DISSATISFIED),
    (r"基本满意|比较满意|还可以|一般|三星|[3３]星|[3３]分", RatingLevel.FAIRLY_SATISFIED),
    (r"非常满意|很满意|十分满意|好评|五星|[5５]星|[5５]分", RatingLevel.VERY_SATISFIED),
    (r"满意|四星|[4４]星|[4４]分", RatingLevel.SATISFIED),
)


def find_numbers(text: str) -> list[str]:
    """Give the case numbers in a text, each once, in their one form; the check digit is the case system's business."""
    plain = normalise(text).translate(_HAN_DIGITS)
    found = [match[0] for match in _NUMBER.finditer(plain)]
    rest = _NUMBER.sub(" ", plain)
    found += [match[0] for match in _DIGITS_ONLY.finditer(rest)]
    return list(dict.fromkeys("SN" + re.sub(r"\D", "", number) for number in found))


def looks_like_a_number(text: str) -> bool:
    """Tell whether a text holds something that is meant as a case number but is not one of ours."""
    return _ATTEMPT.search(normalise(text).translate(_HAN_DIGITS)) is not None


def read_level(text: str) -> RatingLevel | None:
    """Give the level of satisfaction that a text names."""
    plain = normalise(text)
    return next((level for pattern, level in _LEVELS if re.search(pattern, plain)), None)


def read_reasons(text: str) -> tuple[RatingReason, ...]:
    """Give the reasons that a text names."""
    plain = normalise(text)
    words = {
        RatingReason.EFFICIENCY: r"效率|慢|快|时间|拖",
        RatingReason.GUIDE: r"指南|说明|不准|不清楚",
        RatingReason.CONVENIENCE: r"便捷|方便|麻烦|跑",
        RatingReason.PLATFORM: r"平台|操作|系统|网站|手机",
        RatingReason.ATTITUDE: r"态度|耐心|凶|热情",
        RatingReason.MATERIALS: r"材料|证明",
        RatingReason.OTHER: r"其他|别的",
    }
    return tuple(reason for reason, pattern in words.items() if re.search(pattern, plain))


def read_day(text: str, today: date, days: Sequence[date]) -> date | None:
    """Give the one of `days` that a text names (明天, 下周三, 11月25日)."""
    plain = normalise(text)
    wanted: date | None = None
    for word, distance in (("大后天", 3), ("后天", 2), ("明天", 1), ("明儿", 1), ("今天", 0)):
        if word in plain:
            wanted = today + timedelta(days=distance)
            break
    if found := _DAY.search(plain):
        return next((day for day in days if (day.month, day.day) == (int(found[1]), int(found[2]))), None)
    if wanted is None and (week := _WEEKDAY.search(plain)):
        weekday = _WEEKDAYS.index(week[2].replace("天", "日"))
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 if week[1] else 0)
        wanted = monday + timedelta(days=weekday)
        if wanted < today and not week[1]:
            wanted += timedelta(days=7)
    return wanted if wanted in days else None


def read_time(text: str, times: Sequence[time]) -> time | None:
    """Give the one of `times` that a text names (9:30, 下午三点半)."""
    plain = normalise(text).translate(str.maketrans("一二三四五六七八九两", "1234567892")).replace("十", "10")
    plain = plain.replace("1010", "10").replace("101", "11").replace("102", "12")
    found = _CLOCK.search(plain)
    if not found:
        return None
    hour = int(found[1])
    minute = _HALF if found[2] == "半" else int(found[2] or 0)
    if hour < _NOON and re.search(r"下午|后晌|傍晚", plain):
        hour += _NOON
    matching = [at for at in times if at.minute == minute and at.hour in {hour, hour + _NOON if hour < 8 else hour}]  # noqa: PLR2004
    return matching[0] if len(matching) == 1 else None
