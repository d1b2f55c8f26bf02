"""Staff's view of the deliveries: a list with state and reason, and the two things staff may do with a stuck one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from conversations.errors import DeliveryUnknown
from conversations.models import Citizen, Delivery
from qinwen.clock import now

STATES = ("waiting", "offered", "due", "sending", "sent", "parked", "given_up")
_MAY_REQUEUE = ("parked", "given_up")
_MAY_GIVE_UP = ("due", "parked")
_ERASED = "erased"


@dataclass(frozen=True)
class DeliveryRow:
    """One delivery as staff see it; the citizen is their id in the ledger, never their address."""

    id: int
    citizen: str
    channel: str
    turn: str | None
    state: str
    way: str | None
    reason: str | None
    attempts: int
    text: str
    created_at: datetime
    changed_at: datetime


def list_deliveries(
    session: Session, state: str | None = None, citizen: str | None = None, before: int | None = None, limit: int = 50
) -> list[DeliveryRow]:
    """List deliveries, newest first: of one state or all, of one citizen or all, below an id."""
    statement = select(Delivery, Citizen.channel).join(Citizen, Citizen.id == Delivery.citizen_id)
    if state:
        statement = statement.where(Delivery.state == state)
    if citizen:
        statement = statement.where(Delivery.citizen_id == citizen)
    if before:
        statement = statement.where(Delivery.id < before)
    rows = session.execute(statement.order_by(Delivery.id.desc()).limit(limit)).all()
    return [
        DeliveryRow(
            d.id, d.citizen_id, channel, d.turn_id, d.state, d.way, d.reason, d.attempts,
            str(d.part.get("text", "")), d.created_at, d.changed_at,
        )
        for d, channel in rows
    ]  # fmt: skip


def count_deliveries(session: Session) -> Counter[str]:
    """Count deliveries by state."""
    return Counter(dict(session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)).tuples().all()))


def requeue_delivery(session: Session, number: int) -> None:
    """Let a parked or given-up message be pushed again; what was erased has no words left and stays given up.

    Raises:
        DeliveryUnknown: there is none with this number that could be.
    """
    may = Delivery.state.in_(_MAY_REQUEUE) & Delivery.reason.is_distinct_from(_ERASED)
    _move(session, number, may, {"state": "due", "reason": None, "reply_turn": None, "attempts": 0, "next_at": now()})


def give_up_delivery(session: Session, number: int, reason: str = "staff") -> None:
    """Give a message up that is not on its way.

    Raises:
        DeliveryUnknown: there is none with this number that could be.
    """
    _move(session, number, Delivery.state.in_(_MAY_GIVE_UP), {"state": "given_up", "reason": reason})


def _move(session: Session, number: int, may: ColumnElement[bool], values: dict[str, Any]) -> None:
    result = session.execute(update(Delivery).where(Delivery.id == number, may).values(**values, changed_at=now()))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise DeliveryUnknown(f"没有可以这样处理的消息 {number}：它可能正在发送，或已经处理过。")
