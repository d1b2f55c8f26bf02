"""Ratings of the chat: the list, and the follow-up of each 差评: owner, contact with the citizen, resolution, appeal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    Appeal,
    BadRating,
    CaseState,
    DeskRefused,
    RatingTarget,
    assign_case,
    count_ratings,
    decide_appeal,
    list_bad_ratings,
    note_contact,
    read_bad_rating,
    read_rated_words,
    reason_titles,
    resolve_case,
)
from qinwen.clock import now, today
from staff import Member, MemberFilter, Permission, list_members, read_members, record
from web.console.access import member_of
from web.console.forms import page_of, text_of
from web.console.pages import change, redirect, render, transact
from web.console.supervision.scope import people, supervised_desks

_SIZE = 20
_STATES = {"open": "待办", "late": "超期", "appeal": "申诉待审", "done": "已办结"}
_MOST_STAFF = 500
_RECENT = timedelta(days=30)


async def show_ratings(request: web.Request) -> web.Response:
    """Show the bad ratings to follow up: `GET /supervise/ratings?state=open|late|appeal|done&owner=&page=`."""
    state = request.query.get("state", "open")
    state = state if state in _STATES else "open"
    member, owner, number = member_of(request), text_of(request.query, "owner"), page_of(request)

    def read(session: Session) -> dict[str, Any]:
        fitting = _fitting(session, member, state)
        if owner:
            fitting = [one for one in fitting if one.owner == owner]
        shown = fitting[(number - 1) * _SIZE : number * _SIZE]
        return {
            "rows": shown,
            "total": len(fitting),
            "levels": list(count_ratings(session, now() - _RECENT, now()).items()),
            "names": people(session, {one.owner for one in fitting} | {one.agent for one in shown} | {member.id}),
            "owners": sorted({one.owner for one in fitting if one.owner} | {member.id}),
        }

    found = await transact(request, read)
    return render(
        request, "supervision/ratings.html", title="评价和差评回访", states=_STATES, state=state, owner=owner, number=number,
        pages=max(1, -(-found["total"] // _SIZE)), today=today(), reasons=reason_titles, **found,
    )  # fmt: skip


def _fitting(session: Session, member: Member, state: str) -> list[BadRating]:
    rows = list_bad_ratings(session, done=state == "done", due_before=today() if state == "late" else None)
    mine = {desk.code for desk in supervised_desks(session, member)}
    return [
        one
        for one in rows
        if (one.desk in mine or (one.desk is None and not member.departments))
        and (state != "appeal" or one.appeal is Appeal.PENDING)
    ]


async def show_rating(request: web.Request) -> web.Response:
    """Show one bad rating with what it is about and its follow-up."""
    return await _page(request)


async def _page(request: web.Request, error: DeskRefused | None = None, typed: dict[str, str] | None = None) -> web.Response:
    member = member_of(request)

    def read(session: Session) -> dict[str, Any]:
        bad = _own(session, request)
        listed = list_members(session, MemberFilter(active=True), size=_MOST_STAFF).members
        able = [
            one.member
            for one in listed
            if one.member.id != bad.agent and one.member.permissions & {Permission.DESK_SUPERVISE, Permission.GAPS_HANDLE}
        ]
        return {
            "bad": bad,
            "words": read_rated_words(session, bad),
            "staff": able,
            "names": people(session, {bad.owner, bad.agent}),
            "mine": bad.owner == member.id,
        }

    found = await transact(request, read)
    return render(
        request, "supervision/rating.html", status=422 if error else 200, title="差评回访", error=error, today=today(),
        typed=typed or {}, targets=RatingTarget, states=CaseState, appeals=Appeal, reasons=reason_titles, **found,
    )  # fmt: skip


async def give_case(request: web.Request) -> web.Response:
    """Give the follow-up to somebody."""
    owner = text_of(await request.post(), "owner")

    def give(session: Session, bad: BadRating) -> None:
        if not any(one.active for one in read_members(session, [owner])):
            raise DeskRefused("请选一位负责人。")
        assign_case(session, bad.rating, owner)

    return await _change(request, give, "rating_assigned", "已派给负责人。", {"owner": owner})


async def write_contact(request: web.Request) -> web.Response:
    """Write down the contact with the citizen."""
    text, mine = text_of(await request.post(), "contact"), member_of(request).id
    return await _change(
        request, lambda s, bad: note_contact(s, bad.rating, mine, text, now()), "rating_contacted", "回访情况已记下。",
        typed={"contact": text},
    )  # fmt: skip


async def write_resolution(request: web.Request) -> web.Response:
    """Finish the follow-up."""
    text, mine = text_of(await request.post(), "resolution"), member_of(request).id
    return await _change(
        request, lambda s, bad: resolve_case(s, bad.rating, mine, text, now()), "rating_resolved", "已办结。",
        typed={"resolution": text},
    )  # fmt: skip


async def decide(request: web.Request) -> web.Response:
    """Decide an appeal: `POST` `decision=upheld|rejected`."""
    decision = text_of(await request.post(), "decision")
    if decision not in {"upheld", "rejected"}:
        raise DeskRefused("请选申诉成立还是不成立。")
    upheld, mine = decision == "upheld", member_of(request).id
    return await _change(
        request, lambda s, bad: decide_appeal(s, bad.rating, mine, upheld=upheld), "rating_appeal_decided",
        "申诉成立，这条评价不计入统计。" if upheld else "申诉不成立。", {"upheld": upheld},
    )  # fmt: skip


async def _change(
    request: web.Request,
    work: Callable[[Session, BadRating], None],
    action: str,
    notice: str,
    detail: dict[str, object] | None = None,
    typed: dict[str, str] | None = None,
) -> web.Response:
    def run(session: Session) -> int:
        bad = _own(session, request)
        work(session, bad)
        record(session, member_of(request).login, action, f"rating:{bad.rating}", detail)
        return bad.rating

    try:
        number = await change(request, run)
    except DeskRefused as error:
        return await _page(request, error, typed)
    return redirect(request, f"/supervise/ratings/{number}", notice)


def _own(session: Session, request: web.Request) -> BadRating:
    text, member = request.match_info["rating"], member_of(request)
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004
        raise web.HTTPNotFound
    bad = read_bad_rating(session, int(text))
    if bad.desk is None:
        if member.departments:
            raise web.HTTPForbidden
    elif not any(desk.code == bad.desk for desk in supervised_desks(session, member)):
        raise web.HTTPForbidden
    return bad
