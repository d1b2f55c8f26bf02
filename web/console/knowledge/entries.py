"""The list of entries, an entry as it is, its history, and what can be done to it without a draft."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import (
    ACT_TITLES,
    PROVINCE,
    Difference,
    Draft,
    EntryFilter,
    EntryInvalid,
    EntryNotFound,
    EntryState,
    Event,
    Faq,
    Guide,
    ListedEntry,
    PastVersion,
    all_item_titles,
    begin_draft,
    compare_versions,
    count_entries,
    entry_as_of,
    entry_id_of,
    events_of,
    known_departments,
    list_entries,
    read_draft,
    read_entry,
    read_moment,
    roll_back,
    titled,
    versions_of,
    withdraw,
)
from language import all_regions, name_of
from qinwen.clock import SHAANXI, now, today
from staff import Member, Permission, may, record
from web.console.access import allow, member_of
from web.console.forms import text_of
from web.console.knowledge.room import KnowledgeRoom
from web.console.modules import Tile
from web.console.pages import change, redirect, render, transact

KINDS = {"item": "事项", "guide": "办事指南", "faq": "问答"}
_SOON = timedelta(days=30)
_MOST_SHOWN = 10_000


@dataclass(frozen=True)
class Opened:
    """An entry as its page shows it."""

    entry: ListedEntry
    draft: Draft | None
    versions: list[PastVersion]
    events: list[Event]

    @property
    def current(self) -> PastVersion | None:
        """The newest version that was not taken back with its import."""
        return next((one for one in self.versions if one.number == self.entry.version), None)


def entry_path(entry: str, page: str = "") -> str:
    """Give the address of an entry's page; ids may hold anything."""
    return f"/knowledge/entries/{quote(entry, safe=':')}" + (f"/{page}" if page else "")


def scoped(request: web.Request, permission: Permission, entry: ListedEntry) -> None:
    """Ask for a permission on an entry."""
    allow(request, permission, department=entry.department or None, region=entry.region)


def required(session: Session, entry_id: str) -> ListedEntry:
    """Give an entry.

    Raises:
        EntryNotFound: there is none.
    """
    entry = read_entry(session, entry_id, now())
    if entry is None:
        raise EntryNotFound(f"没有条目 {entry_id}。")
    return entry


