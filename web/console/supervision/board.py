"""The live board, and what a supervisor does from it: look into a conversation, join it, take it over, move it, move all that
an absent agent holds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    DeskError,
    Handling,
    HandlingState,
    ServiceDesk,
    agents_among,
    events_after,
    find_staffing,
    join,
    last_event,
    list_held,
    list_open,
    read_board,
    read_brief,
    read_conversation,
    read_notes,
)
from knowledge_base import all_item_titles, item_titles
from qinwen.clock import now
from qinwen.patience import at_most
from staff import record
from web.console.access import DATABASE, member_of
from web.console.forms import text_of
from web.console.media import show_media
from web.console.pages import change, redirect, render, transact
from web.console.supervision.scope import (
    chosen_desks,
    people,
    supervised_desk,
    supervised_desks,
    supervised_handling,
)

DESK = web.AppKey("service_desk", ServiceDesk)
_HEARTBEAT = 20.0
_LOOK_EVERY = 5.0
_SIZE = 50
_T = TypeVar("_T")
_STOPPING = web.AppKey("supervision_stopping", asyncio.Event)


def prepare(app: web.Application, desk: ServiceDesk) -> None:
    """Give the application what the board needs; its streams end when the process stops."""
    stopping = asyncio.Event()
    app[DESK], app[_STOPPING] = desk, stopping

    async def stop(_: web.Application) -> None:
        stopping.set()
        desk.bell.ring()

    app.on_shutdown.append(stop)


async def show_board(request: web.Request) -> web.Response:
    """Show the board: `GET /supervise?desk=&q=&queue_page=&held_page=&agents_page=`."""
    found = await transact(request, lambda session: _look(session, request))
    return render(request, "supervision/board.html", title="服务台看板", **found)


async def show_board_again(request: web.Request) -> web.Response:
    """Give the part of the board that changes, by the same query: `GET /supervise/board?…`, fetched when something happened."""
    found = await transact(request, lambda session: _look(session, request))
    return render(request, "supervision/board_now.html", title="", **found)


def _look(session: Session, request: web.Request) -> dict[str, Any]:
    moment, member = now(), member_of(request)
    mine = supervised_desks(session, member)
    chosen = text_of(request.query, "desk")
    codes = [desk.code for desk in chosen_desks(mine, chosen)]
    board = read_board(session, moment, codes) if codes else []
    handlings = list_open(session, codes)
    staffings = find_staffing(session, codes)
    agents = sorted(agents_among(session, staffings, moment), key=lambda one: (one.presence.value == "offline", one.agent))
    places: dict[str, list[str]] = {}
    for staffing in staffings:
        places.setdefault(staffing.agent, []).append(staffing.desk)
    items = item_titles(session, {one.brief.get("item") or "" for one in handlings})
    names = people(session, {one.agent for one in agents} | {one.agent for one in handlings})
    words = text_of(request.query, "q")

    def shown(one: Handling) -> bool:
        about = (items.get(one.brief.get("item") or "", ""), names.get(one.agent or "", ""), one.reason.label)
        return one.citizen.startswith(words.lower()) or any(words in text for text in about)

    found = [one for one in handlings if shown(one)]
    given = {"desk": chosen if chosen in codes else "", "q": words}
    return {
        "moment": moment,
        "desks": mine,
        "chosen": given["desk"],
        "words": words,
        "board": board,
        "queue": _page(request, "queue", [one for one in found if one.state is not HandlingState.WITH_AGENT]),
        "held": _page(request, "held", [one for one in found if one.state is HandlingState.WITH_AGENT]),
        "risky": {risk for row in board for risk in row.at_risk},
        "agents": agents,
        "listed": _page(request, "agents", [one for one in agents if words in names.get(one.agent, "")] or agents),
        "places": places,
        "names": names,
        "items": items,
        "titles": {desk.code: desk.name for desk in mine},
        "address": f"/supervise?{urlencode(given)}&",
        "source": f"/supervise/board?{request.query_string}",
    }


def _page(request: web.Request, name: str, rows: Sequence[_T]) -> dict[str, Any]:
    """Cut a page out of a list of the board: its rows, their whole number, which page of how many."""
    pages = max(1, -(-len(rows) // _SIZE))
    asked = request.query.get(f"{name}_page", "")
    number = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1  # noqa: PLR2004
    return {"rows": rows[(number - 1) * _SIZE : number * _SIZE], "total": len(rows), "number": number, "pages": pages}


async def stream_board(request: web.Request) -> web.StreamResponse:
    """Say when something changed (SSE); the page then fetches the board again: `GET /supervise/events`."""
    member = member_of(request)
    bell, stopping = request.app[DESK].bell, request.app[_STOPPING]
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    heard = bell.listen()

    def look(after: int | None) -> tuple[int, bool]:
        with request.app[DATABASE].session() as session:
            newest = last_event(session)
            if after is None or newest == after:
                return newest, False
            codes = [desk.code for desk in supervised_desks(session, member)]
            return newest, bool(events_after(session, after, codes, member.id, now()))

    try:
        await response.write(b"retry: 3000\n\n")
        last, quiet = (await asyncio.to_thread(look, None))[0], 0.0
        while not stopping.is_set():
            heard.clear()
            last, changed = await asyncio.to_thread(look, last)
            if changed:
                await response.write(f"id: {last}\nevent: changed\ndata: {last}\n\n".encode())
                quiet = 0.0
                await asyncio.sleep(1.0)  # a busy desk is redrawn once a second, not with every message
            else:
                with contextlib.suppress(asyncio.TimeoutError):
                    # Other processes' changes ring no bell here, so it looks by itself, too.
                    await at_most(_LOOK_EVERY, heard.wait())
                quiet += _LOOK_EVERY
                if quiet >= _HEARTBEAT:
                    await response.write(b": still here\n\n")
                    quiet = 0.0
    except ConnectionResetError:
        pass
    finally:
        bell.stop_listening(heard)
    return response


async def show_conversation(request: web.Request) -> web.Response:
    """Show a conversation with its brief, and what a supervisor may do with it. That somebody looked is audited."""
    member, moment = member_of(request), now()

    def read(session: Session) -> dict[str, Any]:
        handling = supervised_handling(session, member, request.match_info["handling"])
        brief, notes = read_brief(session, handling.id, moment), read_notes(session, handling.id)
        mine = [desk for desk in supervised_desks(session, member) if desk.active]
        staffing = find_staffing(session, [desk.code for desk in mine])
        logins = {handling.agent, *(one.agent for one in staffing), *(note.agent for note in notes)}
        logins |= {login for move in brief.moves for login in (move.from_agent, move.to_agent, move.by)}
        record(session, member.login, "desk_conversation_read", f"handling:{handling.id}")
        return {
            "handling": handling,
            "brief": brief,
            "lines": (lines := read_conversation(session, handling.id)),
            "media": show_media(session, request, [line.id for line in lines]),
            "notes": notes,
            "desks": mine,
            "staffing": staffing,
            "titles": {desk.code: desk.name for desk in supervised_desks(session, member)},
            "items": all_item_titles(session),
            "names": people(session, logins),
        }

    found = await change(request, read)
    return render(request, "supervision/conversation.html", title="会话", **found)


async def take_conversation(request: web.Request) -> web.Response:
    """Take a conversation over."""
    handling = await _handling(request)
    await request.app[DESK].take_over(handling.id, member_of(request).id)
    await _audit(request, "desk_taken_over", handling)
    return redirect(request, f"/supervise/conversations/{handling.id}", "已接管。请到“接待”页，把状态改成“在线”，再回复市民。")


async def join_conversation(request: web.Request) -> web.Response:
    """Join a conversation beside its agent."""
    member = member_of(request)

    def work(session: Session) -> Handling:
        handling = supervised_handling(session, member, request.match_info["handling"])
        join(session, handling.id, member.id, now())
        record(session, member.login, "desk_joined", f"handling:{handling.id}")
        return handling

    handling = await change(request, work)
    request.app[DESK].bell.ring()
    return redirect(request, f"/supervise/conversations/{handling.id}", "已加入。请到“接待”页和坐席一起回复。")


async def move_conversation(request: web.Request) -> web.Response:
    """Move a conversation to a desk's queue or to an agent there: `POST` `to=desk` or `to=desk/agent`, `note=`."""
    form, member = await request.post(), member_of(request)
    handling = await _handling(request)
    code, _, agent = text_of(form, "to").partition("/")
    await transact(request, lambda session: supervised_desk(session, member, code))
    await request.app[DESK].move(handling.id, member.id, code, agent or None, text_of(form, "note"))
    await _audit(request, "desk_moved", handling, {"desk": code, "agent": agent})
    return redirect(request, f"/supervise/conversations/{handling.id}", "已调派。")


