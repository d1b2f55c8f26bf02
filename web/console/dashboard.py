"""The dashboard: what citizens asked, how it ended, how fast and how well; every figure with its definition and its rows.

The figures are defined and counted in `conversations.figures` and `desk.rating_figures`; here they are only arranged. Who may
see conversations gets from each figure to the rows behind it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import (
    CONVERSATION_FIGURES,
    DEFINITIONS,
    WHY,
    Day,
    Figures,
    JudgedConversation,
    TurnRow,
    Window,
    conversation_rows,
    measure_turns,
    turn_condition,
    turn_rows,
)
from desk import RATING_DEFINITIONS, RatingLevel, badly_rated, count_ratings, list_ratings
from knowledge_base import item_titles
from knowledge_base.gaps import count_open_gaps
from qinwen.clock import SHAANXI, now
from qinwen.vocabulary import FACET_TITLES, OUTCOME_TITLES
from staff import Permission, may
from web.console.access import member_of
from web.console.forms import day_of, text_of
from web.console.modules import Module, NavEntry, Route, needs
from web.console.pages import render, transact

CHANNELS = {"webchat": "网页", "wechat": "微信"}
PERIODS = {"1": "今天", "7": "最近 7 天", "30": "最近 30 天", "90": "最近 90 天"}
_USUAL, _LONGEST = 7, timedelta(days=366)
_SIZE = 50
_GAPS = {
    "gaps": (
        "没答好的问题",
        "最近 30 天里没答上、反问没用、把握低、评价差、又问一遍，还没有人处理的；意思相同的算一个，不分渠道和上面选的时间。",
    )
}
_RATING_FIGURES = ("rated", *(f"level:{level.value}" for level in RatingLevel))


@dataclass(frozen=True)
class Choice:
    """What somebody looks at: some days in Shaanxi, and a channel or all."""

    since: datetime
    until: datetime
    channel: str

    @property
    def window(self) -> Window:
        """The same for the figures."""
        return Window(self.since, self.until, self.channel or None)

    @property
    def address(self) -> str:
        """The same in an address."""
        last = self.until - timedelta(days=1)
        return urlencode({"since": f"{self.since:%Y-%m-%d}", "until": f"{last:%Y-%m-%d}", "channel": self.channel})


async def show(request: web.Request) -> web.Response:
    """Show the figures: `GET /dashboard?days=7&channel=`, or `?since=2026-10-01&until=2026-10-07`."""
    choice, moment, member = read_choice(request.query), now(), member_of(request)
    sees_gaps = may(member, Permission.GAPS_READ)

    def read(session: Session) -> dict[str, Any]:
        figures = measure_turns(session, choice.window, _bad(session, choice, moment), moment)
        return {
            "figures": figures,
            "ratings": count_ratings(session, choice.since, choice.until),
            "gaps": count_open_gaps(session, member.departments, member.regions) if sees_gaps else None,
            "titles": item_titles(session, [top.code for top in figures.items]),
        }

    found = await transact(request, read)
    ratings: dict[RatingLevel, int] = found["ratings"]
    days = _every_day(choice, found["figures"].days)
    rated = sum(ratings.values())
    good = sum(count for level, count in ratings.items() if not level.is_bad)
    return render(
        request,
        "dashboard.html",
        title="数据看板",
        choice=choice,
        last=choice.until - timedelta(days=1),
        days=request.query.get("days") or ("" if request.query.get("since") else str(_USUAL)),
        periods=PERIODS,
        channels=CHANNELS,
        definitions={**DEFINITIONS, **RATING_DEFINITIONS, **(_GAPS if sees_gaps else {})},
        outcomes=OUTCOME_TITLES,
        facets={facet.value: title for facet, title in FACET_TITLES.items()},
        rated=rated,
        satisfied=good / rated if rated else None,
        by_day=days,
        charts=_charts(found["figures"], days, ratings),
        **found,
    )


async def show_rows(request: web.Request) -> web.Response:
    """Show the rows behind a figure: `GET /dashboard/rows?figure=answered&since=…&until=…&channel=&after=`."""
    query, moment, member = request.query, now(), member_of(request)
    choice, code = read_choice(query), text_of(query, "figure")
    if turn_condition(code) is None and code not in (*CONVERSATION_FIGURES, *_RATING_FIGURES):
        raise web.HTTPNotFound
    after = _read_after(text_of(query, "after"))

    def read(session: Session) -> dict[str, Any]:
        if code in _RATING_FIGURES:
            _, _, level = code.partition(":")
            below = after[1] if after else ""
            rows: Any = list_ratings(
                session,
                choice.since,
                choice.until,
                level=RatingLevel(int(level)) if level else None,
                below=int(below) if below.isascii() and below.isdigit() else None,
                size=_SIZE + 1,
            )
            return {"kind": "ratings", "rows": rows}
        if code in CONVERSATION_FIGURES:
            bad = _bad(session, choice, moment)
            rows = conversation_rows(session, code, choice.window, member.regions, bad, moment, after, _SIZE + 1)
            return {"kind": "conversations", "rows": rows}
        rows = turn_rows(session, code, choice.window, member.regions, after, _SIZE + 1)
        return {"kind": "turns", "rows": rows, "titles": item_titles(session, {row.item for row in rows if row.item})}

    found = await transact(request, read)
    rows = found.pop("rows")
    last: TurnRow | JudgedConversation | None = rows[_SIZE - 1] if len(rows) > _SIZE else None
    given = f"{choice.address}&{urlencode({'figure': code})}"
    return render(
        request,
        "dashboard_rows.html",
        title=_name_of(code, found.get("titles", {})),
        code=code,
        definition={**DEFINITIONS, **RATING_DEFINITIONS}.get(code, ("", ""))[1],
        choice=choice,
        last=choice.until - timedelta(days=1),
        channels=CHANNELS,
        outcomes=OUTCOME_TITLES,
        facets={facet.value: title for facet, title in FACET_TITLES.items()},
        why=WHY,
        limited=bool(member.regions),
        rows=rows[:_SIZE],
        first=after is None,
        latest=given,
        older=f"{given}&{urlencode({'after': f'{last.at.isoformat()}|{last.id}'})}" if last else "",
        **{"titles": {}, **found},
    )


def read_choice(query: Mapping[str, Any]) -> Choice:
    """Read period and channel; what makes no sense becomes the usual seven days."""
    today = now().astimezone(SHAANXI).replace(hour=0, minute=0, second=0, microsecond=0)
    channel = text_of(query, "channel")
    channel = channel if channel in CHANNELS else ""
    since, until = day_of(query, "since"), day_of(query, "until")
    if since and until and since <= until and until - since < _LONGEST:
        return Choice(since, until + timedelta(days=1), channel)
    days = text_of(query, "days")
    count = int(days) if days in PERIODS else _USUAL
    return Choice(today - timedelta(days=count - 1), today + timedelta(days=1), channel)


def _bad(session: Session, choice: Choice, moment: datetime) -> set[str]:
    # A conversation of the period may be rated after it.
    return badly_rated(session, choice.since, max(choice.until, moment))


def _read_after(text: str) -> tuple[datetime, str] | None:
    moment, _, number = text.partition("|")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, number) if at.tzinfo else None


def _name_of(code: str, titles: Mapping[str, str]) -> str:
    kind, _, value = code.partition(":")
    if kind == "outcome":
        return f"结果是“{next((title for one, title in OUTCOME_TITLES.items() if one.value == value), value)}”的消息"
    if kind == "item":
        return f"问“{titles.get(value, value)}”的消息"
    if kind == "facet":
        return f"问“{next((title for one, title in FACET_TITLES.items() if one.value == value), value)}”的消息"
    if kind == "level":
        return f"评价：{RatingLevel(int(value)).label}"
    return {**DEFINITIONS, **RATING_DEFINITIONS}[code][0]


def _every_day(choice: Choice, known: Sequence[Day]) -> list[Day]:
    """Give the days of the period up to today, also those on which nobody asked."""
    by_day = {day.day: day for day in known}
    end = min(choice.until, now().astimezone(SHAANXI))
    count = max(0, (end - choice.since).days + (1 if end < choice.until else 0))
    names = [f"{choice.since + timedelta(days=number):%Y-%m-%d}" for number in range(count)]
    return [by_day.get(name, Day(name, 0, 0, 0)) for name in names]


def _charts(figures: Figures, days: Sequence[Day], ratings: Mapping[RatingLevel, int]) -> dict[str, str]:
    """Give what the charts draw, as JSON for `static/staff/dashboard.js`."""
    daily = {
        "days": [day.day[5:] for day in days],
        "series": [
            {"name": "答出", "values": [day.answered for day in days]},
            {"name": "没答出", "values": [day.unanswered for day in days]},
            {"name": "其他", "values": [day.turns - day.answered - day.unanswered for day in days]},
        ],
    }
    outcomes = [{"name": OUTCOME_TITLES[one], "value": count} for one, count in figures.outcomes.items()]
    levels = [{"name": level.label, "value": ratings[level]} for level in sorted(RatingLevel, reverse=True)]
    return {name: json.dumps(value, ensure_ascii=False) for name, value in
            (("daily", daily), ("outcomes", outcomes), ("ratings", levels))}  # fmt: skip


MODULE = Module(
    routes=(
        Route("GET", "/dashboard", show, needs(Permission.DASHBOARD_READ)),
        Route("GET", "/dashboard/rows", show_rows, needs(Permission.CONVERSATIONS_READ)),
    ),
    nav=(NavEntry("数据看板", "/dashboard", Permission.DASHBOARD_READ, "运行"),),
)
