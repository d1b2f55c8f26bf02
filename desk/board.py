"""The live board: each desk with who waits, how long, who is there, and what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from desk.desks import Desk, list_desks
from desk.models import HandlingRow, WorkItemRow
from desk.presence import AgentNow, agents_by_desk
from desk.vocabulary import HandlingState, WorkItemState
from qinwen.clock import SHAANXI

# From this share of the promised first answer on, a waiting conversation is at risk.
AT_RISK = 0.8
# Plain columns: a busy board counts hundreds, and is looked at all the time.
_LOOKED_AT = (
    HandlingRow.id, HandlingRow.desk, HandlingRow.state, HandlingRow.asked_at, HandlingRow.waiting_since,
    HandlingRow.first_reply_at,
)  # fmt: skip


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
        at_risk: the handlings that have no first answer and are near or over the promised time, longest first.
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
    at_risk: tuple[str, ...]
    work_items: int = 0
    overdue: int = 0


def read_board(session: Session, moment: datetime, codes: Sequence[str] | None = None) -> list[DeskNow]:
    """Give the board of some desks, or of all."""
    desks = [desk for desk in list_desks(session) if desk.active and (codes is None or desk.code in codes)]
    rows = session.execute(
        select(*_LOOKED_AT)
        .where(HandlingRow.state != HandlingState.CLOSED.value, HandlingRow.desk.in_([desk.code for desk in desks]))
        .order_by(HandlingRow.asked_at)
    ).all()
    open_items = WorkItemRow.state != WorkItemState.DONE.value
    today = moment.astimezone(SHAANXI).date()
    items = _count(session, open_items)
    late = _count(session, open_items, WorkItemRow.due_on < today)
    agents = agents_by_desk(session, [desk.code for desk in desks], moment)
    return [
        replace(
            _look(desk, [row for row in rows if row.desk == desk.code], agents.get(desk.code, []), moment),
            work_items=items.get(desk.code, 0),
            overdue=late.get(desk.code, 0),
        )
        for desk in desks
    ]


def _look(desk: Desk, rows: Sequence[Row[Any]], agents: Sequence[AgentNow], moment: datetime) -> DeskNow:
    waiting = [row for row in rows if row.state == HandlingState.QUEUED.value]
    held = [row for row in rows if row.state == HandlingState.WITH_AGENT.value]
    soon = moment - timedelta(seconds=AT_RISK * desk.first_reply)
    return DeskNow(
        desk=desk,
        is_open=desk.hours.is_open(moment),
        waiting=len(waiting),
        longest_wait=max(((moment - row.asked_at).total_seconds() for row in waiting), default=None),
        held=len(held),
        unanswered=sum(row.waiting_since is not None for row in held),
        agents=tuple(agents),
        room=sum(agent.room for agent in agents),
        at_risk=tuple(row.id for row in [*waiting, *held] if not row.first_reply_at and row.asked_at <= soon),
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> dict[str, int]:
    query = select(WorkItemRow.desk, func.count()).where(*conditions).group_by(WorkItemRow.desk)
    return dict(session.execute(query).tuples().all())
