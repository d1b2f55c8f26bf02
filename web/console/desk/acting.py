"""What agents do with a conversation: take it, write, note, send on, bring somebody in, end it. Each is in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    CloseOutcome,
    Closing,
    DeskRefused,
    Handling,
    Presence,
    add_note,
    beat,
    bring_in,
    leave_as_guest,
    mark_spam,
    set_presence,
)
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Facet
from staff import record
from web.console.access import member_of, wants_json
from web.console.desk.room import DeskRoom, find_handling
from web.console.forms import text_of
from web.console.pages import change, redirect

_COOL_DOWNS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class Acting:
    """The handlers that change something."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room

    async def claim(self, request: web.Request) -> web.Response:
        """Take a waiting conversation."""
        handling = await self._find(request)
        await self._room.desk.claim(handling.id, member_of(request).id)
        await _record(request, "desk_claimed", handling)
        return _back(request, handling, tab="mine")

    async def send(self, request: web.Request) -> web.Response:
        """Send a message: `text`, and `client_id`, by which a second click sends nothing."""
        handling, form = await self._find(request), await request.post()
        reply = Reply("text", text_of(form, "text"))
        number = await self._room.desk.send(handling.id, member_of(request).id, text_of(form, "client_id"), reply)
        if wants_json(request):
            return web.json_response({"message": number})
        return _back(request, handling, tab="mine")

    async def note(self, request: web.Request) -> web.Response:
        """Write an internal note."""
        handling, form = await self._find(request), await request.post()
        await self._room.desk.do(lambda s: add_note(s, handling.id, member_of(request).id, text_of(form, "text"), now()))
        await _record(request, "desk_noted", handling)
        return _back(request, handling)

    async def close(self, request: web.Request) -> web.Response:
        """End the service: outcome, facts by facet, the entry used, and a date to follow up."""
        handling, form = await self._find(request), await request.post()
        returned = await self._room.desk.close(handling.id, member_of(request).id, read_closing(form))
        await _record(request, "desk_closed", handling, outcome=returned.outcome.value)
        return redirect(request, "/desk?tab=queue", "已结束，会话回到机器人。")

    async def follow_up(self, request: web.Request) -> web.Response:
        """Come back to a citizen on the day that was promised: one message, `text`."""
        handling, form = await self._find(request), await request.post()
        await self._room.desk.follow_up(handling.id, member_of(request).id, Reply("text", text_of(form, "text")))
        await _record(request, "desk_followed_up", handling)
        return redirect(request, f"/desk/handlings/{handling.id}?tab=closed", "跟进的话已经发给市民。")

    async def transfer(self, request: web.Request) -> web.Response:
        """Send it on to a desk's queue (`desk`) or to a colleague (`to`, desk and agent), with a note."""
        handling, form = await self._find(request), await request.post()
        desk, _, agent = (text_of(form, "to") or text_of(form, "desk")).partition("|")
        if not desk:
            raise DeskRefused("请选择转给哪个服务台，或者哪位同事。")
        await self._room.desk.transfer(handling.id, member_of(request).id, desk, text_of(form, "note"), agent or None)
        await _record(request, "desk_transferred", handling, to=desk, agent=agent)
        return redirect(request, "/desk?tab=mine", "已转交。")

    async def invite(self, request: web.Request) -> web.Response:
        """Bring a second agent in."""
        handling, form = await self._find(request), await request.post()
        _, _, guest = text_of(form, "to").partition("|")
        if not guest:
            raise DeskRefused("请选择请哪位同事。")
        await self._room.desk.do(lambda s: bring_in(s, handling.id, member_of(request).id, guest, now()))
        await _record(request, "desk_invited", handling, agent=guest)
        return _back(request, handling)

    async def leave(self, request: web.Request) -> web.Response:
        """Let a second agent go again: oneself."""
        handling = await self._find(request)
        await self._room.desk.do(lambda s: leave_as_guest(s, handling.id, member_of(request).id))
        await _record(request, "desk_left", handling)
        return redirect(request, "/desk?tab=mine", "已退出这个会话。")

    async def spam(self, request: web.Request) -> web.Response:
        """End it as spam or abuse, and keep the citizen away for a while."""
        handling, form = await self._find(request), await request.post()
        lasting = _COOL_DOWNS.get(text_of(form, "lasting"))
        if lasting is None:
            raise DeskRefused("请选择暂停多久。")
        kind = text_of(form, "kind")
        await self._room.desk.do(lambda s: mark_spam(s, handling.id, member_of(request).id, lasting, now(), kind))
        await _record(request, "desk_spam", handling, kind=kind)
        return redirect(request, "/desk?tab=queue", "已结束，并暂停这位市民转人工。")

    async def set_presence(self, request: web.Request) -> web.Response:
        """Say whether one is there: `presence`."""
        try:
            presence = Presence(text_of(await request.post(), "presence"))
        except ValueError as error:
            raise DeskRefused("没有这个状态。") from error
        await self._room.desk.do(lambda s: set_presence(s, member_of(request).id, presence, now()))
        await change(request, lambda s: record(s, member_of(request).login, "desk_presence", f"presence:{presence.value}"))
        return web.json_response({"presence": presence.value}) if wants_json(request) else redirect(request, "/desk")

    async def beat(self, request: web.Request) -> web.Response:
        """Note that the page is open, every some seconds; says whether the desk takes this agent as being there."""
        there = await self._room.read(lambda s: beat(s, member_of(request).id, now()))
        return web.json_response({"there": there})

    async def typing(self, request: web.Request) -> web.Response:
        """Show the citizen that somebody is typing; only for who holds the conversation."""
        handling = await self._find(request)
        if handling.agent == member_of(request).id and handling.closed_at is None:
            self._room.hub.show_typing(handling.citizen, "agent")
        return web.json_response({})

    async def _find(self, request: web.Request) -> Handling:
        return await self._room.read(lambda s: find_handling(s, request))


def read_closing(form: Mapping[str, Any]) -> Closing:
    """Read the closing form; facts are pairs of `facet` and `fact` fields in order.

    Raises:
        DeskRefused: a field is not what it should be.
    """
    getall = getattr(form, "getall", lambda name, default: [form[name]] if name in form else default)
    facts: dict[str, str] = {}
    for facet, text in zip(getall("facet", []), getall("fact", []), strict=False):
        if str(text).strip() and facet in {known.value for known in Facet}:
            facts[str(facet)] = "；".join(filter(None, (facts.get(str(facet)), str(text).strip())))
    seen, follow_up = text_of(form, "seen"), text_of(form, "follow_up_on")
    try:
        return Closing(
            CloseOutcome(text_of(form, "outcome")),
            int(seen) if seen.isascii() and seen.isdigit() else 0,
            item=text_of(form, "item") or None,
            entry=text_of(form, "entry")[:128] or None,
            follow_up_on=date.fromisoformat(follow_up) if follow_up else None,
            facts=facts,
        )
    except ValueError as error:
        raise DeskRefused("请选择处理结果，日期要写成 2026-11-28 这样。") from error


async def _record(request: web.Request, action: str, handling: Handling, **details: str) -> None:
    def write(session: Session) -> None:
        record(session, member_of(request).login, action, f"handling:{handling.id}", details or None)

    await change(request, write)


def _back(request: web.Request, handling: Handling, tab: str = "mine") -> web.Response:
    return redirect(request, f"/desk/handlings/{handling.id}?tab={tab}")