class EntryPages:
    """The handlers, with the room they work with."""

    def __init__(self, room: KnowledgeRoom) -> None:
        self._room = room

    async def show_list(self, request: web.Request) -> web.Response:
        """Show the entries: `GET /knowledge?q=&kind=&region=&department=&state=&draft=&incomplete=&due=&after=`."""
        query, member = request.query, member_of(request)
        by_day = query.get("order") == "due"
        wanted = EntryFilter(
            words=text_of(query, "q"),
            kind=query.get("kind", "") if query.get("kind") in KINDS else "",
            item=text_of(query, "item"),
            region=text_of(query, "region"),
            department=text_of(query, "department"),
            state=next((state for state in EntryState if state.value == query.get("state")), None),
            draft_state=query.get("draft", "") if query.get("draft") in {"draft", "in_review"} else "",
            incomplete=query.get("incomplete") == "yes",
            due_until=today() + _SOON if query.get("due") == "soon" else today() if query.get("due") == "over" else None,
            departments=member.departments,
            regions=member.regions,
        )

        def read(session: Session) -> dict[str, Any]:
            try:
                page = list_entries(session, wanted, now(), after=query.get("after"), order="review_due_on" if by_day else "id")
            except ValueError:  # an address that somebody changed by hand
                page = list_entries(session, wanted, now())
            return {
                "page": page,
                "total": count_entries(session, wanted),
                "departments": known_departments(session),
            }

        found = await transact(request, read)
        following = {**query, "after": found["page"].after or ""}
        return render(
            request,
            "knowledge/list.html",
            title="知识条目",
            wanted=wanted,
            query=query,
            kinds=KINDS,
            states=[state for state in EntryState if state is not EntryState.DISCARDED],
            regions=all_regions(),
            entry_path=entry_path,
            first_page=f"/knowledge?{urlencode({**query, 'after': ''})}" if query.get("after") else "",
            next_page=f"/knowledge?{urlencode(following)}" if found["page"].after else "",
            today=today(),
            many=_MOST_SHOWN,
            **found,
        )

    async def show_new(self, request: web.Request) -> web.Response:
        """Show the form for a new entry."""
        return await self._new_page(request, request.query)

    async def take_new(self, request: web.Request) -> web.Response:
        """Begin a new entry with a draft."""
        form, actor = await request.post(), member_of(request)
        kind, item = text_of(form, "kind"), text_of(form, "item")
        region, name = text_of(form, "region") or PROVINCE, text_of(form, "id").lower()
        content: Guide | Faq = Guide(item, region, {})
        if kind != "guide":
            content = Faq(name, text_of(form, "question"), "", item or None, region=region)
        entry_id = entry_id_of(content)

        def begin(session: Session) -> None:
            known = read_entry(session, entry_id, now())
            if known is not None and known.state is not EntryState.DISCARDED:
                raise EntryInvalid("已经有这一条了，请在列表里找到它来编辑。")
            if kind != "guide" and not (name.isascii() and name.replace("-", "").isalnum()):
                raise EntryInvalid("编号只能用英文字母、数字和短横线，例如 idcard-renew-train。")
            draft = begin_draft(session, content, actor.login, now())
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, draft.entry))
            record(session, actor.login, "entry_begun", f"entry:{draft.entry}")

        try:
            await change(request, begin)
        except (EntryInvalid, EntryNotFound) as error:
            return await self._new_page(request, form, error)
        return redirect(request, entry_path(entry_id, "edit"))

    async def show(self, request: web.Request) -> web.Response:
        """Show an entry: what is live, its draft, what happened."""
        opened = await transact(request, lambda session: _open(session, request.match_info["entry"]))
        return render(
            request,
            "knowledge/entry.html",
            title=opened.entry.title or opened.entry.id,
            opened=opened,
            entry=opened.entry,
            kinds=KINDS,
            acts=ACT_TITLES,
            entry_path=entry_path,
            content=titled(opened.entry.kind, dict(opened.current.body)) if opened.current else None,
            may_edit=_may(request, Permission.KNOWLEDGE_EDIT, opened.entry),
            may_approve=_may(request, Permission.KNOWLEDGE_APPROVE, opened.entry),
        )

    async def show_history(self, request: web.Request) -> web.Response:
        """Show an entry's versions, two of them compared, and which held when: `?older=&newer=&valid=&known=`."""
        entry_id, query = request.match_info["entry"], request.query

        def read(session: Session) -> dict[str, Any]:
            opened = _open(session, entry_id)
            newest = opened.entry.version or (opened.versions[0].number if opened.versions else 0)
            newer, older = _number(query, "newer", newest), _number(query, "older", max(newest - 1, 0))
            held: PastVersion | None = None
            valid, known = text_of(query, "valid"), text_of(query, "known")
            if valid:
                moment = read_moment(valid)
                held = entry_as_of(session, entry_id, moment, read_moment(known) if known else moment)
            return {
                "opened": opened,
                "entry": opened.entry,
                "older": older,
                "newer": newer,
                "differences": readable(opened.entry.kind, compare_versions(session, entry_id, older, newer)),
                "valid": valid,
                "known": known,
                "held": held,
                "content": titled(opened.entry.kind, dict(held.body)) if held else None,
            }

        found = await transact(request, read)
        may_approve = _may(request, Permission.KNOWLEDGE_APPROVE, found["entry"])
        return render(request, "knowledge/history.html", title="历史", entry_path=entry_path, kinds=KINDS,
                      may_approve=may_approve, **found)  # fmt: skip

    async def take_back(self, request: web.Request) -> web.Response:
        """Withdraw an entry, now or at a moment."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)
        publisher = await self._publisher()

        def take(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_APPROVE, required(session, entry_id))
            number = withdraw(session, entry_id, actor.login, text_of(form, "reason"), publisher, moment_of(form, "at"))
            record(session, actor.login, "entry_withdrawn", f"entry:{entry_id}", {"version": number})

        await change(request, take)
        return redirect(request, entry_path(entry_id), "已撤下。")

    async def bring_back(self, request: web.Request) -> web.Response:
        """Bring an older version back."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)
        publisher = await self._publisher()

        def bring(session: Session) -> int:
            scoped(request, Permission.KNOWLEDGE_APPROVE, required(session, entry_id))
            old = _number(form, "number", 0)
            new = roll_back(session, entry_id, old, actor.login, text_of(form, "reason"), publisher, moment_of(form, "at"))
            record(session, actor.login, "entry_rolled_back", f"entry:{entry_id}", {"version": new, "restores": old})
            return new

        number = await change(request, bring)
        return redirect(request, entry_path(entry_id), f"已改回，现在是第 {number} 版。")

    async def _publisher(self) -> Any:
        return await asyncio.to_thread(self._room.publisher_for)

    async def _new_page(self, request: web.Request, form: Mapping[str, Any], error: Exception | None = None) -> web.Response:
        kind = "guide" if text_of(form, "kind") == "guide" else "faq"
        values = {name: text_of(form, name) for name in ("id", "item", "region", "question")}
        return render(request, "knowledge/new.html", status=422 if error else 200, title=f"新建{KINDS[kind]}", kind=kind,
                      values=values, regions=all_regions(), error=error, kinds=KINDS,
                      items=await transact(request, all_item_titles))  # fmt: skip


def readable(kind: str, differences: Sequence[Difference]) -> list[Difference]:
    """Give differences with the fields inside their values named in Chinese, and regions by their names."""

    def told(value: Any, one: Difference) -> Any:
        return name_of(str(value)) or value if one.path == ("region",) else titled(kind, value, one.path)

    return [replace(one, before=told(one.before, one), after=told(one.after, one)) for one in differences]


def count_waiting(session: Session, member: Member) -> list[Tile]:
    """Count what waits for review, for the start page of who may approve."""
    if not may(member, Permission.KNOWLEDGE_APPROVE):
        return []
    waiting = EntryFilter(draft_state="in_review", departments=member.departments, regions=member.regions)
    return [Tile("等审核的草稿", str(count_entries(session, waiting)), "编辑已提交", "/knowledge?draft=in_review")]


def moment_of(form: Mapping[str, Any], name: str) -> datetime | None:
    """Read a `datetime-local` field in Shaanxi's time; None where it is empty.

    Raises:
        EntryInvalid: it is no moment.
    """
    text = text_of(form, name)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHAANXI) if text else None
    except ValueError as error:
        raise EntryInvalid(f"时间 {text} 看不懂。") from error


def _open(session: Session, entry_id: str) -> Opened:
    entry = required(session, entry_id)
    return Opened(entry, read_draft(session, entry_id), versions_of(session, entry_id), events_of(session, entry_id))


def _may(request: web.Request, permission: Permission, entry: ListedEntry) -> bool:
    return may(member_of(request), permission, department=entry.department or None, region=entry.region)


def _number(form: Mapping[str, Any], name: str, otherwise: int) -> int:
    text = text_of(form, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else otherwise  # noqa: PLR2004
