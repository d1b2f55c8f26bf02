"""A handling as other packages see it: one handed-off conversation, read from its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from desk.changing import hold_handling
from desk.errors import DeskUnknown
from desk.models import HandlingGuest, HandlingMove, HandlingRow
from desk.vocabulary import CloseOutcome, HandlingState, HandoffReason, MoveKind


@dataclass(frozen=True)
class Handling:
    """One handed-off conversation; `waiting_since`: since when the citizen waits for the agent's answer."""

    id: str
    conversation: str
    citizen: str
    desk: str
    state: HandlingState
    agent: str | None
    reason: HandoffReason
    urgency: tuple[str, ...]
    brief: Mapping[str, Any]
    asked_at: datetime
    claimed_at: datetime | None
    first_reply_at: datetime | None
    waiting_since: datetime | None
    closed_at: datetime | None
    preferred_agent: str | None
    outcome: CloseOutcome | None
    entry: str | None
    follow_up_on: date | None


@dataclass(frozen=True)
class Move:
    """A change of desk or agent, with the note that was left."""

    kind: MoveKind
    from_desk: str
    to_desk: str
    from_agent: str | None
    to_agent: str | None
    by: str | None
    note: str
    at: datetime


def to_handling(row: HandlingRow) -> Handling:
    """Give a row in the shape that leaves this package."""
    return Handling(
        id=row.id,
        conversation=row.conversation_id,
        citizen=row.citizen_id,
        desk=row.desk,
        state=HandlingState(row.state),
        agent=row.agent,
        reason=HandoffReason(row.reason),
        urgency=tuple(row.urgency),
        brief=row.brief,
        asked_at=row.asked_at,
        claimed_at=row.claimed_at,
        first_reply_at=row.first_reply_at,
        waiting_since=row.waiting_since,
        closed_at=row.closed_at,
        preferred_agent=row.preferred_agent,
        outcome=CloseOutcome(row.outcome) if row.outcome else None,
        entry=row.entry,
        follow_up_on=row.follow_up_on,
    )


def read_handling(session: Session, handling: str) -> Handling:
    """Give one handling.

    Raises:
        DeskUnknown: there is none with this id.
    """
    row = session.get(HandlingRow, handling)
    if row is None:
        raise DeskUnknown("没有这个会话的接待记录。")
    return to_handling(row)


def find_open(session: Session, conversation: str) -> str | None:
    """Give the id of a conversation's open handling."""
    return session.scalar(
        select(HandlingRow.id).where(
            HandlingRow.conversation_id == conversation, HandlingRow.state != HandlingState.CLOSED.value
        )
    )


def hold_open(session: Session, conversation: str) -> HandlingRow | None:
    """Lock a conversation's open handling; None: it has none (any more)."""
    found = find_open(session, conversation)
    if found is None:
        return None
    row = hold_handling(session, found)
    return None if row.state == HandlingState.CLOSED.value else row


def read_moves(session: Session, handling: str) -> list[Move]:
    """Give how a handling went from desk to desk and agent to agent, first first."""
    rows = session.scalars(select(HandlingMove).where(HandlingMove.handling_id == handling).order_by(HandlingMove.id))
    return [
        Move(MoveKind(r.kind), r.from_desk, r.to_desk, r.from_agent, r.to_agent, r.by, r.note, r.at) for r in rows
    ]  # fmt: skip


def list_queue(session: Session, desks: Sequence[str], limit: int = 50) -> list[Handling]:
    """Give who is served next at some desks, first first; the board has the numbers of all."""
    query = select(HandlingRow).where(HandlingRow.desk.in_(desks), HandlingRow.state == HandlingState.QUEUED.value)
    return [to_handling(row) for row in session.scalars(query.order_by(HandlingRow.rank_at, HandlingRow.id).limit(limit))]


def list_held(session: Session, agent: str) -> list[Handling]:
    """Give what an agent has now: who waits for an answer longest comes first, then by claim."""
    query = select(HandlingRow).where(HandlingRow.agent == agent, HandlingRow.state == HandlingState.WITH_AGENT.value)
    query = query.order_by(HandlingRow.waiting_since.is_(None), HandlingRow.waiting_since, HandlingRow.claimed_at)
    return [to_handling(row) for row in session.scalars(query)]


def list_closed(session: Session, agent: str, limit: int = 50) -> list[Handling]:
    """Give what an agent closed last."""
    query = select(HandlingRow).where(HandlingRow.agent == agent, HandlingRow.state == HandlingState.CLOSED.value)
    return [to_handling(row) for row in session.scalars(query.order_by(HandlingRow.closed_at.desc()).limit(limit))]


def list_joined(session: Session, agent: str) -> list[Handling]:
    """Give the open conversations that an agent was brought into."""
    query = (
        select(HandlingRow)
        .join(HandlingGuest, HandlingGuest.handling_id == HandlingRow.id)
        .where(HandlingGuest.agent == agent, HandlingRow.state == HandlingState.WITH_AGENT.value)
    )
    return [to_handling(row) for row in session.scalars(query.order_by(HandlingGuest.joined_at))]


def guests_of(session: Session, handling: str) -> list[str]:
    """Give who was brought into a conversation, first first."""
    query = select(HandlingGuest.agent).where(HandlingGuest.handling_id == handling)
    return list(session.scalars(query.order_by(HandlingGuest.joined_at)))


def held_of_citizen(session: Session, citizen: str) -> Handling | None:
    """Give the conversation that a citizen has with an agent now, if any."""
    query = select(HandlingRow).where(HandlingRow.citizen_id == citizen, HandlingRow.state == HandlingState.WITH_AGENT.value)
    row = session.scalar(query.limit(1))
    return to_handling(row) if row else None


def count_ahead(session: Session, citizen: str) -> int | None:
    """Count who is served before a waiting citizen at their desk; None where they don't wait."""
    waits = HandlingRow.state == HandlingState.QUEUED.value
    row = session.execute(
        select(HandlingRow.desk, HandlingRow.rank_at, HandlingRow.id).where(HandlingRow.citizen_id == citizen, waits).limit(1)
    ).one_or_none()
    if row is None:
        return None
    before = or_(HandlingRow.rank_at < row.rank_at, and_(HandlingRow.rank_at == row.rank_at, HandlingRow.id < row.id))
    return session.scalar(select(func.count()).select_from(HandlingRow).where(HandlingRow.desk == row.desk, waits, before)) or 0
