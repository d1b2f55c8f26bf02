"""Internal notes of a handling: staff see them, the citizen never does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.changing import hold_handling, mask_words, note_event
from desk.models import HandlingNote


@dataclass(frozen=True)
class Note:
    """An internal note."""

    agent: str
    text: str
    at: datetime


def add_note(session: Session, handling: str, agent: str, text: str, moment: datetime) -> None:
    """Write a note, masked.

    Raises:
        DeskUnknown: there is no such handling.
        DeskRefused: it is empty or too long.
    """
    words = mask_words(text)
    row = hold_handling(session, handling)
    session.add(HandlingNote(handling_id=handling, agent=agent, text=words, at=moment))
    note_event(session, "note", row)


def read_notes(session: Session, handling: str) -> list[Note]:
    """Give a handling's notes, first first."""
    rows = session.scalars(select(HandlingNote).where(HandlingNote.handling_id == handling).order_by(HandlingNote.id))
    return [Note(row.agent, row.text, row.at) for row in rows]
