"""Reports: the figures of a time by desk, agent or day, with their definitions; as a page and as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import DEFINITIONS, NO_FIGURES, Desk, Figures, Seen, measure_each
from qinwen.clock import SHAANXI, now
from qinwen.tables import to_csv
from staff import record
from web.console.access import member_of
from web.console.forms import day_of, text_of
from web.console.pages import change, render, transact
from web.console.supervision.scope import chosen_desks, people, supervised_desks

COLUMNS = (
    ("asked", "要求人工"),
    ("served", "接待"),
    ("left", "离开排队"),
    ("messages", "留言"),
    ("first_response", "首次响应"),
    ("handling", "处理时长"),
    ("resolution", "解决率"),
    ("transfers", "转交率"),
    ("rated", "评价数"),
    ("rating", "平均评价"),
    ("satisfied", "满意率"),
)
SECONDS, SHARES = {"first_response", "handling"}, {"resolution", "transfers", "satisfied"}
WAYS = {"desk": "服务台", "agent": "坐席", "day": "日期"}
_DATE = "%Y-%m-%d"
_PARTS: dict[str, Callable[[Seen], str | None]] = {
    "desk": lambda seen: seen.desk,
    "agent": lambda seen: seen.agent,
    "day": lambda seen: seen.asked_at.astimezone(SHAANXI).strftime(_DATE),
}
_DAY = timedelta(days=1)
_MOST_DAYS = 366
_USUAL_DAYS = 7


@dataclass(frozen=True)
class Wanted:
    """What a report is asked about; `end` is the day after the last."""

    way: str
    start: datetime
    end: datetime
    desk: str

    @property
    def last(self) -> datetime:
        """The last day."""
        return self.end - _DAY


def read_wanted(request: web.Request) -> Wanted:
    """Read `?by=desk|agent|day&from=&to=&desk=`; the last seven days by desk, unless said otherwise."""
    query = request.query
    today = now().astimezone(SHAANXI).replace(hour=0, minute=0, second=0, microsecond=0)
    last = day_of(query, "to") or today
    start = day_of(query, "from") or last - _DAY * (_USUAL_DAYS - 1)
    start = max(min(start, last), last - _DAY * (_MOST_DAYS - 1))
    way = query.get("by", "desk")
    return Wanted(way if way in WAYS else "desk", start, last + _DAY, text_of(query, "desk"))


def read_rows(session: Session, mine: Sequence[Desk], wanted: Wanted) -> tuple[list[tuple[str, Figures]], Figures]:
    """Give the rows of a report with their names, and all together. Desks and days without any handling are listed, too."""
    codes = [desk.code for desk in chosen_desks(list(mine), wanted.desk)]
    found, whole = measure_each(session, wanted.start, wanted.end, codes, _PARTS[wanted.way])
    if wanted.way == "desk":
        titles = {desk.code: desk.name for desk in mine}
    elif wanted.way == "agent":
        titles = people(session, set(found))
    else:
        days = ((wanted.start + _DAY * n).strftime(_DATE) for n in range((wanted.end - wanted.start).days))
        titles = {day: day for day in days}
    order = codes if wanted.way == "desk" else found if wanted.way == "agent" else titles
    return [(titles[name], found.get(name, NO_FIGURES)) for name in order], whole


async def show_report(request: web.Request) -> web.Response:
    """Show a report."""
    wanted = read_wanted(request)

    def read(session: Session) -> dict[str, Any]:
        mine = supervised_desks(session, member_of(request))
        rows, whole = read_rows(session, mine, wanted) if mine else ([], None)
        return {"desks": mine, "rows": rows, "whole": whole}

    found = await transact(request, read)
    return render(
        request, "supervision/reports.html", title="服务台统计", wanted=wanted, columns=COLUMNS, ways=WAYS,
        definitions=DEFINITIONS, show=show_figure, query=request.query_string, **found,
    )  # fmt: skip


async def export_report(request: web.Request) -> web.Response:
    """Give a report as a file for a spreadsheet: `GET /supervise/reports.csv`, the same questions. That is audited."""
    wanted, member = read_wanted(request), member_of(request)

    def read(session: Session) -> list[list[object]]:
        mine = supervised_desks(session, member)
        rows, whole = read_rows(session, mine, wanted) if mine else ([], None)
        record(session, member.login, "desk_report_exported", f"report:{wanted.way}", {"desk": wanted.desk, "rows": len(rows)})
        named = [*rows, *([("合计", whole)] if whole else [])]
        return [[name, *(_plain(figures, column) for column, _ in COLUMNS)] for name, figures in named]

    rows = await change(request, read)
    heads = [WAYS[wanted.way], *(f"{title}{'（秒）' if name in SECONDS else ''}" for name, title in COLUMNS)]
    name = f"desk-{wanted.way}-{wanted.start:%Y%m%d}-{wanted.last:%Y%m%d}.csv"
    return web.Response(
        body=to_csv([heads, *rows]),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def show_figure(figures: Figures, name: str) -> str:
    """Give a figure in words; what can't be told is a dash, never a zero."""
    value = getattr(figures, name)
    if value is None:
        return "—"
    if name in SECONDS:
        return say_seconds(value)
    if name in SHARES:
        return f"{value:.0%}"
    return f"{value:.2f}" if name == "rating" else str(value)


def say_seconds(seconds: float) -> str:
    """Give a time in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分"
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"


def _plain(figures: Figures, name: str) -> object:
    value = getattr(figures, name)
    return "" if value is None else round(value, 4) if isinstance(value, float) else value
