"""The rows behind the dashboard's figures: turns with their masked words, or conversations with why they were not resolved.

A member who is limited to regions sees the rows of those, and of turns without a region.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from conversations.figure_conditions import (
    Window,
    chunks,
    in_window,
    judged_in,
    opened_in,
    turn_condition,
    why_not_resolved,
)
from conversations.models import Conversation, Message, Turn

CONVERSATION_FIGURES = ("conversations", "judged", "resolved", "unresolved")
_IDS_AT_ONCE = 500


@dataclass(frozen=True)
class TurnRow:
    """One turn behind a figure; `text` is masked, and empty where it was erased."""

    id: str
    at: datetime
    channel: str
    conversation: str
    text: str
    outcome: str
    item: str | None
    facet: str | None
    region: str | None
    seconds: float | None


@dataclass(frozen=True)
class JudgedConversation:
    """One conversation behind a figure: how it began, and why it was not resolved (codes of `figures.WHY`)."""

    id: str
    at: datetime
    text: str
    why: tuple[str, ...]


def turn_rows(
    session: Session, code: str, window: Window, regions: Collection[str], after: tuple[datetime, str] | None, size: int
) -> list[TurnRow]:
    """Give the turns behind a figure, the newest first; `after` the last row of the page before. Empty: no such figure."""
    condition = turn_condition(code)
    if condition is None:
        return []
    query = select(Turn).where(in_window(window), condition, _in_regions(Turn.region, regions))
    if after is not None:
        query = query.where(or_(Turn.started_at < after[0], and_(Turn.started_at == after[0], Turn.id < after[1])))
    turns = session.scalars(query.order_by(Turn.started_at.desc(), Turn.id.desc()).limit(size)).all()
    texts = _texts(session, [turn.id for turn in turns])
    return [
        TurnRow(
            id=turn.id,
            at=turn.started_at,
            channel=turn.channel,
            conversation=turn.conversation_id,
            text=texts.get(turn.id, ""),
            outcome=turn.outcome or "",
            item=turn.item,
            facet=turn.facet,
            region=turn.region,
            seconds=(turn.finished_at - turn.started_at).total_seconds() if turn.finished_at else None,
        )
        for turn in turns
    ]


def conversation_rows(
    session: Session,
    code: str,
    window: Window,
    regions: Collection[str],
    badly_rated: Collection[str],
    moment: datetime,
    after: tuple[datetime, str] | None,
    size: int,
) -> list[JudgedConversation]:
    """Give the conversations behind a figure (see `CONVERSATION_FIGURES`), the newest first."""
    why = why_not_resolved()
    rated = or_(false(), *(Conversation.id.in_(ids) for ids in chunks(badly_rated, _IDS_AT_ONCE)))
    failed = or_(*why.values(), rated)
    query = select(Conversation.id, Conversation.opened_at, *(condition.label(name) for name, condition in why.items()))
    looked_at = opened_in(window) if code == "conversations" else judged_in(window, moment)
    query = query.where(looked_at, _in_regions(Conversation.region, regions))
    if code in {"resolved", "unresolved"}:
        query = query.where(failed if code == "unresolved" else ~failed)
    if after is not None:
        earlier = and_(Conversation.opened_at == after[0], Conversation.id < after[1])
        query = query.where(or_(Conversation.opened_at < after[0], earlier))
    found = session.execute(query.order_by(Conversation.opened_at.desc(), Conversation.id.desc()).limit(size)).all()
    first = _first_texts(session, [row.id for row in found])
    return [
        JudgedConversation(
            id=row.id,
            at=row.opened_at,
            text=first.get(row.id, ""),
            why=tuple([name for name in why if getattr(row, name)] + (["bad_rating"] if row.id in badly_rated else [])),
        )
        for row in found
    ]


def _in_regions(column: Any, regions: Collection[str]) -> ColumnElement[bool]:
    if not regions:
        return true()
    inside = [column.startswith(_digits(code)) for code in regions]
    return or_(column.is_(None), *inside)


def _digits(code: str) -> str:
    """Give the digits that a region's code shares with the codes inside it (GB/T 2260)."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def _texts(session: Session, turns: Collection[str]) -> dict[str, str]:
    query = select(Message.turn_id, Message.text).where(Message.turn_id.in_(turns), Message.direction == "in")
    return {turn: text for turn, text in session.execute(query) if turn}


def _first_texts(session: Session, conversations: Collection[str]) -> dict[str, str]:
    query = (
        select(Message.conversation_id, Message.text)
        .where(Message.conversation_id.in_(conversations), Message.direction == "in")
        .order_by(Message.id.desc())
    )
    return dict(session.execute(query).tuples().all())
