"""What was said when: an entry's versions, their differences, and what was answered on a day as it was known on a day.

Two times are asked for: the moment that is asked about (valid time), and the moment whose knowledge counts (recorded time).
'What did we tell people on 3 March' takes 3 March for both; 'what should we have told them, by what we know today' takes
3 March and today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.answering import Answer, Answerer
from knowledge_base.differences import Difference, compare
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.questions import Question
from knowledge_base.snapshot import PastKnowledge
from knowledge_base.timeline import governing
from language import Encoder
from qinwen.clock import SHAANXI
from qinwen.database import Database


@dataclass(frozen=True)
class PastVersion:
    """A version with all that was written down about it; it fits `timeline`."""

    entry: str
    kind: str
    number: int
    withdraws: bool
    body: Mapping[str, Any]
    author: str
    approver: str | None
    reason: str
    sample: bool
    reviewed_on: date | None
    review_due_on: date | None
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime
    clears: bool
    restores: int | None
    batch: int | None
    taken_back_at: datetime | None


def versions_of(session: Session, entry_id: str) -> list[PastVersion]:
    """Give all versions of an entry, the newest first.

    Raises:
        EntryNotFound: there is no such entry.
    """
    if session.get(models.Entry, entry_id) is None:
        raise EntryNotFound(f"没有条目 {entry_id}。")
    v = models.EntryVersion
    found = session.scalars(select(v).where(v.entry_id == entry_id).order_by(v.number.desc()))
    return [_past(record) for record in found]


def compare_versions(session: Session, entry_id: str, older: int, newer: int) -> list[Difference]:
    """Give how two versions of an entry differ; number 0 stands for nothing.

    Raises:
        EntryNotFound: there is no such version.
    """
    by_number = {version.number: version for version in versions_of(session, entry_id)}
    for number in (older, newer):
        if number and number not in by_number:
            raise EntryNotFound(f"条目 {entry_id} 没有第 {number} 版。")
    sides = [dict(by_number[number].body) if number else None for number in (older, newer)]
    return compare(entry_id.partition(":")[0], *sides)


def entry_as_of(session: Session, entry_id: str, valid_at: datetime, known_at: datetime) -> PastVersion | None:
    """Give the version that an entry was answered from at a moment, by what was known at another; None for nothing.

    Raises:
        EntryNotFound: there is no such entry.
    """
    known = [
        version
        for version in versions_of(session, entry_id)
        if version.recorded_at <= known_at and not (version.taken_back_at and version.taken_back_at <= known_at)
    ]
    return governing(known, valid_at)


def answer_as_of(
    database: Database, encoder: Encoder | None, question: Question, valid_at: datetime, known_at: datetime
) -> Answer:
    """Answer a question as it would have been answered at a moment, by what was known at another.

    The content, wordings and vectors are those of then; how they are ranked and shown is today's program.
    """
    past = PastKnowledge(database, encoder.name if encoder else "none", valid_at, known_at)
    return Answerer(past, encoder).answer(question)


def read_moment(text: str) -> datetime:
    """Read a moment as people write it, in Shaanxi's time: a day alone means its last second.

    Raises:
        EntryInvalid: it can't be read.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise EntryInvalid(f"时间 {text} 看不懂，请写成 2026-03-03 或 2026-03-03 09:30。") from error
    if len(text.strip()) <= len("2026-03-03"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHAANXI)


def _past(record: models.EntryVersion) -> PastVersion:
    return PastVersion(
        entry=record.entry_id,
        kind=record.entry_id.partition(":")[0],
        number=record.number,
        withdraws=record.state == "withdrawn",
        body=record.body,
        author=record.author,
        approver=record.approver,
        reason=record.reason,
        sample=record.sample,
        reviewed_on=record.reviewed_on,
        review_due_on=record.review_due_on,
        valid_from=record.valid_from,
        valid_to=record.valid_to,
        recorded_at=record.recorded_at,
        clears=record.clears,
        restores=record.restores,
        batch=record.batch,
        taken_back_at=record.taken_back_at,
    )
