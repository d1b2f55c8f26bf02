"""What an agent sees of themselves: their ratings with the appeal, and what quality sampling said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    GRADES,
    Appeal,
    BadRating,
    DeskRefused,
    RatingTarget,
    appeal,
    criteria,
    list_bad_ratings,
    list_reviews,
    measure,
    note_seen,
    read_bad_rating,
    reason_titles,
)
from qinwen.clock import now
from staff import record
from web.console.access import member_of
from web.console.forms import page_of, text_of
from web.console.pages import change, redirect, render

_SIZE = 20
_RECENT = timedelta(days=30)


async def show_record(request: web.Request) -> web.Response:
    """Show an agent their own figures, bad ratings and quality reviews: `GET /my-service?page=`."""
    return await _page(request)


async def _page(
    request: web.Request, error: DeskRefused | None = None, failed: int | None = None, typed: str = ""
) -> web.Response:
    mine, moment, number = member_of(request).id, now(), page_of(request)

    def read(session: Session) -> dict[str, Any]:
        bad: list[BadRating] = [
            one for done in (False, True) for one in list_bad_ratings(session, done=done) if one.agent == mine
        ]
        rows, total = list_reviews(session, agent=mine, done=True, page=number, size=_SIZE)
        note_seen(session, mine, moment)
        return {
            "figures": measure(session, moment - _RECENT, moment, agent=mine),
            "bad": bad,
            "reviews": rows,
            "pages": max(1, -(-total // _SIZE)),
        }

    found = await change(request, read)
    return render(
        request, "supervision/own_record.html", status=422 if error else 200, title="我的评价和质检", error=error,
        failed=failed, typed=typed, number=number, criteria=criteria(), grades=dict(GRADES), reasons=reason_titles,
        appeals=Appeal, targets=RatingTarget, **found,
    )  # fmt: skip


async def take_appeal(request: web.Request) -> web.Response:
    """Ask to have a rating left out, once: `POST` `text=`."""
    number, member = request.match_info["rating"], member_of(request)
    text = text_of(await request.post(), "text")
    if not (number.isascii() and number.isdigit() and len(number) < 16):  # noqa: PLR2004
        raise web.HTTPNotFound

    def work(session: Session) -> None:
        if read_bad_rating(session, int(number)).agent != member.id:
            raise web.HTTPForbidden
        appeal(session, int(number), member.id, text)
        record(session, member.login, "rating_appealed", f"rating:{int(number)}")

    try:
        await change(request, work)
    except DeskRefused as error:
        return await _page(request, error, int(number), text)
    return redirect(request, "/my-service", "申诉已提交，由班长审定。")
