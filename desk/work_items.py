"""Messages that citizens left: each with a desk, an owner, and a working day by which it is answered.

The citizen's words stay in the ledger: a work item names their message by its id there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from desk.changing import note_event
from desk.desks import Desk
from desk.errors import AlreadyTaken, DeskUnknown, NotHolding
from desk.models import HandlingRow, WorkItemRow
from desk.transcript import read_lines
from desk.vocabulary import WorkItemState
from qinwen.clock import SHAANXI
from qinwen.working_days import is_likely_working_day

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkItem:
    """A left message; `opens_at` is when its desk is next there, `due_on` the last day to answer."""

    id: int
    desk: str
    handling: str
    conversation: str
    citizen: str
    message_id: str
    state: WorkItemState
    owner: str | None
    created_at: datetime
    opens_at: datetime
    due_on: date
    answered_at: datetime | None


def due_day(start: datetime, working_days: int) -> date:
    """Give the day by which to answer: so many working days after the day of `start`, which is not counted.

    Beyond the decreed holidays Monday to Friday count: for an answer a guess is better than nothing, and never later.
    """
    day = start.astimezone(SHAANXI).date()
    while working_days > 0:
        day += _DAY
        working_days -= is_likely_working_day(day)
    return day


def add_work_item(session: Session, row: HandlingRow, desk: Desk, message_id: str, moment: datetime) -> WorkItem:
    """Make a work item of a message that a citizen left; its clock starts when the desk opens next."""
    opens_at = desk.hours.next_opening(moment) or moment
    item = WorkItemRow(
        desk=desk.code,
        handling_id=row.id,
        conversation_id=row.conversation_id,
        citizen_id=row.citizen_id,
        message_id=message_id,
        state=WorkItemState.OPEN.value,
        created_at=moment,
        opens_at=opens_at,
        due_on=due_day(opens_at, desk.answer_days),
    )
    session.add(item)
    session.flush()
    note_event(session, "work_item", row)
    return _to_item(item)


def list_work_items(session: Session, desks: Sequence[str], moment: datetime, *, ahead: bool = False) -> list[WorkItem]:
    """Give what is to be answered at some desks, first due first; with `ahead` also what waits for the next opening."""
    query = select(WorkItemRow).where(WorkItemRow.desk.in_(desks), WorkItemRow.state != WorkItemState.DONE.value)
    if not ahead:
        query = query.where(WorkItemRow.opens_at <= moment)
    return [_to_item(row) for row in session.scalars(query.order_by(WorkItemRow.due_on, WorkItemRow.id))]


def overdue_work_items(session: Session, desks: Sequence[str], today: date) -> list[WorkItem]:
    """Give what should have been answered before today."""
    query = select(WorkItemRow).where(
        WorkItemRow.desk.in_(desks), WorkItemRow.state != WorkItemState.DONE.value, WorkItemRow.due_on < today
    )
    return [_to_item(row) for row in session.scalars(query.order_by(WorkItemRow.due_on, WorkItemRow.id))]


def take_work_item(session: Session, item: int, agent: str) -> WorkItem:
    """Become the owner of a work item; twice changes nothing.

    Raises:
        DeskUnknown: there is none with this number.
        AlreadyTaken: somebody else has it, or it is answered.
    """
    row = _hold(session, item)
    if row.state == WorkItemState.DONE.value or row.owner not in {None, agent}:
        raise AlreadyTaken("这条留言已经有人在处理，或者已经答复了。")
    return _assign(session, row, agent)


def assign_work_item(session: Session, item: int, owner: str) -> WorkItem:
    """Let a supervisor give a work item to somebody.

    Raises:
        DeskUnknown: there is none with this number.
        AlreadyTaken: it is answered.
    """
    row = _hold(session, item)
    if row.state == WorkItemState.DONE.value:
        raise AlreadyTaken("这条留言已经答复了。")
    return _assign(session, row, owner)


def begin_answer(session: Session, item: int, agent: str, moment: datetime) -> WorkItem:
    """Close a work item in the transaction that writes its answer, so that a double click answers once.

    Raises:
        DeskUnknown: there is none with this number.
        NotHolding: somebody else owns it.
        AlreadyTaken: it is answered.
    """
    row = _hold(session, item)
    if row.state == WorkItemState.DONE.value:
        raise AlreadyTaken("这条留言已经答复了。")
    if row.owner != agent:
        raise NotHolding("请先领取这条留言，再答复。")
    row.state, row.answered_at = WorkItemState.DONE.value, moment
    session.flush()
    return _to_item(row)


def read_left_message(session: Session, item: WorkItem) -> str | None:
    """Give the citizen's words, masked, from the ledger; None where they were erased."""
    lines = read_lines(session, item.citizen)
    return next((line.reply.text for line in lines if line.message_id == item.message_id and line.author == "citizen"), None)


def _hold(session: Session, item: int) -> WorkItemRow:
    # A write that changes nothing: it locks the row (see `changing`).
    session.execute(
        update(WorkItemRow)
        .where(WorkItemRow.id == item)
        .values(state=WorkItemRow.state)
        .execution_options(synchronize_session=False)
    )
    row = session.get(WorkItemRow, item, populate_existing=True)
    if row is None:
        raise DeskUnknown("没有这条留言。")
    return row


def _assign(session: Session, row: WorkItemRow, owner: str) -> WorkItem:
    row.owner, row.state = owner, WorkItemState.ASSIGNED.value
    session.flush()
    return _to_item(row)


def _to_item(row: WorkItemRow) -> WorkItem:
    return WorkItem(
        id=row.id,
        desk=row.desk,
        handling=row.handling_id,
        conversation=row.conversation_id,
        citizen=row.citizen_id,
        message_id=row.message_id,
        state=WorkItemState(row.state),
        owner=row.owner,
        created_at=row.created_at,
        opens_at=row.opens_at,
        due_on=row.due_on,
        answered_at=row.answered_at,
    )
