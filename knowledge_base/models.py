"""The tables of knowledge. Private to this package; each has one writer, named below.

`publishing` writes `service_item`, `entry`, `entry_version`, `search_row` and `knowledge_revision`; `drafts` the drafts;
`events` what happened to an entry; `impact`, `batches`, `radar` and `gaps` what their names say.

An entry's versions are never changed or deleted: `recorded_at` says when we learned them, `valid_from`/`valid_to` when they
hold; taking an entry back is a version too (`timeline`). `Entry.revision` is the number of the knowledge revision that last
touched the entry, so that a reader who knows revision N loads only the entries above N.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class ServiceItem(Base):
    """A service item (事项): what stays the same in every region. Its versions stand under the entry `item:<code>`."""

    __tablename__ = "service_item"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class Entry(Base):
    """A knowledge entry (知识条目): an item, the guide of an item in a region, or an FAQ.

    What stands below `current_version` is repeated here for the lists alone: `state` is `listing.EntryState` as of the last
    change, `next_change_at` when the clock will change it, `draft_state` that of its open draft ("" without one).
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_region_id", "region", "id"),
        Index("ix_entry_department_id", "department", "id"),
        Index("ix_entry_state_id", "state", "id"),
        Index("ix_entry_draft_state_id", "draft_state", "id"),
        Index("ix_entry_missing_id", "missing", "id"),
        Index("ix_entry_review_due_on", "review_due_on", "id"),
    )

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    item: Mapped[str | None] = mapped_column(ForeignKey("service_item.code"), index=True)
    facet: Mapped[str | None] = mapped_column(String(16))
    region: Mapped[str] = mapped_column(String(6))
    revision: Mapped[int] = mapped_column(index=True)
    current_version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200), default="", server_default="")
    department: Mapped[str] = mapped_column(String(64), default="", server_default="")
    owner: Mapped[str] = mapped_column(String(64), default="", server_default="")
    state: Mapped[str] = mapped_column(String(16), default="live", server_default="live")
    next_change_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    draft_state: Mapped[str] = mapped_column(String(16), default="", server_default="")
    missing: Mapped[int] = mapped_column(default=0, server_default="0")
    review_due_on: Mapped[date | None]
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EntryVersion(Base):
    """One version of an entry, as it was approved. `state` is "published", or "withdrawn": nothing is answered from then on.

    `clears` cancels what was planned before it for its `valid_from` or later; `restores` is the number that a roll-back took.
    `taken_back_at` says from when on we know better: the import that brought the version was undone as if it had never been.
    Who asks by what was known before that moment still finds it.
    """

    __tablename__ = "entry_version"
    __table_args__ = (
        Index("ix_entry_version_validity", "entry_id", "valid_from", "valid_to"),
        Index("ix_entry_version_recorded_at", "recorded_at"),
    )

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    sample: Mapped[bool]
    reviewed_on: Mapped[date | None]
    review_due_on: Mapped[date | None]
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clears: Mapped[bool] = mapped_column(default=False, server_default=false())
    restores: Mapped[int | None]
    batch: Mapped[int | None] = mapped_column(index=True)
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SearchRow(Base):
    """One wording under which a version of an entry is found, with its sentence vector (float16, unit length)."""

    __tablename__ = "search_row"
    __table_args__ = (Index("ix_search_row_owner_version", "owner", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(128))
    version: Mapped[int]
    facet: Mapped[str | None] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    encoder: Mapped[str] = mapped_column(String(64))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class KnowledgeRevision(Base):
    """One row: the number that every publishing raises."""

    __tablename__ = "knowledge_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Draft(Base):
    """What an editor is writing: at most one an entry. `revision` rises with every saving; `base` is the version it began from.

    `body` is plain data and may still lack anything; `plan` says from when to when it shall hold, and why it is made.
    `contributors` are all who wrote in it: none of them may approve it.
    """

    __tablename__ = "draft"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    revision: Mapped[int]
    base: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    contributors: Mapped[list[str]] = mapped_column(JSON)
    saved_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EntryEvent(Base):
    """One thing that happened in an entry's life: who did what when, and why. Written by `events` alone."""

    __tablename__ = "entry_event"
    __table_args__ = (Index("ix_entry_event_entry_id", "entry_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(24))
    words: Mapped[str] = mapped_column(Text)
    version: Mapped[int | None]
    draft_revision: Mapped[int | None]


class ImpactRun(Base):
    """What a replay of questions against a draft found; the newest one of the draft's revision counts at approval."""

    __tablename__ = "impact_run"
    __table_args__ = (Index("ix_impact_run_entry_id", "entry_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"))
    draft_revision: Mapped[int]
    knowledge_revision: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float]
    golden: Mapped[int]
    asked: Mapped[int]
    regressions: Mapped[int]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class QuestionVector(Base):
    """The vector of a question that was replayed, under a hash of its text: the next replay does not make it again."""

    __tablename__ = "question_vector"

    encoder: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    used_on: Mapped[date]


class ImportBatch(Base):
    """A file that is imported: its job, and what became of it; the states stand in `batches`. `file` is kept until it was read.

    `worker` runs the job and says so with `beat_at`; `done` of `total` is how far it is. `places` are the departments and
    regions that it touches, `scope` those of its author. `words` says why it was refused, returned or failed.
    """

    __tablename__ = "import_batch"
    __table_args__ = (Index("ix_import_batch_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(64))
    whole: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    review_due_on: Mapped[date | None]
    scope: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    places: Mapped[list[list[str]]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(Text)
    done: Mapped[int]
    total: Mapped[int]
    worker: Mapped[str] = mapped_column(String(64))
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class ImportRow(Base):
    """What a file says of one entry and what that would do. `act`: added, changed, same, refused.

    `before` is the entry's newest version and `owner_before` its owner when it was looked at: what an undoing returns to.
    """

    __tablename__ = "import_row"
    __table_args__ = (Index("ix_import_row_batch_act", "batch", "act", "number"),)

    batch: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(8))
    entry_id: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(String(200))
    sheet: Mapped[str] = mapped_column(String(64))
    row: Mapped[int]
    before: Mapped[int]
    owner_before: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    differences: Mapped[list[list[Any]]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)
    problems: Mapped[list[list[Any]]] = mapped_column(JSON)


class Finding(Base):
    """Something that looks wrong or stale in live knowledge. `key` is stable, so that a finding seen again is the same one.

    States: open, closed (a person says it is right), resolved (it was no longer seen). `due_base` is what it was found in: when
    that changes, a closed finding opens again. `times` counts how often it was opened.
    """

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_state_due_on", "state", "due_on"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), index=True)
    other_id: Mapped[str | None] = mapped_column(String(128))
    facet: Mapped[str | None] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(64))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(16))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    due_base: Mapped[str] = mapped_column(String(200), default="", server_default="")
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    times: Mapped[int] = mapped_column(default=1, server_default="1")


class FindingEvent(Base):
    """One thing that happened to a finding: opened, reopened, resolved, closed, assigned."""

    __tablename__ = "finding_event"
    __table_args__ = (Index("ix_finding_event_key", "key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(ForeignKey("finding.key"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)


class RadarRun(Base):
    """A look through all live knowledge. The name of the nightly one is its day, so that of several processes one does it."""

    __tablename__ = "radar_run"
    __table_args__ = (Index("ix_radar_run_started_at", "started_at"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    knowledge_revision: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(Text)


class Gap(Base):
    """Questions of the same meaning that were not answered well. States: open, drafted, resolved, ignored."""

    __tablename__ = "gap"
    __table_args__ = (Index("ix_gap_state_people", "state", "people"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    title: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16))
    people: Mapped[int]
    times: Mapped[int]
    reasons: Mapped[dict[str, int]] = mapped_column(JSON)
    wordings: Mapped[list[str]] = mapped_column(JSON)
    nearest: Mapped[str | None] = mapped_column(String(128))
    nearest_score: Mapped[float | None]
    item: Mapped[str | None] = mapped_column(String(64))
    facet: Mapped[str | None] = mapped_column(String(16))
    entry_id: Mapped[str | None] = mapped_column(String(128))
    first_asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(64), default="", server_default="")
    region: Mapped[str] = mapped_column(String(6), default="", server_default="")
    why: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_words: Mapped[str] = mapped_column(Text, default="", server_default="")


class GapRun(Base):
    """One row: who collects gaps, until when at most, and what the last collection found. Written by `gaps.runs`."""

    __tablename__ = "gap_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    runner: Mapped[str] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    night: Mapped[date | None]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text)


class NegativeWording(Base):
    """A question that an entry must not answer; `search` counts it against the entry. Written by `negatives`.

    It holds at once and in every process: the knowledge revision rises with it. `removed_at` is when it was taken back.
    """

    __tablename__ = "negative_wording"
    __table_args__ = (Index("ix_negative_wording_entry_id", "entry_id", "removed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"))
    facet: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_by: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
