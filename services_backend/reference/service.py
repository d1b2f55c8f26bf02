"""What an applicant can do with a case: read it, list them, urge the office, rate the handling."""

from __future__ import annotations

import secrets
from datetime import date

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qinwen.clock import now, today
from qinwen.working_days import CalendarUnknown, add_working_days
from services_backend.cases import (
    Case,
    CaseEvent,
    CaseMaterial,
    CasePage,
    CaseResult,
    CaseSummary,
    FollowUp,
    Rating,
    RatingReceipt,
    Stop,
    Urge,
)
from services_backend.reference.identity import mask_name
from services_backend.reference.models import (
    Applicant,
    CaseRow,
    EventRow,
    FollowUpRow,
    MaterialRow,
    RatingRow,
    StopRow,
    UrgeRow,
)
from services_backend.reference.refusals import conflict
from services_backend.vocabulary import CaseState, Channel, Fetching, RatingLevel

_FOLLOW_UP_DAYS = 5


def read_case(session: Session, row: CaseRow) -> Case:
    """Give a case as its applicant may see it."""
    events = session.scalars(select(EventRow).where(EventRow.case_id == row.id).order_by(EventRow.sequence))
    materials = session.scalars(select(MaterialRow).where(MaterialRow.case_id == row.id).order_by(MaterialRow.id))
    stops = session.scalars(select(StopRow).where(StopRow.case_id == row.id).order_by(StopRow.id))
    result = CaseResult(row.result_name, Fetching(row.fetching), row.fetching_place, row.delivery_number)
    return Case(
        number=row.number,
        query_code=row.query_code,
        item=row.item,
        item_name=row.item_name,
        item_version=row.item_version,
        region=row.region,
        channel=Channel(row.channel),
        applicant=mask_name(session.get_one(Applicant, row.applicant_id).name),
        state=CaseState(row.state),
        since=row.since,
        submitted_at=row.submitted_at,
        promised_days=row.promised_days,
        step=row.step,
        desk=row.desk,
        accepted_at=row.accepted_at,
        finished_at=row.finished_at,
        promised_due_on=row.promised_due_on,
        correction_due_on=row.correction_due_on,
        events=tuple(CaseEvent(CaseState(e.state), e.at, e.note) for e in events),
        materials=tuple(CaseMaterial(m.name, m.received, m.reason) for m in materials),
        stops=tuple(Stop(s.started_on, s.reason, s.ended_on) for s in stops),
        result=result if row.result_name else None,
        urged_on=session.scalar(select(func.max(UrgeRow.on_day)).where(UrgeRow.case_id == row.id)),
        rated=bool(session.scalar(select(exists().where(RatingRow.case_id == row.id)))),
    )


def list_cases(session: Session, applicant_id: int, only: int | None, page: int, size: int) -> CasePage:
    """List an applicant's cases, the newest first; with `only`, that one."""
    wanted = [CaseRow.applicant_id == applicant_id, *([CaseRow.id == only] if only is not None else [])]
    total = session.scalar(select(func.count()).select_from(CaseRow).where(*wanted)) or 0
    rows = session.scalars(
        select(CaseRow)
        .where(*wanted)
        .order_by(CaseRow.submitted_at.desc(), CaseRow.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    )
    found = [CaseSummary(r.number, r.item, r.item_name, CaseState(r.state), r.since, r.promised_due_on) for r in rows]
    return CasePage(tuple(found), page, size, total)


def urge_case(session: Session, row: CaseRow) -> Urge:
    """Record a 催办.

    Raises:
        Refused: the case is over, or was urged today.
    """
    if not CaseState(row.state).is_open:
        raise conflict("case_not_open", "这件已经有结果了，不用再催。")
    urge = UrgeRow(id=secrets.token_hex(12), case_id=row.id, on_day=today(), at=now())
    _insert(session, urge, conflict("already_urged", "这件今天已经催过了，每件每天可以催一次。"))
    return Urge(urge.id, urge.at)


def rate_case(session: Session, row: CaseRow, rating: Rating) -> RatingReceipt:
    """Record a rating; a 差评 opens a follow-up with an owner and a working-day deadline.

    Raises:
        Refused: the case is not finished, was rated, or was handled under another version of the item.
    """
    if not CaseState(row.state).is_finished:
        raise conflict("case_not_finished", "这件还没有办结，办结以后才能评价。")
    if rating.item_version != row.item_version:
        raise conflict("item_version_wrong", "评价的事项版本和办件的不一致，请重新读取办件再评价。")
    reasons = [reason.value for reason in rating.reasons]
    record = RatingRow(
        id=secrets.token_hex(12),
        case_id=row.id,
        item_version=rating.item_version,
        level=rating.level.value,
        reasons=reasons,
        comment=rating.comment,
        at=now(),
    )
    _insert(session, record, conflict("already_rated", "这件已经评价过了，每件只能评价一次。"))
    follow_up = None
    if rating.level.is_bad:
        follow_up = FollowUpRow(
            id=secrets.token_hex(12),
            rating_id=record.id,
            owner=f"{row.desk}负责人",
            due_on=_deadline(today()),
            state="open",
        )
        session.add(follow_up)
        session.flush()
    return _receipt(record, follow_up)


def read_rating(session: Session, row: CaseRow) -> RatingReceipt | None:
    """Give the rating of a case, with what became of a 差评."""
    record = session.scalar(select(RatingRow).where(RatingRow.case_id == row.id))
    if record is None:
        return None
    return _receipt(record, session.scalar(select(FollowUpRow).where(FollowUpRow.rating_id == record.id)))


def _receipt(record: RatingRow, row: FollowUpRow | None) -> RatingReceipt:
    follow_up = FollowUp(row.id, row.owner, row.due_on, row.state) if row else None
    return RatingReceipt(record.id, RatingLevel(record.level), record.at, follow_up)


def _insert(session: Session, row: UrgeRow | RatingRow, refused: Exception) -> None:
    """Insert a row whose unique key says that it was there already."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise refused from None


def _deadline(day: date) -> date:
    """Give the day a 差评 must be settled by; where the calendar ends, seven days later."""
    try:
        return add_working_days(day, _FOLLOW_UP_DAYS)
    except CalendarUnknown:
        return date.fromordinal(day.toordinal() + 7)
