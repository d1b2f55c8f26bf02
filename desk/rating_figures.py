"""The dashboard's figures on ratings of the chat: how many of each level, and which conversations were rated badly.

Ratings whose appeal was upheld count nowhere. Called by the console, beside `conversations`' figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from desk.models import RatingCase, RatingRow
from desk.vocabulary import Appeal, RatingLevel, RatingTarget

RATING_DEFINITIONS = {
    "rated": ("评价", "这段时间里收到的评价，五级都算，不分渠道；同一个人对同一样改了评价，只算最后的；申诉成立的不算。"),
    "satisfied": ("满意率", "基本满意、满意、非常满意 ÷ 全部评价。"),
}


@dataclass(frozen=True)
class Rating:
    """One rating as the dashboard lists it; the comment is masked."""

    id: int
    at: datetime
    level: RatingLevel
    target: RatingTarget
    target_id: str
    conversation: str
    reasons: tuple[str, ...]
    comment: str


def count_ratings(session: Session, start: datetime, end: datetime) -> dict[RatingLevel, int]:
    """Count the ratings from `start` up to `end`, by level; a level without any is there with 0."""
    rows = session.execute(select(RatingRow.level, func.count()).where(_counts(start, end)).group_by(RatingRow.level))
    found = dict(rows.tuples().all())
    return {level: found.get(level.value, 0) for level in RatingLevel}


def badly_rated(session: Session, start: datetime, end: datetime) -> set[str]:
    """Give the conversations that got a bad rating, about anything in them, from `start` up to `end`."""
    bad = RatingRow.level <= RatingLevel.BAD.value
    return set(session.scalars(select(RatingRow.conversation_id).where(_counts(start, end), bad)))


def list_ratings(
    session: Session, start: datetime, end: datetime, *, level: RatingLevel | None, below: int | None, size: int
) -> Sequence[Rating]:
    """Give the ratings behind the figures, the newest first."""
    query = select(RatingRow).where(_counts(start, end))
    if level is not None:
        query = query.where(RatingRow.level == level.value)
    if below is not None:
        query = query.where(RatingRow.id < below)
    return [
        Rating(
            id=row.id,
            at=row.at,
            level=RatingLevel(row.level),
            target=RatingTarget(row.target),
            target_id=row.target_id,
            conversation=row.conversation_id,
            reasons=tuple(row.reasons),
            comment=row.comment,
        )
        for row in session.scalars(query.order_by(RatingRow.id.desc()).limit(size))
    ]


def _counts(start: datetime, end: datetime) -> ColumnElement[bool]:
    upheld = select(RatingCase.rating_id).where(RatingCase.appeal == Appeal.UPHELD.value)
    return and_(RatingRow.at >= start, RatingRow.at < end, RatingRow.id.not_in(upheld))
