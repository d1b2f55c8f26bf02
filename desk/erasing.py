"""Erasing what the desk knows of a citizen, when they ask for it or leave the channel, and of everybody after some time.

The citizen's own words are in the ledger, which erases them itself. Here go the collected facts, what staff wrote about
the conversation, and the comments of ratings; times and outcomes stay, for the figures.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
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
        _forget_words(row)
        row.follow_up_on = None
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


def purge_words(session: Session, before: datetime, *, dry_run: bool) -> int:
    """Erase what the desk wrote down of conversations that were closed before a moment; gives how many things it was.

    Facts and last message of the brief, facts for the bot, notes, and the comments of ratings go; the figures stay.
    """
    closed = select(HandlingRow).where(HandlingRow.closed_at < before)
    rows = [row for row in session.scalars(closed) if _has_words(row)]
    old = select(HandlingRow.id).where(HandlingRow.closed_at < before)
    note_rule = HandlingNote.handling_id.in_(old)
    move_rule = HandlingMove.handling_id.in_(old) & (HandlingMove.note != "")
    comment_rule = (RatingRow.at < before) & (RatingRow.comment != "")
    counts = [
        session.scalar(select(func.count()).select_from(table).where(rule)) or 0
        for table, rule in ((HandlingNote, note_rule), (HandlingMove, move_rule), (RatingRow, comment_rule))
    ]
    if not dry_run:
        for row in rows:
            _forget_words(row)
        plain = {"synchronize_session": False}
        session.execute(delete(HandlingNote).where(note_rule).execution_options(**plain))
        session.execute(update(HandlingMove).where(move_rule).values(note="").execution_options(**plain))
        session.execute(update(RatingRow).where(comment_rule).values(comment="").execution_options(**plain))
    return len(rows) + sum(counts)


def _has_words(row: HandlingRow) -> bool:
    return bool(row.brief.get("facts") or row.brief.get("last_message") or (row.returned and row.returned.get("facts")))


def _forget_words(row: HandlingRow) -> None:
    row.brief = {**row.brief, "facts": {}, "last_message": None}
    row.returned = {**row.returned, "facts": []} if row.returned else None
