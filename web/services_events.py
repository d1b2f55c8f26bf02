"""Where the case system tells us that a case changed. Public, without a session: the signature decides who is believed.

POST /api/services/events        Qinwen-Event, Qinwen-Timestamp, Qinwen-Signature (services_backend.webhooks)
{"event": "5f0c…", "sequence": 3, "case_number": "SN20261116001723", "item": "idcard-renew", "item_name": "…",
"state": "correction", "previous_state": "review", "at": "2026-11-20T02:00:00Z", "subjects": ["…"]}
→ 200 {"notices": 1}; the same event again does nothing. 403 where the signature is wrong, 503 where it can't be kept.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from qinwen.database import Database
from qinwen.log import logger
from services_backend import CaseChanged, Teller, WebhookRefused, add_notices, read_webhook
from web.faults import error_response

log = logger(__name__)


def make_events_route(database: Database, secret: str, teller: Teller) -> web.RouteDef:
    """Give the route.

    Args:
        database: where news wait to be told.
        secret: what the case system signs with.
        teller: woken when there are news.
    """

    def keep(changed: CaseChanged) -> int:
        with database.session() as session:
            return add_notices(session, changed)

    async def take_event(request: web.Request) -> web.Response:
        """Take a change of a case: `POST /api/services/events`."""
        try:
            changed = read_webhook(request.headers, await request.read(), secret)
        except WebhookRefused as error:
            log.warning("case_event_refused")
            return error_response(403, error.code, error.message)
        try:
            added = await asyncio.to_thread(keep, changed)
        except SQLAlchemyError:
            log.exception("case_event_not_kept")
            return error_response(503, "ledger_unavailable", "现在记不下这条通知，请稍后再投。")
        log.info("case_event_taken", notices=added)
        if added:
            teller.wake.set()
        return web.json_response({"notices": added})

    return web.post("/api/services/events", take_event)
