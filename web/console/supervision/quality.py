"""Quality sampling: draw closed conversations by chance, score them with a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    GRADES,
    DeskRefused,
    QualityReview,
    criteria,
    draw,
    drop_review,
    list_reviews,
    read_conversation,
    read_handling,
    read_review,
    score_review,
)
from qinwen.clock import SHAANXI, now
from staff import record
from web.console.access import member_of
from web.console.forms import day_of, page_of, text_of
from web.console.media import show_media
from web.console.pages import change, redirect, render, transact
from web.console.supervision.scope import chosen_desks, people, supervised_desk, supervised_desks

_SIZE = 20
_DAY = timedelta(days=1)
_STATES = {"": "全部", "open": "待评分", "done": "已评分"}


async def show_reviews(request: web.Request) -> web.Response:
    """List what was drawn: `GET /supervise/quality?state=open|done&page=`."""
    return await _list_page(request)


async def _list_page(
    request: web.Request, error: DeskRefused | None = None, typed: dict[str, str] | None = None
) -> web.Response:
    state, number, member = request.query.get("state", ""), page_of(request), member_of(request)
    state = state if state in _STATES else ""
    today = now().astimezone(SHAANXI)

    def read(session: Session) -> dict[str, Any]:
        mine = supervised_desks(session, member)
        done = {"open": False, "done": True}.get(state)
        rows, total = list_reviews(session, desks=[desk.code for desk in mine], done=done, page=number, size=_SIZE)
        return {
            "desks": mine,
            "titles": {desk.code: desk.name for desk in mine},
            "rows": rows,
            "total": total,
            "names": people(session, {one.agent for one in rows} | {one.reviewer for one in rows}),
        }

    found = await transact(request, read)
    typed = typed or {"from": f"{today - 7 * _DAY:%Y-%m-%d}", "to": f"{today:%Y-%m-%d}", "count": "10", "desk": ""}
    return render(
        request, "supervision/quality.html", status=422 if error else 200, title="质检", error=error, typed=typed, state=state,
        states=_STATES, number=number, pages=max(1, -(-found["total"] // _SIZE)), **found,
    )  # fmt: skip


async def take_draw(request: web.Request) -> web.Response:
    """Draw: `POST` `from=&to=&count=&desk=`."""
    form, member = await request.post(), member_of(request)
    typed = {name: text_of(form, name) for name in ("from", "to", "count", "desk")}

    def work(session: Session) -> list[int]:
        start, last = day_of(form, "from"), day_of(form, "to")
        if start is None or last is None or last < start:
            raise DeskRefused("请写好起止日期。")
        if not (typed["count"].isascii() and typed["count"].isdigit()):
            raise DeskRefused("抽几个要写数字。")
        codes = [desk.code for desk in chosen_desks(supervised_desks(session, member), typed["desk"])]
        made = draw(session, codes, start, last + _DAY, int(typed["count"][:6]), member.id, now())
        record(
            session,
            member.login,
            "quality_drawn",
            "desk:quality",
            {"count": len(made), "from": typed["from"], "to": typed["to"]},
        )
        return made

    try:
        made = await change(request, work)
    except DeskRefused as error:
        return await _list_page(request, error, typed)
    return redirect(request, "/supervise/quality?state=open", f"抽到 {len(made)} 个会话。")


async def show_review(request: web.Request) -> web.Response:
    """Show a drawn conversation with the form, or with its score."""
    return await _review_page(request)


async def _review_page(
    request: web.Request, error: DeskRefused | None = None, typed: dict[str, str] | None = None
) -> web.Response:
    def read(session: Session) -> dict[str, Any]:
        review = _own(session, request)
        handling = read_handling(session, review.handling)
        record(session, member_of(request).login, "desk_conversation_read", f"handling:{handling.id}")
        return {
            "review": review,
            "handling": handling,
            "lines": (lines := read_conversation(session, handling.id)),
            "media": show_media(session, request, [line.id for line in lines]),
            "names": people(session, {review.agent, review.reviewer, review.drawn_by}),
        }

    found = await change(request, read)
    return render(
        request, "supervision/review.html", status=422 if error else 200, title="质检", error=error, typed=typed or {},
        criteria=criteria(), grades=GRADES, own=found["review"].agent == member_of(request).id, **found,
    )  # fmt: skip


async def take_score(request: web.Request) -> web.Response:
    """Score: `POST` a grade for each criterion, and `note=`."""
    form, member = await request.post(), member_of(request)
    typed = {name: text_of(form, name) for name in (*(one.code for one in criteria()), "note")}
    good = {code for code, _ in GRADES}

    def work(session: Session) -> QualityReview:
        review = _own(session, request)
        grades = {one.code: int(typed[one.code]) for one in criteria() if typed[one.code] in good}
        scored = score_review(session, review.id, member.id, grades, typed["note"], now())
        record(session, member.login, "quality_scored", f"handling:{review.handling}", {"score": scored.score})
        return scored

    try:
        scored = await change(request, work)
    except DeskRefused as error:
        return await _review_page(request, error, typed)
    return redirect(request, "/supervise/quality?state=open", f"评分 {scored.score} 分，坐席在“我的评价”里能看到。")


async def give_back(request: web.Request) -> web.Response:
    """Take a drawn conversation back that is not scored."""

    def work(session: Session) -> None:
        review = _own(session, request)
        drop_review(session, review.id)
        record(session, member_of(request).login, "quality_dropped", f"handling:{review.handling}")

    await change(request, work)
    return redirect(request, "/supervise/quality", "已撤回，以后可能再抽到。")


def _own(session: Session, request: web.Request) -> QualityReview:
    text = request.match_info["review"]
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004
        raise web.HTTPNotFound
    review = read_review(session, int(text))
    supervised_desk(session, member_of(request), review.desk)
    return review
