"""Shows the agent's screen: the lists on the left, a conversation in the middle, what helps with it on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import Attachment, find_attachment
from desk import (
    BY_AGENT,
    AgentNow,
    Brief,
    Desk,
    Handling,
    HandlingState,
    Line,
    Note,
    Presence,
    Staffing,
    agents_among,
    agents_of,
    find_staffing,
    guests_of,
    last_event,
    last_line,
    list_closed,
    list_desks,
    list_follow_ups,
    list_held,
    list_joined,
    list_queue,
    list_work_items,
    read_brief,
    read_lines,
    read_notes,
    senders_of,
    urgency_title,
)
from qinwen.clock import now, today
from qinwen.vocabulary import FACET_TITLES
from staff import Member, member_names
from web.console.access import member_of
from web.console.desk.room import DeskRoom, desk_names, desks_of, find_handling, titles_of
from web.console.media import ShownMedia, media_file, message_of, show_media
from web.console.pages import render

TABS = {"queue": "排队", "mine": "我的", "waiting": "等市民", "closed": "已结束"}
_MOST_LINES = 100


@dataclass(frozen=True)
class Row:
    """A conversation in a list."""

    handling: Handling
    item: str | None
    desk: str
    minutes: int
    urgency: tuple[str, ...]
    last: str
    unanswered: bool
    guest: bool = False


@dataclass(frozen=True)
class Lists:
    """The left side: the rows of each tab, who is to be followed up, the left messages that are due, the agent's own state."""

    desks: tuple[Desk, ...]
    rows: dict[str, tuple[Row, ...]]
    follow_ups: int
    today: date
    left_messages: int
    presence: Presence
    load: int
    capacity: int


@dataclass(frozen=True)
class Conversation:
    """A conversation with everything that stands beside it."""

    handling: Handling
    brief: Brief
    lines: tuple[Line, ...]
    last: int
    notes: tuple[Note, ...]
    names: dict[str, str]
    senders: dict[int, str]
    items: dict[str, str]
    desks: dict[str, str]
    guests: tuple[str, ...]
    mine: bool
    to_follow_up: bool
    guest: bool
    colleagues: tuple[tuple[str, str, str], ...]
    media: dict[int, ShownMedia]


class Screen:
    """The handlers that show."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room

    async def show(self, request: web.Request) -> web.Response:
        """Show the screen without a conversation: `GET /desk?tab=`."""
        tab = _tab(request)
        lists, last = await self._room.read(lambda s: (read_lists(s, member_of(request)), last_event(s)))
        return render(
            request, "desk/screen.html", title="接待", lists=lists, tab=tab, tabs=TABS, last=last, open=None, presences=Presence
        )

    async def show_lists(self, request: web.Request) -> web.Response:
        """Give the left side again: `GET /desk/lists?tab=&open=`."""
        lists = await self._room.read(lambda s: read_lists(s, member_of(request)))
        opened = request.query.get("open", "")
        return render(request, "desk/lists.html", lists=lists, tab=_tab(request), tabs=TABS, opened=opened)

    async def show_conversation(self, request: web.Request) -> web.Response:
        """Show a conversation: the whole screen, or for htmx its own part."""
        member = member_of(request)

        def read(session: Session) -> tuple[Conversation, Lists, int]:
            handling = find_handling(session, request)
            return read_conversation(session, handling, member, request), read_lists(session, member), last_event(session)

        opened, lists, last = await self._room.read(read)
        context: dict[str, Any] = {"open": opened, "facets": FACET_TITLES, "outcomes": BY_AGENT, "states": HandlingState}
        if "HX-Request" in request.headers:
            return render(request, "desk/conversation.html", **context)
        return render(
            request,
            "desk/screen.html",
            title="接待",
            lists=lists,
            tab=_tab(request),
            tabs=TABS,
            last=last,
            presences=Presence,
            **context,
        )

    async def show_lines(self, request: web.Request) -> web.Response:
        """Give the messages after one: `GET /desk/handlings/{handling}/lines?after=`."""
        text = request.query.get("after", "")
        after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004

        def read(session: Session) -> dict[str, Any]:
            handling = find_handling(session, request)
            lines = _lines_of(session, handling, after)
            senders = senders_of(session, handling.id)
            return {
                "lines": lines,
                "senders": senders,
                "names": member_names(session, senders.values()),
                "media": _media_of(session, request, lines),
                "media_base": _media_base(handling),
            }

        return render(request, "desk/lines.html", **await self._room.read(read))

    async def show_media(self, request: web.Request) -> web.Response:
        """Show how one picture or voice stands now: `GET /desk/handlings/{handling}/media/{message}/shown`."""
        number = message_of(request)

        def read(session: Session) -> tuple[Handling, ShownMedia | None]:
            handling = find_handling(session, request)
            known = find_attachment(session, handling.conversation, number, now())
            return handling, show_media(session, request, [number]).get(number) if known else None

        handling, one = await self._room.read(read)
        if one is None:
            raise web.HTTPNotFound
        return render(request, "desk/media.html", one=one, base=_media_base(handling))

    async def give_media(self, request: web.Request) -> web.FileResponse:
        """Give the picture or voice itself: `GET /desk/handlings/{handling}/media/{message}`."""
        number = message_of(request)

        def read(session: Session) -> Attachment | None:
            return find_attachment(session, find_handling(session, request).conversation, number, now())

        return media_file(request, await self._room.read(read))


def read_lists(session: Session, member: Member) -> Lists:
    """Read the left side of a member's screen."""
    moment = now()
    desks = desks_of(session, member)
    codes = [desk.code for desk in desks]
    held, joined = list_held(session, member.id), list_joined(session, member.id)
    mine = [handling for handling in held if handling.waiting_since is not None]
    waiting = [handling for handling in held if handling.waiting_since is None]
    queue = list_queue(session, codes)
    promised = list_follow_ups(session, member.id)
    follow_up = {handling.id for handling in promised}
    closed = [*promised, *(handling for handling in list_closed(session, member.id, 30) if handling.id not in follow_up)]
    items = titles_of(session, [h.brief.get("item") for h in [*held, *joined, *queue, *closed]])
    names = desk_names(session)

    def rows(handlings: list[Handling], *, since: str, texts: bool, guest: bool = False) -> tuple[Row, ...]:
        return tuple(
            Row(
                handling=handling,
                item=items.get(handling.brief.get("item") or ""),
                desk=names.get(handling.desk, handling.desk),
                minutes=_minutes(getattr(handling, since) or handling.asked_at, moment),
                urgency=tuple(urgency_title(name) for name in handling.urgency),
                last=_excerpt(last_line(session, handling.citizen)) if texts else "",
                unanswered=handling.waiting_since is not None,
                guest=guest,
            )
            for handling in handlings
        )

    state = next((one for one in agents_of(session, codes, moment) if one.agent == member.id), None)
    return Lists(
        desks=tuple(desks),
        rows={
            "queue": rows(queue, since="asked_at", texts=False),
            "mine": (
                *rows(mine, since="waiting_since", texts=True),
                *rows(joined, since="claimed_at", texts=True, guest=True),
            ),
            "waiting": rows(waiting, since="first_reply_at", texts=True),
            "closed": rows(closed, since="closed_at", texts=False),
        },
        follow_ups=len([h for h in promised if h.follow_up_on and h.follow_up_on <= today()]),
        today=today(),
        left_messages=len(list_work_items(session, codes, moment)),
        presence=state.presence if state else Presence.OFFLINE,
        load=len(held),
        capacity=state.capacity if state else 0,
    )


