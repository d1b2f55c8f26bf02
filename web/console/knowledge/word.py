"""A guide that was written in Word, as a draft: what was understood, and what the editor has to place by hand."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import PROVINCE, EntryInvalid
from knowledge_base.exporting import item_choices
from knowledge_base.sheets.word import read_word
from knowledge_base.word_drafts import draft_from_word
from language import all_regions
from qinwen.clock import now
from qinwen.vocabulary import FACET_TITLES, Facet
from staff import Permission, record
from web.console.access import member_of
from web.console.forms import text_of
from web.console.knowledge.entries import entry_path, required, scoped
from web.console.pages import change, render, transact


async def show_form(request: web.Request) -> web.Response:
    """Ask for a Word file and the guide that it is."""
    items = await transact(request, item_choices)
    return render(request, "knowledge/word.html", title="导入 Word 指南", items=items, regions=all_regions(), done=None,
                  province=PROVINCE)  # fmt: skip


async def take_word(request: web.Request) -> web.Response:
    """Make a draft of a Word file, and show what became of each part."""
    form, actor = await request.post(), member_of(request).login
    file = form.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        raise EntryInvalid("请先选一个文件。")
    name = PurePath(file.filename.replace("\\", "/")).name[-100:]
    data = await asyncio.to_thread(file.file.read)
    word = await asyncio.to_thread(read_word, data)

    def begin(session: Session) -> dict[str, Any]:
        region = text_of(form, "region") or PROVINCE
        draft = draft_from_word(session, text_of(form, "item"), region, word, name, actor, now())
        scoped(request, Permission.KNOWLEDGE_EDIT, required(session, draft.entry))
        record(session, actor, "draft_begun", f"entry:{draft.entry}", {"from": "word"})
        return {"entry": draft.entry, "items": item_choices(session)}

    found = await change(request, begin)
    facets = [(FACET_TITLES[facet], word.facets[facet.value]) for facet in Facet if facet.value in word.facets]
    done = {"facets": facets, "left_over": word.left_over, "edit": entry_path(found["entry"], "edit")}
    return render(
        request, "knowledge/word.html", title="导入 Word 指南", items=found["items"], regions=(), done=done, province=""
    )
