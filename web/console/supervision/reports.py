"""Reports: the figures of a time by desk, agent or day, with their definitions; as a page and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import DEFINITIONS, Desk, Figures, agents_with_handlings, measure
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
    """Give the rows of a report with their names, and all together."""
    codes = [desk.code for desk in chosen_desks(list(mine), wanted.desk)]
    whole = measure(session, wanted.start, wanted.end, desks=codes)
    rows: list[tuple[str, Figures]] = []
    if wanted.way == "desk":
        titles = {desk.code: desk.name for desk in mine}
        rows = [(titles[code], measure(session, wanted.start, wanted.end, desk=code)) for code in codes]
    elif wanted.way == "agent":
        agents = agents_with_handlings(session, wanted.start, wanted.end, codes)
        names = people(session, set(agents))
        rows = [(names[agent], measure(session, wanted.start, wanted.end, desks=codes, agent=agent)) for agent in agents]
    else:
        day = wanted.start
        while day < wanted.end:
            rows.append((day.strftime("%Y-%m-%d"), measure(session, day, day + _DAY, desks=codes)))
            day += _DAY
    return rows, whole


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
