"""What agents tell citizens again and again; a supervisor hands one to the editors, as the draft of an FAQ."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import RECURRING_LEAST, DeskUnknown, RecurringAnswer, find_recurring, question_before
from knowledge_base import Faq, all_item_titles, begin_draft, faq_id, read_entry
from qinwen.clock import now
from staff import record
from web.console.access import member_of
from web.console.forms import page_of
from web.console.pages import change, redirect, render, transact
from web.console.supervision.scope import supervised_desks

_SINCE = timedelta(days=30)
_SIZE = 20
_LONGEST_QUESTION = 100


async def show_recurring(request: web.Request) -> web.Response:
    """Show the answers that recur: `GET /supervise/recurring?page=`."""
    number = page_of(request)

    def read(session: Session) -> dict[str, Any]:
        every = _find(session, request)
        shown = every[(number - 1) * _SIZE : number * _SIZE]
        given = {one.key for one in shown if read_entry(session, faq_id(_name(one)), now())}
        return {"rows": shown, "total": len(every), "given": given, "items": all_item_titles(session)}

    found = await transact(request, read)
    return render(
        request, "supervision/recurring.html", title="反复的答复", number=number, pages=max(1, -(-found["total"] // _SIZE)),
        days=_SINCE.days, least=RECURRING_LEAST, **found,
    )  # fmt: skip


async def give_recurring(request: web.Request) -> web.Response:
    """Hand an answer to the editors: it becomes the draft of an FAQ, which they write, and a reviewer approves."""
    member = member_of(request)

    def give(session: Session) -> None:
        answer = next((one for one in _find(session, request) if one.key == request.match_info["answer"]), None)
        if answer is None:
            raise DeskUnknown("这条答复不在近来反复的里面了，请刷新页面。")
        item = answer.item if answer.item in all_item_titles(session) else None
        question = question_before(session, answer)[:_LONGEST_QUESTION] or "（请编辑写成一个标准问题）"
        draft = begin_draft(session, Faq(_name(answer), question, answer.text, item), member.login, now())
        detail = {"count": answer.count, "item": item or ""}
        record(session, member.login, "recurring_answer_given", f"entry:{draft.entry}", detail)

    await change(request, give)
    return redirect(request, "/supervise/recurring", "已交给编辑：知识列表里多了一条草稿，他们改好、审过才会用。")


def _find(session: Session, request: web.Request) -> list[RecurringAnswer]:
    codes = [desk.code for desk in supervised_desks(session, member_of(request))]
    return find_recurring(session, codes, now() - _SINCE)


def _name(answer: RecurringAnswer) -> str:
    return f"desk-{answer.key}"
