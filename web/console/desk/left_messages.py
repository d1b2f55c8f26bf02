"""Answers what citizens left out of hours, or instead of waiting: each has an owner, and a working day by which to answer."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from desk import DeskRefused, DeskUnknown, WorkItem, list_work_items, read_left_message, take_work_item
from qinwen.clock import SHAANXI, now
from qinwen.replies import Reply
from staff import member_names, record
from web.console.access import member_of
from web.console.desk.room import DeskRoom, desk_names, desks_of
from web.console.forms import page_of, text_of
from web.console.pages import change, redirect, render

_SIZE = 20
_DIGITS = 12


@dataclass(frozen=True)
class Left:
    """A left message with its words; None where they were erased."""

    item: WorkItem
    words: str | None
    mine: bool
    overdue: bool


class LeftMessages:
    """The handlers of left messages."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room

    async def show(self, request: web.Request) -> web.Response:
        """Show what is to be answered, first due first: `GET /desk/messages?ahead=1&page=`."""
        member, ahead, page = member_of(request), request.query.get("ahead") == "1", page_of(request)

        def read(session: Session) -> tuple[list[Left], int, dict[str, str], dict[str, str], bool]:
            desks, moment = desks_of(session, member), now()
            items = list_work_items(session, [desk.code for desk in desks], moment, ahead=ahead)
            shown = items[(page - 1) * _SIZE : page * _SIZE]
            today = moment.astimezone(SHAANXI).date()
            left = [Left(i, read_left_message(session, i), i.owner == member.id, i.due_on < today) for i in shown]
            return left, len(items), member_names(session, [i.owner for i in shown]), desk_names(session), bool(desks)

        left, total, names, desks, serves = await self._room.read(read)
        pages = max(1, -(-total // _SIZE))
        return render(
            request,
            "desk/messages.html",
            title="市民的留言",
            left=left,
            total=total,
            names=names,
            desks=desks,
            serves=serves,
            ahead=ahead,
            page=page,
            pages=pages,
        )

    async def take(self, request: web.Request) -> web.Response:
        """Become the owner of a left message."""
        item = await self._item(request)
        await self._room.desk.do(lambda s: take_work_item(s, item.id, member_of(request).id))
        await change(request, lambda s: record(s, member_of(request).login, "left_message_taken", f"left_message:{item.id}"))
        return redirect(request, "/desk/messages", "已领取，请在期限前答复。")

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a left message; it goes to the citizen at once."""
        item = await self._item(request)
        text = text_of(await request.post(), "text")
        if not text:
            raise DeskRefused("请写答复。")
        await self._room.desk.answer_work_item(item.id, member_of(request).id, Reply("text", text[:2000]))
        await change(request, lambda s: record(s, member_of(request).login, "left_message_answered", f"left_message:{item.id}"))
        return redirect(request, "/desk/messages", "已答复，发给市民了。")

    async def _item(self, request: web.Request) -> WorkItem:
        text = request.match_info["item"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else -1

        def find(session: Session) -> WorkItem:
            desks = [desk.code for desk in desks_of(session, member_of(request))]
            for item in list_work_items(session, desks, now(), ahead=True):
                if item.id == number:
                    return item
            raise DeskUnknown("没有这条留言，或者已经答复了。")

        return await self._room.read(find)
