"""Keeps the agents' pages live: what changed at their desks, and who is typing (server-sent events).

An event is `id: 17`, `event: desk`, `data: {"kind": "queued", "handling": "…", "mine": false}`; a page fetches again what it
shows of it. The browser reconnects by itself with `Last-Event-ID`, and gets what it missed.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy.orm import Session

from desk import Event, Handling, events_after, held_of_citizen, last_event, list_joined
from qinwen.clock import now
from qinwen.patience import scattered
from staff import Member, find_visit
from web.console.access import SESSION_COOKIE, limits, member_of
from web.console.desk.room import DeskRoom, desks_of

_HEARTBEAT = 15.0
_LISTEN = 1.0
_LONGEST_NUMBER = 16


@dataclass
class Interest:
    """What an agent's page is about: their desks, and what they were brought into."""

    agent: str
    desks: frozenset[str]
    joined: frozenset[str]
    given: set[int] = field(default_factory=set)

    def wants(self, event: Event) -> bool:
        """Tell whether the page shows what changed. Other agents' messages are not shown anywhere here."""
        if event.id in self.given:
            return False
        mine = event.agent == self.agent or event.handling in self.joined
        if event.kind == "message":
            return mine or (event.agent is None and event.desk in self.desks)
        return mine or event.desk in self.desks


class Stream:
    """The handler of the stream."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream what changes: `GET /desk/events`, from `Last-Event-ID` or `?after=` on."""
        if request.method == "HEAD":
            return web.Response(content_type="text/event-stream")
        member = member_of(request)
        listener = await self._room.feed.listen()
        typing: asyncio.Queue[str] = asyncio.Queue(100)
        stop_typing = self._room.hub.typing.listen(
            lambda citizen, side: typing.put_nowait(citizen) if side == "citizen" and not typing.full() else None
        )
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        try:
            interest, missed = await self._room.read(lambda s: _begin(s, member, request))
            await response.prepare(request)
            await response.write(b"retry: 2000\n: open\n\n")
            await _write(response, interest, missed)
            interest.given = {event.id for event in missed}
            beat = time.monotonic() + scattered(_HEARTBEAT)
            while not self._room.desk.bell.closed and not listener.lost:
                await _write(response, interest, await listener.next(_LISTEN))
                while not typing.empty():
                    await self._tell_typing(response, member, typing.get_nowait())
                if time.monotonic() > beat:
                    beat = time.monotonic() + scattered(_HEARTBEAT)
                    again = await self._room.read(lambda s: _look_again(s, request, member))
                    if again is None:
                        break  # signed out, or no agent any more
                    interest.desks, interest.joined = again.desks, again.joined
                    await response.write(b": still here\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            pass
        finally:
            stop_typing()
            self._room.feed.stop_listening(listener)
        return response

    async def _tell_typing(self, response: web.StreamResponse, member: Member, citizen: str) -> None:
        held: Handling | None = await self._room.read(lambda s: held_of_citizen(s, citizen))
        if held and held.agent == member.id:
            data = json.dumps({"handling": held.id})
            await response.write(f"event: typing\ndata: {data}\n\n".encode())


def _begin(session: Session, member: Member, request: web.Request) -> tuple[Interest, list[Event]]:
    interest = _interest(session, member)
    text = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
    known = int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else last_event(session)
    return interest, events_after(session, known, sorted(interest.desks), member.id, now())


def _interest(session: Session, member: Member) -> Interest:
    desks = frozenset(desk.code for desk in desks_of(session, member))
    return Interest(member.id, desks, frozenset(handling.id for handling in list_joined(session, member.id)))


def _look_again(session: Session, request: web.Request, member: Member) -> Interest | None:
    visit = find_visit(session, request.cookies.get(SESSION_COOKIE, ""), limits(request.app), now())
    return _interest(session, member) if visit and visit.member.id == member.id else None


async def _write(response: web.StreamResponse, interest: Interest, events: list[Event]) -> None:
    for event in events:
        if not interest.wants(event):
            continue
        if event.kind == "invited" and event.agent == interest.agent and event.handling:
            interest.joined |= {event.handling}
        data = json.dumps({"kind": event.kind, "handling": event.handling, "mine": event.agent == interest.agent})
        await response.write(f"id: {event.id}\nevent: desk\ndata: {data}\n\n".encode())
