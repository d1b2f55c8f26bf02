"""The audit log: who did what to what, in a chain of hashes. The one writer of `audit_entry` and `audit_head`.

`record` runs in the transaction of the change it tells of: both are there, or neither. It locks the end of the chain first
(one row, on SQLite and PostgreSQL alike), so two changes at once get two numbers, one after the other. What `detail` says
is codes, names of fields and numbers; never a citizen's words, a password or a person's data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from qinwen.clock import now
from staff.models import AuditEntry, AuditHead

START = "0" * 64
COMMAND = "command"  # who acts on the command line, where nobody signs in
_CHUNK = 1000


@dataclass(frozen=True)
class AuditRow:
    """One row as pages and files show it. `object` is `kind:id`."""

    number: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class AuditFilter:
    """Which rows somebody wants to see; `since` is included, `until` is not."""

    actor: str = ""
    action: str = ""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Verification:
    """What checking the chain found: `broken` is the number of the first bad row, or `None`; `head` the hash of the last."""

    rows: int
    head: str
    broken: int | None = None
    why: str = ""


def hold_log(session: Session) -> None:
    """Lock the log until the transaction ends, before anything is changed.

    All audited changes begin with this lock, so two of them never wait for each other, and each sees what the one before
    did (who is the last administrator).
    """
    session.execute(update(AuditHead).values(number=AuditHead.number))


def record(
    session: Session,
    actor: str,
    action: str,
    object: str,  # noqa: A002  (the column's name)
    detail: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> int:
    """Write one row at the end of the chain; returns its number.

    Args:
        session: the transaction of the change itself.
        actor: the login of who did it, or `COMMAND`.
        action: what was done: snake_case, past tense (`entry_published`).
        object: to what, as `kind:id` (`staff:wang.fang`, `entry:faq:parking`).
        detail: codes, field names and numbers that tell more; no personal data.
        at: when, by default now.
    """
    session.execute(update(AuditHead).values(number=AuditHead.number + 1))
    number, previous = session.execute(select(AuditHead.number, AuditHead.hash)).one()
    row = AuditEntry(
        number=number,
        at=at or now(),
        actor=actor,
        action=action,
        object=object,
        detail=json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        previous=previous,
    )
    row.hash = _hash(row)
    session.add(row)
    session.execute(update(AuditHead).values(hash=row.hash))
    session.flush()
    return int(number)


def find_rows(session: Session, wanted: AuditFilter, *, below: int | None = None, limit: int = 50) -> list[AuditRow]:
    """Give rows, the newest first, from under the number `below`."""
    query = _narrow(select(AuditEntry), wanted)
    if below is not None:
        query = query.where(AuditEntry.number < below)
    return [_shown(row) for row in session.scalars(query.order_by(AuditEntry.number.desc()).limit(limit))]


def all_rows(session: Session, wanted: AuditFilter) -> Iterator[AuditRow]:
    """Give every row that fits, the oldest first, a chunk at a time."""
    for row in _in_order(session, _narrow(select(AuditEntry), wanted)):
        yield _shown(row)


def verify(session: Session) -> Verification:
    """Check every row against the one before and the last against the kept end; names the first that does not fit."""
    head = session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()
    previous, expected = START, 1
    for row in _in_order(session, select(AuditEntry)):
        why = ""
        if row.number != expected:
            why = f"第 {expected} 条不见了"
        elif row.previous != previous:
            why = f"第 {expected} 条接不上前一条"
        elif row.hash != _hash(row):
            why = f"第 {expected} 条的内容被改过"
        if why:
            return Verification(expected - 1, previous, expected, why)
        previous, expected = row.hash, expected + 1
    if head is None or tuple(head) != (expected - 1, previous):
        return Verification(expected - 1, previous, expected, f"第 {expected} 条起，末尾的记录不见了，或者链尾被改过")
    return Verification(expected - 1, previous)


def _in_order(session: Session, query: Select[tuple[AuditEntry]]) -> Iterator[AuditEntry]:
    last = 0
    while rows := session.scalars(query.where(AuditEntry.number > last).order_by(AuditEntry.number).limit(_CHUNK)).all():
        for row in rows:
            session.expunge(row)
            yield row
        last = rows[-1].number


def _narrow(query: Select[tuple[AuditEntry]], wanted: AuditFilter) -> Select[tuple[AuditEntry]]:
    if wanted.actor:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.object:
        query = query.where(AuditEntry.object.contains(wanted.object, autoescape=True))
    if wanted.since:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditEntry.at < wanted.until)
    return query


def _shown(row: AuditEntry) -> AuditRow:
    return AuditRow(row.number, row.at, row.actor, row.action, row.object, json.loads(row.detail), row.hash)


def _hash(row: AuditEntry) -> str:
    covered = [
        row.previous,
        row.number,
        row.at.isoformat(timespec="microseconds"),
        row.actor,
        row.action,
        row.object,
        row.detail,
    ]
    return hashlib.sha256(json.dumps(covered, ensure_ascii=False).encode()).hexdigest()
