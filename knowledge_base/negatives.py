"""Questions that an entry must not answer (反例): who said so, and whether a question is one of them.

A negative wording holds with the next question in every process, for the knowledge revision rises with it. It only
withholds, is listed with who added it, and can be taken back; so it needs no second person. The one writer of its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.publishing import raise_revision
from knowledge_base.search.lexical import letters
from language import normalise
from qinwen.vocabulary import Facet

# As near as two ways of typing one question: by meaning (cosine of centred vectors), by shared pairs of characters.
_SAME_MEANING = 0.9
_SAME_CHARACTERS = 0.8
_LONGEST = 500


@dataclass(frozen=True)
class Negative:
    """A question that an entry must not answer; of a guide or item, one facet or (None) all of it."""

    id: int
    entry: str
    facet: Facet | None
    text: str
    author: str
    added_at: datetime


def add_negative(session: Session, entry_id: str, facet: Facet | None, text: str, author: str, at: datetime) -> int:
    """Say that an entry must not answer a question; gives its number. Saying it twice does it once.

    Raises:
        EntryNotFound: there is no such entry.
        EntryInvalid: the question is empty or too long.
    """
    words = normalise(text).strip()
    if not letters(words) or len(text) > _LONGEST:
        raise EntryInvalid("请写一个问题，最多 500 字。")
    if session.get(models.Entry, entry_id) is None:
        raise EntryNotFound(f"没有条目 {entry_id}。")
    table = models.NegativeWording
    same = (table.entry_id == entry_id, table.text == words, table.removed_at.is_(None))
    for known in session.scalars(select(table).where(*same)):
        if known.facet in (None, facet.value if facet else None):
            return known.id
    row = table(entry_id=entry_id, facet=facet.value if facet else None, text=words, author=author, added_at=at)
    session.add(row)
    raise_revision(session)
    session.flush()
    return row.id


def remove_negative(session: Session, number: int, author: str, at: datetime) -> str:
    """Take it back; gives the entry's id.

    Raises:
        EntryNotFound: there is none, or it was taken back already.
    """
    row = session.get(models.NegativeWording, number)
    if row is None or row.removed_at is not None:
        raise EntryNotFound("没有这个反例，可能已经撤销了。")
    row.removed_by, row.removed_at = author, at
    raise_revision(session)
    session.flush()
    return row.entry_id


def negatives_of(session: Session, entry_id: str) -> list[Negative]:
    """List what an entry must not answer, the newest first."""
    table = models.NegativeWording
    query = select(table).where(table.entry_id == entry_id, table.removed_at.is_(None)).order_by(table.id.desc())
    return [_negative(row) for row in session.scalars(query)]


def load_negatives(session: Session, known_at: datetime | None = None) -> tuple[Negative, ...]:
    """Give all that hold now, or that held by what was known at a moment."""
    table = models.NegativeWording
    query = select(table).order_by(table.id)
    if known_at is None:
        query = query.where(table.removed_at.is_(None))
    else:
        query = query.where(table.added_at <= known_at, or_(table.removed_at.is_(None), table.removed_at > known_at))
    return tuple(_negative(row) for row in session.scalars(query))


def matching_negatives(
    negatives: Sequence[Negative], text: str, vector: NDArray[np.float32] | None, vectors: Mapping[str, NDArray[np.float32]]
) -> list[Negative]:
    """Give those that a question is one of.

    Args:
        negatives: of the snapshot.
        text: the question.
        vector: its centred vector, where there is an encoder.
        vectors: those of the negatives' texts, centred the same way.
    """
    asked = letters(text)
    return [one for one in negatives if _same(asked, letters(one.text), vector, vectors.get(one.text))]


def _same(asked: str, held: str, vector: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> bool:
    if asked == held or _shared(asked, held) >= _SAME_CHARACTERS:
        return True
    return vector is not None and other is not None and float(vector @ other) >= _SAME_MEANING


def _shared(one: str, other: str) -> float:
    """Give the share of pairs of characters that two texts have in common (Dice)."""
    first, second = _pairs(one), _pairs(other)
    return 2 * len(first & second) / max(len(first) + len(second), 1)


def _pairs(text: str) -> set[str]:
    return {text[start : start + 2] for start in range(len(text) - 1)}


def entries_of(negatives: Iterable[Negative]) -> set[str]:
    """Give the entries that must not answer at all."""
    return {one.entry for one in negatives if one.facet is None}


def _negative(row: models.NegativeWording) -> Negative:
    return Negative(row.id, row.entry_id, Facet(row.facet) if row.facet else None, row.text, row.author, row.added_at)
