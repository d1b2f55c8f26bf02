"""A citizen's rating looked up and taken back, when what they add says that it was about something else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.bad_ratings import close_case
from desk.models import RatingRow
from desk.vocabulary import RatingTarget


def last_rating(session: Session, citizen: str, since: datetime) -> RatingRow | None:
    """Give what a citizen rated last, since a moment."""
    return session.scalar(
        select(RatingRow)
        .where(RatingRow.citizen_id == citizen, RatingRow.at >= since)
        .order_by(RatingRow.at.desc(), RatingRow.id.desc())
        .limit(1)
    )


def drop_rating(session: Session, citizen: str, target: RatingTarget, target_id: str, turn: str | None = None) -> None:
    """Take a rating back with its follow-up (only if it came from a turn, where one is named); none is no fault.

    Raises:
        AlreadyTaken: its follow-up is done.
    """
    row = session.scalar(
        select(RatingRow).where(
            RatingRow.citizen_id == citizen, RatingRow.target == target.value, RatingRow.target_id == target_id
        )
    )
    if row is not None and turn in {None, row.turn_id}:
        close_case(session, row.id)
        session.delete(row)
        session.flush()
