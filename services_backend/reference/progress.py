"""The state machine of cases: which change may follow which, and what a change does to clock, materials and dates.

The one writer of a case's state, events and stops. A change is a conditional update, so of two at once one wins; the
webhook that tells of it is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from qinwen.clock import now
from qinwen.working_days import CalendarUnknown, add_working_days
from services_backend.cases import Stop, local_date
from services_backend.reference.deliveries import announce
from services_backend.reference.models import CaseRow, EventRow, MaterialRow, StopRow
from services_backend.reference.refusals import conflict
from services_backend.timetable import due_date
from services_backend.vocabulary import CaseState

S = CaseState
_NEXT: dict[CaseState, tuple[CaseState, ...]] = {
    S.PRE_REVIEW: (S.RECEIVED, S.CORRECTION, S.REJECTED, S.WITHDRAWN),
    S.RECEIVED: (S.ACCEPTED, S.CORRECTION, S.REJECTED, S.WITHDRAWN),
    S.ACCEPTED: (S.REVIEW, S.CORRECTION, S.SPECIAL, S.WITHDRAWN),
    S.REVIEW: (S.DECIDED, S.CORRECTION, S.SPECIAL, S.WITHDRAWN),
    S.SPECIAL: (S.REVIEW, S.WITHDRAWN),
    S.DECIDED: (S.GRANTED, S.REFUSED),
    S.GRANTED: (S.MADE, S.DELIVERED),
    S.REFUSED: (S.DELIVERED,),
    S.MADE: (S.DELIVERED,),
    S.REJECTED: (),
    S.DELIVERED: (),
    S.WITHDRAWN: (),
}
_STEPS = {
    S.PRE_REVIEW: "网上预审",
    S.RECEIVED: "决定受理",
    S.ACCEPTED: "受理",
    S.REJECTED: "受理",
    S.CORRECTION: "等待补正",
    S.SPECIAL: "特别程序",
    S.REVIEW: "审查",
    S.DECIDED: "决定",
    S.GRANTED: "办结",
    S.REFUSED: "办结",
    S.MADE: "制证",
    S.DELIVERED: "送达",
    S.WITHDRAWN: "撤回",
}
_CORRECTION_DAYS = 15


@dataclass(frozen=True)
class Missing:
    """A material that the office asks for, and what was wrong with it."""

    name: str
    reason: str


def next_states(state: CaseState, *, accepted: bool) -> tuple[CaseState, ...]:
    """Give the states that may follow, the usual one first; from 补正 it depends on whether the case was accepted."""
    if state is S.CORRECTION:
        return (S.REVIEW, S.WITHDRAWN) if accepted else (S.RECEIVED, S.REJECTED, S.WITHDRAWN)
    return _NEXT[state]


def move_case(
    session: Session,
    case: CaseRow,
    to: CaseState,
    *,
    at: datetime | None = None,
    note: str = "",
    missing: Sequence[Missing] = (),
    tell: bool = True,
) -> None:
    """Move a case to a state that may follow its own.

    Args:
        session: an open session.
        case: the case, as just read.
        to: the new state.
        at: when, by default now.
        note: the office's note for the applicant.
        missing: what is to be handed in, for 补正.
        tell: whether to send webhooks.

    Raises:
        Refused: the state may not follow, or the case was changed meanwhile.
    """
    moment, previous = at or now(), CaseState(case.state)
    if to not in next_states(previous, accepted=case.accepted_at is not None):
        raise conflict("illegal_transition", f"“{previous.label}”的办件不能直接变成“{to.label}”。")
    values: dict[str, Any] = {"state": to.value, "since": moment, "step": _STEPS[to], "version": CaseRow.version + 1}
    if to is S.ACCEPTED:
        values["accepted_at"] = moment
    if to in {S.GRANTED, S.REFUSED, S.REJECTED, S.WITHDRAWN}:
        values["finished_at"] = moment
    changed = session.execute(
        update(CaseRow).where(CaseRow.id == case.id, CaseRow.version == case.version).values(**values),
        execution_options={"synchronize_session": False},
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise conflict("changed_meanwhile", "这件办件刚刚有了变化，请重新读取。")
    session.refresh(case)
    day = local_date(moment)
    if previous in {S.CORRECTION, S.SPECIAL}:
        session.execute(update(StopRow).where(StopRow.case_id == case.id, StopRow.ended_on.is_(None)).values(ended_on=day))
    if previous is S.CORRECTION and to in {S.RECEIVED, S.REVIEW}:
        session.execute(update(MaterialRow).where(MaterialRow.case_id == case.id).values(received=True, reason=""))
    if to is S.SPECIAL or (to is S.CORRECTION and case.accepted_at):
        session.add(StopRow(case_id=case.id, started_on=day, ended_on=None, reason=note or to.label))
    case.correction_due_on = _correction_due(day) if to is S.CORRECTION else None
    for material in missing if to is S.CORRECTION else ():
        _ask_for(session, case, material)
    session.flush()
    case.promised_due_on = _promised_due(session, case)
    sequence = 1 + (session.scalar(select(func.max(EventRow.sequence)).where(EventRow.case_id == case.id)) or 0)
    session.add(EventRow(case_id=case.id, sequence=sequence, state=to.value, at=moment, note=note))
    if tell:
        announce(session, case, sequence, previous, moment)
    session.flush()


def _ask_for(session: Session, case: CaseRow, missing: Missing) -> None:
    known = session.scalar(select(MaterialRow).where(MaterialRow.case_id == case.id, MaterialRow.name == missing.name))
    if known:
        known.received, known.reason = False, missing.reason
    else:
        session.add(MaterialRow(case_id=case.id, name=missing.name, received=False, reason=missing.reason))


def _promised_due(session: Session, case: CaseRow) -> date | None:
    """Give the promised date; none while the clock has not begun or stands still, and where the calendar ends."""
    if case.accepted_at is None:
        return None
    rows = session.scalars(select(StopRow).where(StopRow.case_id == case.id)).all()
    stops = [Stop(row.started_on, row.reason, row.ended_on) for row in rows]
    if any(stop.ended_on is None for stop in stops):
        return None
    try:
        return due_date(local_date(case.accepted_at), case.promised_days, stops)
    except CalendarUnknown:
        return None


def _correction_due(day: date) -> date | None:
    try:
        return add_working_days(day, _CORRECTION_DAYS)
    except CalendarUnknown:
        return None
