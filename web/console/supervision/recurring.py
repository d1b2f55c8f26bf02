"""What agents tell citizens again and again, for editors to write into the knowledge base."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import RECURRING_LEAST, find_recurring
from knowledge_base import all_item_titles
from qinwen.clock import now
from web.console.access import member_of
from web.console.forms import page_of
from web.console.pages import render, transact
from web.console.supervision.scope import supervised_desks

_SINCE = timedelta(days=30)
_SIZE = 20


async def show_recurring(request: web.Request) -> web.Response:
    """Show the answers that recur: `GET /supervise/recurring?page=`."""
    number = page_of(request)

    def read(session: Session) -> dict[str, Any]:
        codes = [desk.code for desk in supervised_desks(session, member_of(request))]
        return {"all": find_recurring(session, codes, now() - _SINCE), "items": all_item_titles(session)}

    found = await transact(request, read)
    every = found.pop("all")
    return render(
        request, "supervision/recurring.html", title="反复的答复", rows=every[(number - 1) * _SIZE : number * _SIZE],
        number=number, pages=max(1, -(-len(every) // _SIZE)), days=_SINCE.days, least=RECURRING_LEAST, **found,
    )  # fmt: skip
