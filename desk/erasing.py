"""Erasing what the desk knows of a citizen, when they ask for it or leave the channel.

The citizen's own words are in the ledger, which erases them itself. Here go the collected facts, what staff wrote about
the conversation, and the comments of ratings; times and outcomes stay, for the figures.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from desk.models import HandlingMove, HandlingNote, HandlingRow, RatingRow, WorkItemRow
from desk.vocabulary import CloseOutcome, HandlingState, WorkItemState


def erase_citizen(session: Session, citizen: str, moment: datetime) -> dict[str, int]:
    """Erase a citizen at the desk, and end what is open; the ledger ends the conversation. Twice does no harm.

    Returns how many conversations with a person it was, by what follows the number in words.
    """
    session.execute(
        update(HandlingRow)
        .where(HandlingRow.citizen_id == citizen, HandlingRow.state != HandlingState.CLOSED.value)
        .values(state=HandlingState.CLOSED.value, outcome=CloseOutcome.LEFT.value, closed_at=moment, waiting_since=None)
        .execution_options(synchronize_session=False)
    )
    rows = session.scalars(
        select(HandlingRow).where(HandlingRow.citizen_id == citizen).execution_options(populate_existing=True)
    ).all()
    for row in rows:
        row.brief = {**row.brief, "facts": {}, "last_message": None}
        row.returned = {**row.returned, "facts": []} if row.returned else None
    mine = select(HandlingRow.id).where(HandlingRow.citizen_id == citizen)
    session.execute(delete(HandlingNote).where(HandlingNote.handling_id.in_(mine)))
    session.execute(
        update(HandlingMove)
        .where(HandlingMove.handling_id.in_(mine))
        .values(note="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(WorkItemRow)
        .where(WorkItemRow.citizen_id == citizen, WorkItemRow.state != WorkItemState.DONE.value)
        .values(state=WorkItemState.DONE.value, answered_at=moment)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(RatingRow).where(RatingRow.citizen_id == citizen).values(comment="").execution_options(synchronize_session=False)
    )
    return {"次人工服务的记录": len(rows)}
