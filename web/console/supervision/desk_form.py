"""Reads the form of a desk: fields to a `Desk`, with a sentence for what can't be read; and a `Desk` to the form's fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from desk import Desk, DeskRefused, hours_from_json, hours_to_json

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
TIMES = (
    ("first_reply", "首次回复", "分钟", 60, "市民要求人工以后，多少分钟内应当有坐席的第一句话。看板用它标出快要超时的。"),
    ("overflow_after", "转上级", "分钟", 60, "排队多少分钟没人接，转给上级服务台。"),
    ("silent_after", "坐席沉默", "分钟", 60, "坐席多少分钟不回复，会话退回排队。"),
    ("answer_days", "答复留言", "个工作日", 1, "留言几个工作日内答复。"),
)
_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")
_SPLIT = re.compile(r"[\s,，、;；]+")
_LONGEST_EXCEPTIONS = 120


def fields_of(desk: Desk) -> dict[str, Any]:
    """Give a desk as the form shows it."""
    hours = hours_to_json(desk.hours)
    return {
        "code": desk.code,
        "name": desk.name,
        "department": desk.department or "",
        "region": desk.region,
        "parent": desk.parent or "",
        "active": desk.active,
        "week": [" ".join(spans) for spans in hours["week"]],
        "exceptions": "\n".join(f"{day} {' '.join(spans) or '休息'}" for day, spans in hours["exceptions"].items()),
        "works_on_holidays": hours["works_on_holidays"],
        "make_up_like": hours["make_up_like"],
        "items": "\n".join(desk.items),
        "capacity": str(desk.capacity),
        **{name: f"{getattr(desk, name) / scale:g}" for name, _, _, scale, _ in TIMES},
    }


def read_fields(form: Mapping[str, Any], code: str | None = None) -> dict[str, Any]:
    """Take the form's fields as they were typed, to show them again; `code` of a desk that is there already."""

    def text(name: str) -> str:
        value = form.get(name, "")
        return value.replace("\0", "").replace("\r\n", "\n").strip()[:8000] if isinstance(value, str) else ""

    return {
        "code": code or text("code"),
        "week": [text(f"day{number}") for number in range(7)],
        "active": text("active") == "yes",
        "works_on_holidays": text("works_on_holidays") == "yes",
        "make_up_like": int(text("make_up_like")) if text("make_up_like") in set("0123456") else 0,
        **{
            name: text(name)
            for name in (
                "name",
                "department",
                "region",
                "parent",
                "exceptions",
                "items",
                "capacity",
                *(row[0] for row in TIMES),
            )
        },
    }


def to_desk(fields: Mapping[str, Any], known_items: Mapping[str, str]) -> Desk:
    """Make a desk of the form's fields.

    Args:
        fields: see `read_fields`.
        known_items: the items that there are, by code.

    Raises:
        DeskRefused: something can't be read; the sentence says what.
    """
    if not _CODE.fullmatch(fields["code"]):
        raise DeskRefused("代码用小写字母开头，2 到 32 个小写字母、数字或减号，例如 xian-gongan。")
    items = tuple(dict.fromkeys(filter(None, _SPLIT.split(fields["items"]))))
    if unknown := [item for item in items if item not in known_items]:
        raise DeskRefused(f"没有这个事项：{unknown[0]}。一行写一个事项代码。")
    week = [_spans(words, WEEKDAYS[number]) for number, words in enumerate(fields["week"])]
    shape = {
        "week": week,
        "exceptions": _exceptions(fields["exceptions"]),
        "works_on_holidays": fields["works_on_holidays"],
        "make_up_like": fields["make_up_like"],
    }
    numbers = {name: _number(fields[name], title, scale) for name, title, _, scale, _ in TIMES}
    return Desk(
        code=fields["code"],
        name=fields["name"],
        region=fields["region"],
        hours=hours_from_json(shape),
        department=fields["department"] or None,
        parent=fields["parent"] or None,
        items=items,
        capacity=_number(fields["capacity"], "同时接待", 1),
        active=fields["active"],
        **numbers,
    )


def _number(text: str, title: str, scale: int) -> int:
    try:
        number = float(text) * scale
    except ValueError:
        number = float("nan")
    if not 1 <= number <= 10**6 or number != int(number):
        raise DeskRefused(f"「{title}」要写一个大于零的数。")
    return int(number)


def _spans(words: str, title: str) -> list[str]:
    spans = [part for part in _SPLIT.split(words.replace("～", "-").replace("—", "-").replace("：", ":")) if part]
    if spans in (["休息"], ["不开"]):
        return []
    if not all(re.fullmatch(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", span) for span in spans):
        raise DeskRefused(f"{title}的时段写成「09:00-12:00 13:00-17:30」，几段用空格隔开；不开就空着。")
    return ["-".join(end.zfill(5) for end in span.split("-")) for span in spans]


def _exceptions(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        days, _, words = line.replace("　", " ").partition(" ")
        first, _, last = days.partition("~") if "~" in days else days.partition("至")
        try:
            day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise DeskRefused(
                f"例外日期「{line[:30]}」看不懂。写成「2026-10-01 休息」「2026-10-08 10:00-16:00」，"
                "连着几天写「2026-10-01至2026-10-07 休息」。"
            ) from None
        if not 0 <= (end - day).days < _LONGEST_EXCEPTIONS:
            raise DeskRefused(f"例外日期「{line[:30]}」的结束要在开始之后，最多 {_LONGEST_EXCEPTIONS} 天。")
        spans = _spans(words, f"例外日期 {first} ")
        while day <= end:
            found[day.isoformat()] = spans
            day += timedelta(days=1)
    return found