async def reassign_agent(request: web.Request) -> web.Response:
    """Put all that an agent holds back to the head of the queue, or give it to another: `POST` `to=` (empty: the queue)."""
    form, member, desk = await request.post(), member_of(request), request.app[DESK]
    agent, to = request.match_info["agent"], text_of(form, "to")

    def find(session: Session) -> list[Handling]:
        mine = {one.code for one in supervised_desks(session, member)}
        return [one for one in list_held(session, agent) if one.desk in mine]

    moved, refused = 0, ""
    for handling in await transact(request, find):
        try:
            await desk.move(handling.id, member.id, handling.desk, to or None, "原坐席不在，班长调派")
        except DeskError as error:
            refused = error.message
            continue
        moved += 1
        await _audit(request, "desk_moved", handling, {"desk": handling.desk, "agent": to})
    words = f"已调派 {moved} 个会话。" if moved else "没有可以调派的会话。"
    return redirect(request, "/supervise", f"{words}{'有的没有成：' + refused if refused else ''}")


async def _handling(request: web.Request) -> Handling:
    member = member_of(request)
    return await transact(request, lambda session: supervised_handling(session, member, request.match_info["handling"]))


async def _audit(request: web.Request, action: str, handling: Handling, detail: dict[str, str] | None = None) -> None:
    await change(request, lambda s: record(s, member_of(request).login, action, f"handling:{handling.id}", detail))
