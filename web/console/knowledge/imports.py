"""Files of entries in and out: templates, upload, what a file would do, a second person's word, progress, undoing, export."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import EntryInvalid, EntryNotFound, known_departments, titled
from knowledge_base.batches import (
    STATES,
    Batch,
    approve_batch,
    begin_batch,
    count_batches,
    discard_batch,
    list_batches,
    read_batch,
    read_rows,
    return_batch,
    submit_batch,
    undo_batch,
)
from knowledge_base.exporting import FORMATS, KINDS, ExportFilter, export_to, template
from knowledge_base.import_plan import ACTS, Scope
from language import all_regions
from qinwen.clock import now, today
from staff import Member, Permission, may, record
from web.console.access import DATABASE, allow, member_of
from web.console.forms import text_of
from web.console.knowledge.entries import KINDS as KIND_TITLES
from web.console.knowledge.entries import entry_path, readable
from web.console.modules import Tile
from web.console.pages import change, redirect, render, transact

_SIZE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {".xlsx": _XLSX, ".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonl"}


async def show_imports(request: web.Request) -> web.Response:
    """Show what can be taken along, the form for a file, and earlier imports: `GET /knowledge/imports?below=&state=`."""
    query = request.query
    below, state = _digits(query.get("below", "")), query.get("state", "")

    def read(session: Session) -> dict[str, Any]:
        chosen = state if state in STATES else ""
        found = list_batches(session, below=below, limit=_SIZE + 1, state=chosen)
        return {"batches": found[:_SIZE], "more": len(found) > _SIZE, "departments": known_departments(session)}

    found = await transact(request, read)
    return render(request, "knowledge/imports.html", title="导入导出", states=STATES, state=state, below=below,
                  regions=all_regions(), kinds=KIND_TITLES, formats=FORMATS, **found)  # fmt: skip


async def take_file(request: web.Request) -> web.Response:
    """Take a file in; a job looks it through."""
    form, member = await request.post(), member_of(request)
    file = form.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        raise EntryInvalid("请先选一个文件。")
    data = await asyncio.to_thread(file.file.read)
    name = PurePath(file.filename.replace("\\", "/")).name
    scope = Scope(member.departments, member.regions)

    def begin(session: Session) -> int:
        number = begin_batch(session, name, data, member.login, now(), whole=text_of(form, "whole") == "yes", scope=scope,
                             review_due_on=_day(form, "review_due_on"))  # fmt: skip
        record(session, member.login, "import_uploaded", f"import:{number}", {"bytes": len(data)})
        return number

    number = await change(request, begin)
    return redirect(request, batch_path(number))


async def show_import(request: web.Request) -> web.Response:
    """Show what a file would do, or did, row by row: `GET /knowledge/imports/{batch}?act=&after=`."""
    query, number = request.query, _number(request)
    act = query.get("act", "") if query.get("act") in ACTS else ""
    after = _digits(query.get("after", "")) or 0

    def read(session: Session) -> dict[str, Any]:
        batch = read_batch(session, number)
        rows = [] if batch.running and not batch.counts else read_rows(session, number, act=act, after=after, limit=_SIZE + 1)
        return {"batch": batch, "rows": rows[:_SIZE], "next": rows[_SIZE - 1].number if len(rows) > _SIZE else 0}

    found = await transact(request, read)
    batch: Batch = found["batch"]
    mine = batch.author == member_of(request).login
    return render(
        request,
        "knowledge/import.html",
        title=f"第 {number} 批导入",
        act=act,
        after=after,
        acts=ACTS,
        entry_path=entry_path,
        readable=lambda row: readable(row.entry.partition(":")[0], row.differences),
        titled=titled,
        mine=mine,
        stuck=batch.stuck(now()),
        batch_path=batch_path,
        may_approve=_may_all(request, Permission.KNOWLEDGE_APPROVE, batch),
        may_undo=_may_undo(request, batch),
        may_import=may(member_of(request), Permission.KNOWLEDGE_IMPORT),
        **found,
    )


async def show_progress(request: web.Request) -> web.Response:
    """Show how far a job is; when it has ended, htmx loads the whole page again."""
    number = _number(request)
    batch = await transact(request, lambda session: read_batch(session, number))
    response = render(request, "knowledge/import_progress.html", batch=batch, stuck=batch.stuck(now()), batch_path=batch_path)
    if not batch.running:
        response.headers["HX-Refresh"] = "true"
    return response


async def submit(request: web.Request) -> web.Response:
    """Hand an import in for review."""
    form, number, actor = await request.post(), _number(request), member_of(request).login

    def hand_in(session: Session) -> None:
        submit_batch(session, number, actor, text_of(form, "reason"), now())
        record(session, actor, "import_submitted", f"import:{number}")

    await change(request, hand_in)
    return redirect(request, batch_path(number), "已提交，等另一位同事审核。")


async def discard(request: web.Request) -> web.Response:
    """Throw an import away."""
    number, actor = _number(request), member_of(request).login

    def throw(session: Session) -> None:
        discard_batch(session, number, actor, now())
        record(session, actor, "import_discarded", f"import:{number}")

    await change(request, throw)
    return redirect(request, "/knowledge/imports", f"第 {number} 批已放弃。")


async def approve(request: web.Request) -> web.Response:
    """Approve an import: a job brings it in."""
    form, number, actor = await request.post(), _number(request), member_of(request).login

    def accept(session: Session) -> None:
        _require_all(request, Permission.KNOWLEDGE_APPROVE, read_batch(session, number))
        approve_batch(session, number, actor, now(), text_of(form, "why_incomplete"))
        record(session, actor, "import_approved", f"import:{number}")

    await change(request, accept)
    return redirect(request, batch_path(number), "已通过，正在写入。")


async def send_back(request: web.Request) -> web.Response:
    """Send an import back."""
    form, number, actor = await request.post(), _number(request), member_of(request).login

    def give_back(session: Session) -> None:
        _require_all(request, Permission.KNOWLEDGE_APPROVE, read_batch(session, number))
        return_batch(session, number, actor, text_of(form, "words"), now())
        record(session, actor, "import_returned", f"import:{number}")

    await change(request, give_back)
    return redirect(request, batch_path(number), "已退回。")


async def undo(request: web.Request) -> web.Response:
    """Put everything back as it was before an import."""
    number, actor = _number(request), member_of(request).login

    def take_back(session: Session) -> int:
        if not _may_undo(request, read_batch(session, number)):
            raise web.HTTPForbidden
        count = undo_batch(session, number, actor, now())
        record(session, actor, "import_undone", f"import:{number}", {"entries": count})
        return count

    count = await change(request, take_back)
    return redirect(request, batch_path(number), f"已撤销，{count} 条恢复成导入以前的样子。")


async def give_template(request: web.Request) -> web.Response:
    """Give an empty file to fill in: `GET /knowledge/templates/faq.xlsx`."""
    name = PurePath(request.match_info["file"])
    if name.stem not in KINDS or name.suffix not in {".xlsx", ".csv"}:
        raise web.HTTPNotFound
    data = await transact(request, lambda session: template(session, name.stem, name.suffix))
    return _download(data, f"{KIND_TITLES[name.stem]}模板{name.suffix}")


async def export(request: web.Request) -> web.Response:
    """Give the entries that hold now as a file; that this was done is written down."""
    form, member = await request.post(), member_of(request)
    kinds = tuple(kind for kind in KINDS if kind in form.getall("kind", []))
    ending = text_of(form, "format") or ".xlsx"
    wanted = ExportFilter(kinds or KINDS, text_of(form, "item"), text_of(form, "department"), text_of(form, "region"),
                          member.departments, member.regions)  # fmt: skip

    def write() -> tuple[int, bytes]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"entries{ending if ending in FORMATS else '.xlsx'}")
            with request.app[DATABASE].session() as session:
                count = export_to(session, path, wanted)
            return count, path.read_bytes()

    count, data = await asyncio.to_thread(write)
    detail = {"kinds": list(wanted.kinds), "count": count, "format": ending}
    await change(request, lambda session: record(session, member.login, "knowledge_exported", "knowledge:entries", detail))
    return _download(data, f"知识条目-{today()}{ending if ending in FORMATS else '.xlsx'}")


def count_imports(session: Session, member: Member) -> list[Tile]:
    """Count the imports that wait for review, for the start page of who may approve."""
    if not may(member, Permission.KNOWLEDGE_APPROVE):
        return []
    waiting = count_batches(session, "in_review")
    return [Tile("等审核的导入", str(waiting), "编辑已提交", "/knowledge/imports?state=in_review")] if waiting else []


def batch_path(number: int, page: str = "") -> str:
    """Give the address of an import's page."""
    return f"/knowledge/imports/{number}" + (f"/{page}" if page else "")


def _may_all(request: web.Request, permission: Permission, batch: Batch) -> bool:
    """Tell whether a member may do something to everything that an import touches."""
    member = member_of(request)
    places = batch.places or [["", ""]]
    return all(may(member, permission, department=department or None, region=region or None) for department, region in places)


def _may_undo(request: web.Request, batch: Batch) -> bool:
    return any(_may_all(request, one, batch) for one in (Permission.KNOWLEDGE_IMPORT, Permission.KNOWLEDGE_APPROVE))


def _require_all(request: web.Request, permission: Permission, batch: Batch) -> None:
    for department, region in batch.places:
        allow(request, permission, department=department or None, region=region or None)


def _number(request: web.Request) -> int:
    number = _digits(request.match_info["batch"])
    if number is None:
        raise EntryNotFound("没有这一批导入。")
    return number


def _digits(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


def _day(form: Mapping[str, Any], name: str) -> date | None:
    text = text_of(form, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise EntryInvalid(f"日期 {text} 看不懂。") from error


def _download(data: bytes, name: str) -> web.Response:
    ending = PurePath(name).suffix
    headers = {
        "Content-Disposition": f"attachment; filename=\"entries{ending}\"; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
    return web.Response(body=data, content_type=_TYPES[ending], headers=headers)
