"""The search laboratory: why a question is answered as it is, what a wording would change, what was answered on a day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import (
    Answer,
    EntryInvalid,
    Explanation,
    Question,
    Simulation,
    add_negative,
    answer_as_of,
    content_of,
    explain,
    open_draft,
    plain,
    read_moment,
    remove_negative,
    save_draft,
    simulate,
    with_wording,
)
from language import EntityKind, all_regions, find_regions, normalise
from qinwen.clock import now
from qinwen.errors import QinwenError
from qinwen.vocabulary import FACET_TITLES, Facet
from staff import Permission, record
from web.console.access import member_of
from web.console.forms import text_of
from web.console.knowledge.entries import entry_path, required, scoped
from web.console.knowledge.room import KnowledgeRoom
from web.console.pages import change, redirect, render

_LONGEST_QUESTION = 500
_ENTITIES = {
    EntityKind.ID_NUMBER: "身份证号",
    EntityKind.PHONE: "电话",
    EntityKind.CASE_NUMBER: "办件编号",
    EntityKind.DATE: "日期",
    EntityKind.AMOUNT: "金额",
    EntityKind.DOCUMENT: "证件",
    EntityKind.REGION: "地区",
}
_INTENTS = {**{f"ask_{facet.value}": f"问「{title}」" for facet, title in FACET_TITLES.items()}, "out_of_scope": "不归我们管"}


class LabPages:
    """The handlers, with the room they work with."""

    def __init__(self, room: KnowledgeRoom) -> None:
        self._room = room

    async def show(self, request: web.Request) -> web.Response:
        """Explain a question: `GET /knowledge/lab?q=&region=`; with `entry`, `wording` and `facet` try a wording too."""
        query = request.query
        text, region = text_of(query, "q")[:_LONGEST_QUESTION], text_of(query, "region")
        told: Explanation | None = None
        tried: Simulation | None = None
        error: QinwenError | None = None
        if text:
            try:
                told, tried = await asyncio.to_thread(self._explain, text, region, query)
            except QinwenError as refused:
                error = refused
        return render(
            request,
            "knowledge/lab.html",
            status=422 if error else 200,
            title="检索实验室",
            text=text,
            region=region,
            regions=all_regions(),
            told=told,
            tried=tried,
            error=error,
            facets=FACET_TITLES,
            intent_titles=_INTENTS,
            entity_titles=_ENTITIES,
            entry_path=entry_path,
            values={name: text_of(query, name) for name in ("entry", "wording", "facet")},
        )

    async def add_wording(self, request: web.Request) -> web.Response:
        """Put a wording into an entry's draft and open it."""
        form, actor = await request.post(), member_of(request)
        entry_id, wording = text_of(form, "entry"), text_of(form, "wording")[:_LONGEST_QUESTION]
        facet = _facet(form)

        def add(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            draft = open_draft(session, entry_id, actor.login, now())
            body = plain(with_wording(content_of(draft), wording, facet))
            save_draft(session, entry_id, draft.revision, body, draft.plan, actor.login, now())
            record(session, actor.login, "wording_added", f"entry:{entry_id}")

        await change(request, add)
        return redirect(request, entry_path(entry_id, "edit"), "问法已写进草稿，提交审核后生效。")

    async def add_negative(self, request: web.Request) -> web.Response:
        """Say that an entry must not answer a question."""
        form, actor = await request.post(), member_of(request)
        entry_id, text, facet = text_of(form, "entry"), text_of(form, "text")[:_LONGEST_QUESTION], _facet(form)

        def add(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            number = add_negative(session, entry_id, facet, text, actor.login, now())
            record(session, actor.login, "negative_added", f"entry:{entry_id}", {"negative": number})

        await change(request, add)
        return redirect(request, _lab(text, form), "已记为反例，下一个问题就不再由这一条回答。")

    async def remove_negative(self, request: web.Request) -> web.Response:
        """Take a negative wording back."""
        form, actor = await request.post(), member_of(request)
        number = text_of(form, "negative")

        def remove(session: Session) -> None:
            entry_id = remove_negative(session, int(number) if number.isdecimal() else 0, actor.login, now())
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            record(session, actor.login, "negative_removed", f"entry:{entry_id}", {"negative": number})

        await change(request, remove)
        return redirect(request, _lab(text_of(form, "text"), form), "反例已撤销。")

    async def show_past(self, request: web.Request) -> web.Response:
        """Answer a question as of a day: `GET /knowledge/as-of?q=&valid=&known=`."""
        query = request.query
        text = text_of(query, "q")[:_LONGEST_QUESTION]
        valid, known = text_of(query, "valid"), text_of(query, "known")
        answer: Answer | None = None
        error: QinwenError | None = None
        if text and valid:
            try:
                answer = await asyncio.to_thread(self._past, text, valid, known)
            except QinwenError as refused:
                error = refused
        return render(
            request,
            "knowledge/as_of.html",
            status=422 if error else 200,
            title="当时怎么答的",
            text=text,
            valid=valid,
            known=known,
            answer=answer,
            error=error,
            entry_path=entry_path,
        )

    def _explain(self, text: str, region: str, query: Mapping[str, Any]) -> tuple[Explanation, Simulation | None]:
        held, intents = self._room.load(), self._room.reader(text)
        entry, wording = text_of(query, "entry"), text_of(query, "wording")
        if not entry:
            return explain(held.answerer, held.knowledge, text, region=region or None, intents=intents), None
        tried = simulate(
            held.answerer, held.knowledge, held.encoder, text, entry, wording or text, _facet(query),
            region=region or None, intents=intents,
        )  # fmt: skip
        return tried.before, tried

    def _past(self, text: str, valid: str, known: str) -> Answer:
        held, moment = self._room.load(), read_moment(valid)
        normalised = normalise(text)
        regions = tuple(mention.region.code for mention in find_regions(normalised))
        question = Question(normalised, regions=regions)
        return answer_as_of(self._room.database, held.encoder, question, moment, read_moment(known) if known else moment)


def _lab(text: str, form: Mapping[str, Any]) -> str:
    return "/knowledge/lab?" + urlencode({"q": text, "region": text_of(form, "region")})


def _facet(form: Mapping[str, Any]) -> Facet | None:
    """Read a facet.

    Raises:
        EntryInvalid: there is no such facet.
    """
    name = text_of(form, "facet")
    try:
        return Facet(name) if name else None
    except ValueError as error:
        raise EntryInvalid("没有这个要素。") from error
