"""Writing a draft: the form, its saving by hand and by itself, conflicts, the preview, handing in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import (
    Draft,
    EditConflict,
    EntryInvalid,
    EntryNotFound,
    ListedEntry,
    Plan,
    all_item_titles,
    compare,
    content_of,
    discard,
    draft_differences,
    open_draft,
    preview,
    problems,
    read_draft,
    rebase,
    recall,
    save_draft,
    submit,
)
from qinwen.clock import SHAANXI, now
from staff import Permission, record
from web.console.access import member_of
from web.console.forms import text_of
from web.console.knowledge.entries import KINDS, entry_path, moment_of, readable, required, scoped
from web.console.knowledge.fields import Body, change_list, read_body, sections_of
from web.console.knowledge.room import KnowledgeRoom
from web.console.pages import change, redirect, render, transact


class EditPages:
    """The handlers, with the room they work with."""

    def __init__(self, room: KnowledgeRoom) -> None:
        self._room = room

    async def begin(self, request: web.Request) -> web.Response:
        """Open an entry's draft, or begin one."""
        entry_id, actor = request.match_info["entry"], member_of(request)

        def begin(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            known = read_draft(session, entry_id)
            open_draft(session, entry_id, actor.login, now())
            if known is None:
                record(session, actor.login, "draft_begun", f"entry:{entry_id}")

        await change(request, begin)
        return redirect(request, entry_path(entry_id, "edit"))

    async def show(self, request: web.Request) -> web.Response:
        """Show the form of a draft."""
        entry, draft = await transact(request, lambda session: draft_of(session, request.match_info["entry"]))
        scoped(request, Permission.KNOWLEDGE_EDIT, entry)
        return await self._form(request, entry, draft, dict(draft.body))

    async def save(self, request: web.Request) -> web.Response:
        """Save the form: by its button, by a list's button (`do`), or by itself (htmx), which gets only the mark back."""
        form, actor, entry_id = await request.post(), member_of(request), request.match_info["entry"]
        entry, draft = await transact(request, lambda session: draft_of(session, entry_id))
        scoped(request, Permission.KNOWLEDGE_EDIT, entry)
        body = read_body(draft.kind, draft.body, form)
        order, silent = text_of(form, "do"), request.headers.get("HX-Trigger") == "editor"
        if "|" in order:
            body = change_list(body, order)
        try:
            plan = _plan_of(form)
            saved = await transact(
                request,
                lambda session: save_draft(session, entry_id, revision_of(form), body, plan, actor.login, now()),
            )
        except EditConflict as conflict:
            if silent:
                raise
            return self._conflict(request, entry, body, conflict, form)
        if silent:
            wrong, missing = problems(saved)
            return render(
                request, "knowledge/saved_alone.html", draft=saved, wrong=wrong, missing=missing, aloud=True, again=True
            )
        if "|" in order:
            return await self._form(request, entry, saved, dict(saved.body), changed=order.split("|")[1])
        return redirect(request, entry_path(entry_id, "edit"), "草稿已保存。")

    async def show_preview(self, request: web.Request) -> web.Response:
        """Show what citizens would see of the draft, drawn by the chat page's own script and style."""
        entry, draft = await transact(request, lambda session: draft_of(session, request.match_info["entry"]))
        knowledge = (await asyncio.to_thread(self._room.load)).knowledge
        shown = await asyncio.to_thread(preview, content_of(draft), knowledge)
        replies = [{"question": one.question, "reply": one.reply.to_json()} for one in shown]
        return render(request, "knowledge/preview.html", title=f"预览：{entry.title}", replies=replies, entry=entry)

    async def hand_in(self, request: web.Request) -> web.Response:
        """Save and hand the draft in."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)
        entry, draft = await transact(request, lambda session: draft_of(session, entry_id))
        scoped(request, Permission.KNOWLEDGE_EDIT, entry)
        # From the review page only the words come; from the editor the whole form.
        body = read_body(draft.kind, draft.body, form) if "valid_from" in form else dict(draft.body)
        plan = _plan_of(form) if "valid_from" in form else draft.plan

        def hand(session: Session) -> None:
            revision = revision_of(form)
            if body != draft.body or plan != draft.plan:
                revision = save_draft(session, entry_id, revision, body, plan, actor.login, now()).revision
            submit(session, entry_id, revision, actor.login, plan.reason, now())
            record(session, actor.login, "draft_submitted", f"entry:{entry_id}", {"draft": revision})

        try:
            await change(request, hand)
        except EditConflict as conflict:
            return self._conflict(request, entry, body, conflict, form)
        except EntryInvalid as error:
            return await self._form(request, entry, draft, body, error=error)
        return redirect(request, entry_path(entry_id, "review"), "已提交审核。")

    async def take_back(self, request: web.Request) -> web.Response:
        """Take the draft back from review."""
        return await self._act(request, recall, "draft_recalled", "edit", "已撤回，可以接着改。")

    async def adopt_base(self, request: web.Request) -> web.Response:
        """Keep what was written over the version published meanwhile."""
        return await self._act(request, rebase, "draft_rebased", "edit", "已换成新的现行版做底稿，您写的都在。")

    async def throw_away(self, request: web.Request) -> web.Response:
        """Throw the draft away."""
        return await self._act(request, discard, "draft_discarded", "", "草稿已放弃。")

    async def _act(self, request: web.Request, act: Any, action: str, page: str, notice: str) -> web.Response:
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)

        def do(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            act(session, entry_id, revision_of(form), actor.login, now())
            record(session, actor.login, action, f"entry:{entry_id}")

        await change(request, do)
        return redirect(request, entry_path(entry_id, page), notice)

    def _conflict(
        self, request: web.Request, entry: ListedEntry, mine: Body, conflict: EditConflict, form: Mapping[str, Any]
    ) -> web.Response:
        """Show both sides, with what was typed in a form that can still be saved."""
        return render(
            request,
            "knowledge/conflict.html",
            status=409,
            title="有人同时改了这一条",
            entry=entry,
            entry_path=entry_path,
            error=conflict,
            differences=readable(entry.kind, compare(entry.kind, dict(conflict.theirs), mine)),
            sections=sections_of(entry.kind, mine),
            revision=conflict.revision or revision_of(form),
            plan={name: text_of(form, name) for name in ("valid_from", "valid_to", "review_due_on", "reason")},
        )

    async def _form(
        self,
        request: web.Request,
        entry: ListedEntry,
        draft: Draft,
        body: Body,
        error: Exception | None = None,
        changed: str = "",
    ) -> web.Response:
        wrong, missing = problems(draft)
        return render(
            request,
            "knowledge/edit.html",
            status=422 if error else 200,
            title=f"编辑：{entry.title or entry.id}",
            entry=entry,
            draft=draft,
            kinds=KINDS,
            sections=sections_of(entry.kind, body),
            items=await transact(request, all_item_titles),
            missing=missing,
            wrong=wrong,
            error=error,
            changed=changed,
            entry_path=entry_path,
            times={name: _local(getattr(draft.plan, name)) for name in ("valid_from", "valid_to")},
        )


async def show_differences(request: web.Request) -> web.Response:
    """Show how the draft differs from the version it began from."""
    entry_id = request.match_info["entry"]

    def read(session: Session) -> tuple[ListedEntry, list[Any]]:
        entry, draft = draft_of(session, entry_id)
        return entry, readable(entry.kind, draft_differences(session, draft))

    entry, differences = await transact(request, read)
    return render(request, "knowledge/differences_page.html", title="改了什么", entry=entry, differences=differences,
                  entry_path=entry_path)  # fmt: skip


def draft_of(session: Session, entry_id: str) -> tuple[ListedEntry, Draft]:
    """Give an entry with its draft.

    Raises:
        EntryNotFound: there is no such entry, or no draft of it.
    """
    entry, draft = required(session, entry_id), read_draft(session, entry_id)
    if draft is None:
        raise EntryNotFound("这一条没有草稿：可能已经发布或放弃了。")
    return entry, draft


def _plan_of(form: Mapping[str, Any]) -> Plan:
    """Read when a draft shall hold.

    Raises:
        EntryInvalid: a moment or a day can't be read.
    """
    day = text_of(form, "review_due_on")
    try:
        due = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise EntryInvalid(f"日期 {day} 看不懂。") from error
    return Plan(moment_of(form, "valid_from"), moment_of(form, "valid_to"), text_of(form, "reason"), due)


def revision_of(form: Mapping[str, Any]) -> int:
    """Read the revision that a form was made from; 0, which never fits, for anything else."""
    text = text_of(form, "revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0  # noqa: PLR2004


def _local(moment: datetime | None) -> str:
    return moment.astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M") if moment else ""
