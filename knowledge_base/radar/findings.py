"""What the radar found, from its opening to its end. The one writer of `finding` and `finding_event`.

open ─ seen no more ─▶ resolved ─ seen again ─▶ open
  └─ closed, with a reason ─▶ closed ─ what it was found in has changed ─▶ open; seen no more ─▶ resolved
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.listing import within
from knowledge_base.many import entries_by_id
from knowledge_base.radar.checks import WORKING_DAYS, Seen
from qinwen.clock import SHAANXI
from qinwen.working_days import is_likely_working_day

FINDING_STATES = {"open": "待处理", "closed": "看过，没问题", "resolved": "已消失"}
FINDING_ACTS = {
    "opened": "发现",
    "reopened": "又出现了",
    "resolved": "不再出现",
    "closed": "关闭",
    "assigned": "指定负责人",
    "reopened_by": "重新打开",
}
RADAR = "radar"
_LONGEST_BASE = 200


@dataclass(frozen=True)
class FindingFilter:
    """Which findings somebody wants to see; what is empty doesn't matter. `departments` and `regions` narrow to a scope."""

    state: str = "open"
    kind: str = ""
    owner: str = ""
    words: str = ""
    over_on: date | None = None
    departments: Collection[str] = ()
    regions: Collection[str] = ()


@dataclass(frozen=True)
class ListedFinding:
    """A finding with the entry that it is about."""

    key: str
    kind: str
    entry: str
    title: str
    department: str
    region: str
    other: str
    facet: str
    words: str
    owner: str
    due_on: date
    state: str
    first_seen_at: datetime
    last_seen_at: datetime
    closed_by: str
    closed_why: str
    times: int


@dataclass(frozen=True)
class FindingEvent:
    """One thing that happened to a finding."""

    at: datetime
    actor: str
    act: str
    words: str


def merge(session: Session, seen: Sequence[Seen], at: datetime, nobody: Collection[str] = ()) -> dict[str, int]:
    """Take over what a run has seen; returns how many findings were opened, reopened, resolved, and are open now.

    Args:
        session: an open session.
        seen: everything that was seen; what is not among it is there no more.
        at: the moment of the run.
        nobody: owners that are no person, as that of the sample content: the finding is left to be assigned.
    """
    f = models.Finding
    known = {record.key: record for record in session.scalars(select(f))}
    entries = entries_by_id(session, sorted({one.entry for one in seen}))
    today = at.astimezone(SHAANXI).date()
    counts = dict.fromkeys(("opened", "reopened", "resolved"), 0)
    events: list[dict[str, Any]] = []

    def happened(key: str, act: str, words: str) -> None:
        counts[act] += 1
        events.append({"key": key, "at": at, "actor": RADAR, "act": act, "words": words})

    for one in seen:
        entry = entries.get(one.entry)
        if entry is None:
            continue
        record = known.get(one.key)
        due = one.due_on or due_day(today, WORKING_DAYS[one.kind])
        if record is None:
            owner = "" if entry.owner in nobody else entry.owner
            facet = one.facet.value if one.facet else None
            session.add(
                f(key=one.key, kind=one.kind, entry_id=one.entry, other_id=one.other or None, facet=facet, words=one.words,
                  owner=owner, due_on=due, state="open", first_seen_at=at, last_seen_at=at, closed_by=None, closed_why="",
                  due_base=one.base[:_LONGEST_BASE], changed_at=at, times=1)
            )  # fmt: skip
            happened(one.key, "opened", one.words)
            continue
        again = record.state == "resolved" or (record.state == "closed" and record.due_base != one.base[:_LONGEST_BASE])
        record.words, record.last_seen_at, record.due_base = one.words, at, one.base[:_LONGEST_BASE]
        if again:
            record.state, record.due_on, record.changed_at = "open", due, at
            record.closed_by, record.closed_why, record.times = None, "", record.times + 1
            happened(one.key, "reopened", one.words)
    keys = {one.key for one in seen}
    for record in known.values():
        if record.state != "resolved" and record.key not in keys:
            record.state, record.changed_at = "resolved", at
            happened(record.key, "resolved", "")
    session.flush()
    if events:
        session.execute(insert(models.FindingEvent), events)
    counts["open"] = int(session.scalar(select(func.count()).select_from(f).where(f.state == "open")) or 0)
    return counts


def list_findings(session: Session, wanted: FindingFilter, *, page: int = 1, size: int = 50) -> list[ListedFinding]:
    """Give a page of findings, the most urgent first."""
    f, e = models.Finding, models.Entry
    query = _narrow(select(f, e.title, e.department, e.region).join(e, e.id == f.entry_id), wanted)
    query = query.order_by(f.due_on, f.key).offset((page - 1) * size).limit(size)
    return [_listed(*row) for row in session.execute(query).tuples()]


