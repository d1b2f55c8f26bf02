"""The live board: each desk with who waits, how long, who is there, and what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from desk.desks import Desk, list_desks
from desk.handling import Handling, to_handling
from desk.models import HandlingRow, WorkItemRow
from desk.presence import AgentNow, agents_of
from desk.vocabulary import HandlingState, WorkItemState
from qinwen.clock import SHAANXI

# From this share of the promised first answer on, a waiting conversation is at risk.
AT_RISK = 0.8


@dataclass(frozen=True)
class DeskNow:
    """A desk at this moment.

    Attributes:
        desk: the desk.
        is_open: whether it is open.
        waiting: how many are in its queue.
        longest_wait: seconds that the one waiting longest has waited, from asking.
        held: how many are with an agent.
        unanswered: how many of them wait for the agent's answer.
        agents: its agents with presence and load.
        room: how many more its agents could take now.
        at_risk: who has no first answer and is near or over the promised time, longest first.
        work_items: left messages that are open.
        overdue: of these, how many should have been answered before today.
    """

    desk: Desk
    is_open: bool
    waiting: int
    longest_wait: float | None
    held: int
    unanswered: int
    agents: tuple[AgentNow, ...]
    room: int
    at_risk: tuple[Handling, ...]
    work_items: int
    overdue: int


def read_board(session: Session, moment: datetime, codes: Sequence[str] | None = None) -> list[DeskNow]:
    """Give the board of some desks, or of all."""
    desks = [desk for desk in list_desks(session) if desk.active and (codes is None or desk.code in codes)]
    rows = session.scalars(
        select(HandlingRow)
        .where(HandlingRow.state != HandlingState.CLOSED.value, HandlingRow.desk.in_([desk.code for desk in desks]))
        .order_by(HandlingRow.asked_at)
    ).all()
    open_items = WorkItemRow.state != WorkItemState.DONE.value
    today = moment.astimezone(SHAANXI).date()
    items = _count(session, open_items)
    late = _count(session, open_items, WorkItemRow.due_on < today)
    return [_look(session, desk, [row for row in rows if row.desk == desk.code], items, late, moment) for desk in desks]


def _look(
    session: Session,
    desk: Desk,
    rows: Sequence[HandlingRow],
    items: dict[str, int],
    late: dict[str, int],
    moment: datetime,
) -> DeskNow:
    waiting = [row for row in rows if row.state == HandlingState.QUEUED.value]
    held = [row for row in rows if row.state == HandlingState.WITH_AGENT.value]
    agents = tuple(agents_of(session, [desk.code], moment))
    soon = moment - timedelta(seconds=AT_RISK * desk.first_reply)
    return DeskNow(
        desk=desk,
        is_open=desk.hours.is_open(moment),
        waiting=len(waiting),
        longest_wait=max(((moment - row.asked_at).total_seconds() for row in waiting), default=None),
        held=len(held),
        unanswered=sum(row.waiting_since is not None for row in held),
        agents=agents,
        room=sum(agent.room for agent in agents),
        at_risk=tuple(to_handling(row) for row in [*waiting, *held] if not row.first_reply_at and row.asked_at <= soon),
        work_items=items.get(desk.code, 0),
        overdue=late.get(desk.code, 0),
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> dict[str, int]:
    query = select(WorkItemRow.desk, func.count()).where(*conditions).group_by(WorkItemRow.desk)
    return dict(session.execute(query).tuples().all())
