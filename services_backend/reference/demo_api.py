"""The demonstration's addresses: move cases, read SMS codes, break the API, see deliveries. JSON, signed like every call.

They exist only with `QINWEN_SERVICES_DEMO=on`. This is the one place where SMS codes and made-up identity numbers are shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services_backend.reference import service
from services_backend.reference.app import BACKEND, Backend, read_signed
from services_backend.reference.faults import SWITCH, Fault
from services_backend.reference.identity import make_receipt_code
from services_backend.reference.models import (
    CaseRow,
    DeliveryRow,
    FollowUpRow,
    MaterialRow,
    RatingRow,
    SmsRow,
    UrgeRow,
    WebhookRow,
)
from services_backend.reference.people import make_people
from services_backend.reference.progress import Missing, move_case, next_states
from services_backend.reference.refusals import Refused
from services_backend.reference.seeding import PEOPLE, SEED
from services_backend.vocabulary import CaseState

Work = Callable[[Session, Backend, web.Request, bytes], object]
_MOST = 500


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a case is to go; by default to the usual next state."""

    to: CaseState | None = None
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Break(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to break."""

    fault: Fault
    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 3.0


def add_demo(app: web.Application) -> None:
    """Add the demonstration's addresses to the application."""
    app.router.add_get("/demo/cases", _work(_list_cases))
    app.router.add_post("/demo/cases/{number}/advance", _work(_advance))
    app.router.add_post("/demo/cases/{number}/receipt-code", _work(_make_code))
    app.router.add_get("/demo/sms", _work(_list_sms))
    app.router.add_get("/demo/deliveries", _work(_list_deliveries))
    app.router.add_get("/demo/ratings", _work(_list_ratings))
    app.router.add_get("/demo/urges", _work(_list_urges))
    app.router.add_get("/demo/fault", _read_fault)
    app.router.add_post("/demo/fault", _set_fault)


def _work(work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        _, body, _ = await read_signed(request)
        backend = request.app[BACKEND]

        def run() -> bytes:
            with backend.database.session() as session:
                return msgspec.json.encode(work(session, backend, request, body))

        return web.Response(body=await asyncio.to_thread(run), content_type="application/json")

    return handle


def _decode(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Refused(422, "invalid", f"请求不合要求：{error}") from None


def _find(session: Session, request: web.Request) -> CaseRow:
    row = session.scalar(select(CaseRow).where(CaseRow.number == request.match_info["number"]))
    if row is None:
        raise Refused(404, "case_unknown", "没有这件办件。")
    return row


def _list_cases(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    """List cases with what is needed to try them: the last four of the made-up identity number."""
    del backend, body
    people = make_people(PEOPLE, SEED)
    wanted = select(CaseRow).order_by(CaseRow.since.desc()).limit(_MOST)
    if state := request.query.get("state"):
        wanted = wanted.where(CaseRow.state == state)
    return [
        {
            "number": row.number,
            "state": row.state,
            "item_name": row.item_name,
            "since": row.since,
            "promised_due_on": row.promised_due_on,
            "applicant": people[row.applicant_id - 1].name,
            "id_last4": people[row.applicant_id - 1].id_number[-4:],
            "next": next_states(CaseState(row.state), accepted=row.accepted_at is not None),
        }
        for row in session.scalars(wanted)
    ]


def _advance(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    del backend
    row, told = _find(session, request), _decode(body, Advance)
    following = next_states(CaseState(row.state), accepted=row.accepted_at is not None)
    if not following:
        raise Refused(409, "case_over", f"“{CaseState(row.state).label}”以后没有下一步了。")
    to = told.to or following[0]
    missing = []
    if to is CaseState.CORRECTION:
        first = session.scalar(select(MaterialRow.name).where(MaterialRow.case_id == row.id).order_by(MaterialRow.id))
        missing = [Missing(first or "申请表", told.note or "复印件看不清")]
    move_case(session, row, to, note=told.note, missing=missing)
    return service.read_case(session, row)


def _make_code(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    """Print a receipt's one-time binding code (a real system prints it when the case is received)."""
    del body
    return {"code": make_receipt_code(session, backend.pepper, _find(session, request).id)}


def _list_sms(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    del backend, request, body
    people = make_people(PEOPLE, SEED)
    sent = session.scalars(select(SmsRow).where(SmsRow.applicant_id.is_not(None)).order_by(SmsRow.id.desc()).limit(20))
    return [{"to": people[(row.applicant_id or 1) - 1].phone, "text": row.text, "at": row.at} for row in sent]


def _list_deliveries(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    del backend, request, body
    rows = session.scalars(select(WebhookRow).order_by(WebhookRow.next_at.desc()).limit(50)).all()
    log = session.scalars(
        select(DeliveryRow).where(DeliveryRow.webhook_id.in_([row.id for row in rows])).order_by(DeliveryRow.id)
    ).all()
    return [
        {
            "event": row.id,
            "case_number": row.body["case_number"],
            "to_state": row.body["state"],
            "delivery": row.state,
            "attempts": [{"at": a.at, "status": a.status, "error": a.error} for a in log if a.webhook_id == row.id],
        }
        for row in rows
    ]


def _list_ratings(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    del backend, request, body
    rows = session.execute(
        select(RatingRow, CaseRow.number, FollowUpRow)
        .join(CaseRow, CaseRow.id == RatingRow.case_id)
        .outerjoin(FollowUpRow, FollowUpRow.rating_id == RatingRow.id)
        .order_by(RatingRow.at.desc())
        .limit(50)
    )
    return [
        {
            "case_number": number,
            "item_version": rating.item_version,
            "level": rating.level,
            "reasons": rating.reasons,
            "follow_up": {"owner": follow.owner, "due_on": follow.due_on, "state": follow.state} if follow else None,
        }
        for rating, number, follow in rows.tuples()
    ]


def _list_urges(session: Session, backend: Backend, request: web.Request, body: bytes) -> object:
    del backend, request, body
    rows = session.execute(
        select(CaseRow.number, func.count(), func.max(UrgeRow.at)).join(UrgeRow).group_by(CaseRow.number).limit(50)
    )
    return [{"case_number": number, "urges": count, "last_at": last} for number, count, last in rows.tuples()]


async def _read_fault(request: web.Request) -> web.StreamResponse:
    await read_signed(request)
    return web.json_response(asdict(request.app[SWITCH]))


async def _set_fault(request: web.Request) -> web.StreamResponse:
    _, body, _ = await read_signed(request)
    told: Break = _decode(body, Break)
    switch = request.app[SWITCH]
    switch.fault, switch.seconds = told.fault, told.seconds
    return web.json_response(asdict(switch))