def count_findings(session: Session, wanted: FindingFilter) -> int:
    """Count the findings that fit."""
    f, e = models.Finding, models.Entry
    query = _narrow(select(func.count()).select_from(f).join(e, e.id == f.entry_id), wanted)
    return int(session.scalar(query) or 0)


def read_finding(session: Session, key: str) -> ListedFinding:
    """Give a finding.

    Raises:
        EntryNotFound: there is none.
    """
    f, e = models.Finding, models.Entry
    row = (
        session.execute(select(f, e.title, e.department, e.region).join(e, e.id == f.entry_id).where(f.key == key))
        .tuples()
        .first()
    )
    if row is None:
        raise EntryNotFound("没有这一条发现，可能地址写错了。")
    return _listed(*row)


def events_of_finding(session: Session, key: str) -> list[FindingEvent]:
    """Give what happened to a finding, the newest first."""
    e = models.FindingEvent
    found = session.scalars(select(e).where(e.key == key).order_by(e.id.desc()).limit(100))
    return [FindingEvent(record.at, record.actor, record.act, record.words) for record in found]


def close_finding(session: Session, key: str, actor: str, why: str, at: datetime) -> None:
    """Close a finding that is right as it is; it opens again when what it was found in changes.

    Raises:
        EntryNotFound: there is none.
        EntryInvalid: it is not open, or no reason is given.
    """
    record = _record(session, key)
    if not why.strip():
        raise EntryInvalid("关闭要写原因，比如“已和科室核实，确实如此”。")
    if record.state != "open":
        raise EntryInvalid("这一条已经不是待处理了，请刷新看看。")
    record.state, record.closed_by, record.closed_why, record.changed_at = "closed", actor, why.strip()[:1000], at
    _note(session, key, actor, "closed", why, at)


def reopen(session: Session, key: str, actor: str, at: datetime) -> None:
    """Open a finding again that somebody closed.

    Raises:
        EntryNotFound: there is none.
        EntryInvalid: it is not closed.
    """
    record = _record(session, key)
    if record.state != "closed":
        raise EntryInvalid("只有关闭了的才能重新打开。")
    record.state, record.closed_by, record.closed_why, record.changed_at = "open", None, "", at
    record.due_on = due_day(at.astimezone(SHAANXI).date(), WORKING_DAYS[record.kind])
    record.times += 1
    _note(session, key, actor, "reopened_by", "", at)


def assign(session: Session, key: str, actor: str, owner: str, at: datetime) -> None:
    """Give a finding an owner.

    Raises:
        EntryNotFound: there is none.
    """
    record = _record(session, key)
    record.owner, record.changed_at = owner[:64], at
    _note(session, key, actor, "assigned", owner, at)


def due_day(start: date, working_days: int) -> date:
    """Give the day by which something must be done: so many working days later."""
    day = start
    while working_days > 0:
        day += timedelta(days=1)
        working_days -= is_likely_working_day(day)
    return day


def _record(session: Session, key: str) -> models.Finding:
    record = session.get(models.Finding, key, with_for_update=True)
    if record is None:
        raise EntryNotFound("没有这一条发现，可能地址写错了。")
    return record


def _note(session: Session, key: str, actor: str, act: str, words: str, at: datetime) -> None:
    session.add(models.FindingEvent(key=key, at=at, actor=actor, act=act, words=words.strip()))


def _narrow(query: Select[Any], wanted: FindingFilter) -> Select[Any]:
    f, e = models.Finding, models.Entry
    equal: Mapping[Any, str] = {f.state: wanted.state, f.kind: wanted.kind}
    for column, value in equal.items():
        if value:
            query = query.where(column == value)
    if wanted.owner:
        query = query.where(f.owner == ("" if wanted.owner == "-" else wanted.owner))
    if wanted.words.strip():
        words = wanted.words.strip()
        query = query.where(
            or_(
                e.title.contains(words, autoescape=True),
                e.id.contains(words, autoescape=True),
                f.words.contains(words, autoescape=True),
            )
        )
    if wanted.over_on is not None:
        query = query.where(f.due_on < wanted.over_on)
    if wanted.departments:
        query = query.where(e.department.in_([*wanted.departments, ""]))
    if wanted.regions:
        query = query.where(e.region.in_(sorted(within(wanted.regions))))
    return query


def _listed(record: models.Finding, title: str, department: str, region: str) -> ListedFinding:
    return ListedFinding(
        key=record.key,
        kind=record.kind,
        entry=record.entry_id,
        title=title,
        department=department,
        region=region,
        other=record.other_id or "",
        facet=record.facet or "",
        words=record.words,
        owner=record.owner,
        due_on=record.due_on,
        state=record.state,
        first_seen_at=record.first_seen_at,
        last_seen_at=record.last_seen_at,
        closed_by=record.closed_by or "",
        closed_why=record.closed_why,
        times=record.times,
    )
