"""The audit log's pages: search it, take it away as a file, check its chain."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from desk import CloseOutcome, Presence
from qinwen.clock import SHAANXI, now
from staff import AuditFilter, AuditRow, Member, Permission, Role, Verification, all_rows, find_rows, may, record, verify
from web.console.access import member_of
from web.console.forms import day_of, text_of
from web.console.modules import MODULES, Module, NavEntry, Route, Tile, needs
from web.console.pages import change, render, transact

_SIZE = 50
_FIELDS = ("actor", "action", "object", "since", "until")
_HEADINGS = ("编号", "时间", "谁", "做了什么", "对什么", "详情", "校验值")
_DETAIL = {
    "agent": "坐席",
    "by": "凭",
    "bytes": "字节",
    "capacity": "同时接待",
    "citizen": "市民",
    "departments": "部门",
    "desk": "服务台",
    "draft": "草稿第几次保存",
    "entries": "条目数",
    "entry": "条目",
    "fields": "改了哪些",
    "filter": "条件",
    "from": "从",
    "kind": "种类",
    "message": "消息",
    "name": "姓名",
    "negative": "反例",
    "open": "待处理",
    "opened": "新发现",
    "outcome": "结果",
    "reason": "原因",
    "regions": "地区",
    "reopened": "又出现",
    "resolved": "已消失",
    "restores": "恢复到第几版",
    "roles": "角色",
    "rows": "行数",
    "score": "得分",
    "sessions_ended": "结束的登录",
    "until": "到",
    "version": "第几版",
}
_VALUES = {
    "password": "密码",
    "phone": "手机验证码",
    "recovery": "恢复码",
    "changed": "改了",
    **{outcome.value: outcome.label for outcome in CloseOutcome},
    **{presence.value: presence.label for presence in Presence},
    **{role.value: role.label for role in Role},
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def show_log(request: web.Request) -> web.Response:
    """Show rows, the newest first: `GET /audit?actor=&action=&object=&since=&until=&below=`."""
    return await _log_page(request)


async def check_log(request: web.Request) -> web.Response:
    """Check the chain from the first row to the last."""
    return await _log_page(request, verification=await transact(request, verify))


async def export_log(request: web.Request) -> web.StreamResponse:
    """Give the rows that fit as a CSV file; that this was done is written down, too."""
    form = await request.post()
    wanted = _filter(form)
    labels = action_labels(request.app)
    chosen = {name: text_of(form, name) for name in _FIELDS if text_of(form, name)}

    def write(session: Session) -> str:
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        writer.writerow(_HEADINGS)
        writer.writerows([_cell(value) for value in _line(row, labels)] for row in all_rows(session, wanted))
        record(session, member_of(request).login, "audit_exported", "audit:log", {"filter": sorted(chosen)})
        return sheet.getvalue()

    name = f"audit-{now().astimezone(SHAANXI):%Y%m%d-%H%M}.csv"
    return web.Response(
        body=("\ufeff" + await change(request, write)).encode(),  # the mark tells spreadsheets that it is UTF-8
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def action_labels(app: web.Application) -> dict[str, str]:
    """Give the names of all actions that some module records."""
    return {action: label for module in app[MODULES] for action, label in module.actions.items()}


def count_today(session: Session, member: Member) -> list[Tile]:
    """Count today's rows for the start page of who may read them."""
    if not may(member, Permission.AUDIT_READ):
        return []
    today = now().astimezone(SHAANXI).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = find_rows(session, AuditFilter(since=today), limit=1000)
    figure = f"{len(rows)}" if len(rows) < 1000 else "1000+"  # noqa: PLR2004
    return [Tile("今天的操作", figure, "记入审计的登录和改动", f"/audit?since={today.date()}")]


async def _log_page(request: web.Request, verification: Verification | None = None) -> web.Response:
    query = request.query
    below = query.get("below", "")
    start = int(below) if below.isascii() and below.isdigit() and len(below) < 16 else None  # noqa: PLR2004
    wanted = _filter(query)
    rows = await transact(request, lambda session: find_rows(session, wanted, below=start, limit=_SIZE + 1))
    chosen = {name: text_of(query, name) for name in _FIELDS}
    given = {name: value for name, value in chosen.items() if value}
    return render(
        request,
        "audit.html",
        title="审计记录",
        rows=rows[:_SIZE],
        chosen=chosen,
        older=urlencode({**given, "below": rows[_SIZE - 1].number}) if len(rows) > _SIZE else "",
        latest=urlencode(given),
        newest=start is None,
        labels=action_labels(request.app),
        detail_of=detail_lines,
        verification=verification,
    )


def detail_lines(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give a row's detail in lines; a pair of lists is what it was before and after."""
    return [(_DETAIL.get(name, name), _words(value)) for name, value in detail.items()]


def _words(value: Any) -> str:
    match value:
        case [[*before], [*after]]:
            return f"{_words(before)} → {_words(after)}"
        case []:
            return "（无）"
        case [*values]:
            return "、".join(map(_words, values))
        case str():
            return _VALUES.get(value) or value
    return json.dumps(value, ensure_ascii=False)


def _filter(fields: Mapping[str, Any]) -> AuditFilter:
    until = day_of(fields, "until")
    return AuditFilter(
        actor=text_of(fields, "actor").lower(),
        action=text_of(fields, "action"),
        object=text_of(fields, "object"),
        since=day_of(fields, "since"),
        until=until + timedelta(days=1) if until else None,
    )


def _line(row: AuditRow, labels: Mapping[str, str]) -> list[str]:
    at: datetime = row.at.astimezone(SHAANXI)
    detail = json.dumps(dict(row.detail), ensure_ascii=False) if row.detail else ""
    action = labels.get(row.action, row.action)
    return [str(row.number), at.strftime("%Y-%m-%d %H:%M:%S"), row.actor, action, row.object, detail, row.hash]


def _cell(value: str) -> str:
    # A spreadsheet must not run a cell as a formula.
    return f"'{value}" if value.startswith(_FORMULA) else value


_READ = needs(Permission.AUDIT_READ)
MODULE = Module(
    routes=(
        Route("GET", "/audit", show_log, _READ),
        Route("POST", "/audit/verify", check_log, _READ),
        Route("POST", "/audit/export", export_log, _READ),
    ),
    nav=(NavEntry("审计记录", "/audit", Permission.AUDIT_READ, "管理"),),
    actions={"audit_exported": "导出审计记录"},
    tiles=count_today,
)