def read_conversation(session: Session, handling: Handling, member: Member, request: web.Request) -> Conversation:
    """Read a conversation with what stands beside it."""
    brief = read_brief(session, handling.id, now())
    lines = _lines_of(session, handling)
    notes, senders, guests = read_notes(session, handling.id), senders_of(session, handling.id), guests_of(session, handling.id)
    people = [*senders.values(), *guests, handling.agent, *(note.agent for note in notes)]
    people += [person for move in brief.moves for person in (move.from_agent, move.to_agent, move.by)]
    people += [earlier.agent for earlier in brief.earlier]
    return Conversation(
        handling=handling,
        brief=brief,
        lines=tuple(lines[-_MOST_LINES:]),
        last=lines[-1].id if lines else 0,
        notes=tuple(notes),
        names=member_names(session, people),
        senders=senders,
        items=titles_of(session, [brief.item, *(earlier.brief.get("item") for earlier in brief.earlier)]),
        desks=desk_names(session),
        guests=tuple(guests),
        mine=handling.state is HandlingState.WITH_AGENT and handling.agent == member.id,
        to_follow_up=bool(handling.closed_at and handling.agent == member.id and handling.follow_up_on),
        guest=member.id in guests,
        colleagues=_colleagues(session, member),
        media=_media_of(session, request, lines[-_MOST_LINES:]),
    )


def _colleagues(session: Session, member: Member) -> tuple[tuple[str, str, str], ...]:
    """Give whom a conversation can be given to: (desk and agent, name, state), who is online first."""
    staffings: list[Staffing] = find_staffing(session)
    active = {desk.code: desk.name for desk in list_desks(session) if desk.active}
    states: dict[str, AgentNow] = {one.agent: one for one in agents_among(session, staffings, now())}
    names = member_names(session, [staffing.agent for staffing in staffings])
    found = [
        (f"{staffing.desk}|{staffing.agent}", f"{names[staffing.agent]}（{active[staffing.desk]}）", states[staffing.agent])
        for staffing in staffings
        if staffing.desk in active and staffing.agent != member.id and staffing.agent in names
    ]
    found.sort(key=lambda one: (one[2].room == 0, one[1]))
    return tuple((value, name, f"{state.presence.label} {state.load}/{state.capacity}") for value, name, state in found)


def _lines_of(session: Session, handling: Handling, after: int | None = None) -> list[Line]:
    return [line for line in read_lines(session, handling.citizen, after) if line.conversation == handling.conversation]


def _media_of(session: Session, request: web.Request, lines: Sequence[Line]) -> dict[int, ShownMedia]:
    return show_media(session, request, [line.id for line in lines if line.author == "citizen"])


def _media_base(handling: Handling) -> str:
    return f"/desk/handlings/{handling.id}/media"


def _minutes(since: datetime, moment: datetime) -> int:
    return max(0, int((moment - since).total_seconds() // 60))


def _excerpt(line: Line | None) -> str:
    return line.reply.text.replace("\n", " ")[:40] if line else ""


def _tab(request: web.Request) -> str:
    tab = request.query.get("tab", "")
    return tab if tab in TABS else "queue"
