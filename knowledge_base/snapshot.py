"""What is known at a moment, in memory: the part of knowledge that questions are answered from.

`Snapshot` is what readers see. `Knowledge` is the one of now: `refresh` costs one small read when nothing changed; otherwise
it loads the entries above the known revision, and takes over the versions whose time has come, so that an edit is live on
the next question in every process, and a planned one at its minute (design §3). `PastKnowledge` is what was known on a day.
"""

from __future__ import annotations

import heapq
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, Content, FacetContent, Guide, Item, read_body
from knowledge_base.negatives import Negative, load_negatives
from knowledge_base.publishing import guide_id, item_owner
from knowledge_base.timeline import Span, governing, next_change, still_needed
from knowledge_base.wordings import Wording
from language import ancestors
from qinwen.clock import now
from qinwen.database import Database
from qinwen.vocabulary import Facet

_CHUNK = 400
# Clocks of two threads, or of one machine being set, may differ by this much without anything having to be read again.
_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an entry with its content."""

    entry: str
    number: int
    content: Content
    sample: bool
    reviewed_on: date | None
    valid_from: datetime
    valid_to: datetime | None
    review_due_on: date | None = None


@dataclass(frozen=True)
class FoundFacet:
    """A facet as it stands for a region, and the version it comes from."""

    item: Item
    facet: Facet
    region: str
    content: FacetContent
    version: Version


@dataclass(frozen=True, slots=True)
class Rows:
    """The search rows of one owner: wordings, and their vectors [n, d], of any float type, where they were encoded."""

    owner: str
    wordings: tuple[Wording, ...]
    vectors: NDArray[Any] | None


class Snapshot:
    """Items, versions and search rows, ready to be asked.

    Args:
        clock: the moment that questions are asked at.

    Attributes:
        items: the items that hold now, by code.
        rows: the search rows of the versions that hold now, by owner (item owner or entry id).
        negatives: the questions that entries must not answer.
        generation: rises when something changes, see `changed_since`.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.items: dict[str, Item] = {}
        self.rows: dict[str, Rows] = {}
        self.negatives: tuple[Negative, ...] = ()
        self._spans: dict[str, list[Span]] = {}
        self._versions: dict[str, dict[int, Version]] = {}
        self._regions: dict[str, set[str]] = defaultdict(set)
        self._changed: dict[str, int] = {}
        self.generation = 0

    def refresh(self) -> set[str]:
        """Take over what changed; gives the owners whose rows did. A snapshot that stands still has nothing to do."""
        return set()

    def changed_since(self, generation: int) -> set[str]:
        """Give the owners whose rows changed after a generation, for a reader that knows that one."""
        if generation == self.generation:
            return set()
        return {owner for owner, changed in self._changed.items() if changed > generation}

    def _mark(self, owners: Iterable[str]) -> None:
        marked = dict.fromkeys(owners, self.generation + 1)
        if marked:
            self._changed.update(marked)
            self.generation += 1

    def version(self, entry: str, at: datetime) -> Version | None:
        """Give the version of an entry that holds at a moment, now or later."""
        span = governing(self._spans.get(entry, ()), at)
        return self._versions[entry][span.number] if span else None

    def facet(self, item: str, facet: Facet, region: str, at: datetime) -> FoundFacet | None:
        """Give a facet as it stands in a region: the region's own, else its parent's, up to the province's."""
        if item not in self.items:
            return None
        for code in (region, *(parent.code for parent in ancestors(region))):
            version = self.version(guide_id(item, code), at)
            if version and isinstance(version.content, Guide) and facet in version.content.facets:
                content = version.content.facets[facet]
                return FoundFacet(self.items[item], facet, code, content, version)
        return None

    def regions_with_own(self, item: str, facet: Facet, at: datetime) -> list[str]:
        """List the regions below the province whose own guide says something else about a facet."""
        found = []
        for code in sorted(self._regions.get(item, ())):
            version = self.version(guide_id(item, code), at)
            if code != PROVINCE and version and isinstance(version.content, Guide) and facet in version.content.facets:
                found.append(code)
        return found

    def spans(self, entry: str) -> Sequence[Span]:
        """Give the dates of the versions of an entry that hold, or will later."""
        return self._spans.get(entry, ())

    def live(self, at: datetime) -> Iterator[Version]:
        """Give every version that holds at a moment, in the order of the entries' ids."""
        for entry in sorted(self._spans):
            if version := self.version(entry, at):
                yield version

    def replace(self, version: Version | None, rows: Rows | None) -> Snapshot:
        """Give a copy that stands still, in which an entry has this version alone: what a draft would change."""
        copy = Snapshot(self.clock)
        copy.items, copy.rows, copy.negatives = dict(self.items), dict(self.rows), self.negatives
        copy._spans, copy._versions = dict(self._spans), dict(self._versions)
        copy._regions = defaultdict(set, {code: set(regions) for code, regions in self._regions.items()})
        if version is not None and rows is not None:
            span = Span(version.number, withdraws=False, clears=False, valid_from=version.valid_from, valid_to=None)
            copy._spans[version.entry], copy._versions[version.entry] = [span], {version.number: version}
            copy.rows[version.entry] = rows
            copy._take(version)
        copy._mark(copy.rows)
        return copy

    def _take(self, version: Version) -> None:
        if isinstance(version.content, Item):
            self.items[version.content.code] = version.content
        elif isinstance(version.content, Guide):
            self._regions[version.content.item].add(version.content.region)

    def _leave(self, entry: str) -> None:
        if entry.startswith("item:"):
            self.items.pop(entry.removeprefix("item:"), None)

    def _activate(self, session: Session, entries: Iterable[str], at: datetime, encoder: str) -> set[str]:
        """Make the versions that hold at a moment those that are found; gives the entries that were touched."""
        wanted: dict[str, Version | None] = {entry: self.version(entry, at) for entry in entries}
        for entry, version in wanted.items():
            if version:
                self._take(version)
            else:
                self._leave(entry)
                self.rows.pop(entry, None)
        self._load_rows(session, [v for v in wanted.values() if v], encoder)
        return set(wanted)

    def _load_spans(self, session: Session, statement: Select[Any], at: datetime) -> set[str]:
        """Read the dates of entries' versions and the content of those that hold at a moment or will later."""
        spans: dict[str, list[Span]] = defaultdict(list)
        for entry, number, state, clears, valid_from, valid_to in session.execute(statement):
            known = spans[entry]  # an entry whose only version was taken back has none
            if number is not None:
                known.append(Span(number, state == "withdrawn", clears, valid_from, valid_to))
        needed: list[tuple[str, int]] = []
        for entry, every in spans.items():
            self._spans[entry] = kept = still_needed(every, at)
            self._versions[entry] = {}
            needed += [(entry, span.number) for span in kept if not span.withdraws]
        v = models.EntryVersion
        for chunk in _chunks(needed):
            wanted = set(chunk)
            # Two plain lists and a look at the pair: SQLite reads the whole table for a list of pairs.
            found = select(v).where(v.entry_id.in_({e for e, _ in chunk}), v.number.in_({n for _, n in chunk}))
            for record in session.scalars(found):
                session.expunge(record)
                if (record.entry_id, record.number) in wanted:
                    self._versions[record.entry_id][record.number] = _version(record)
        return set(spans)

    def _load_rows(self, session: Session, versions: Sequence[Version], encoder: str) -> None:
        r = models.SearchRow
        for chunk in _chunks([(version.entry, version.number) for version in versions]):
            grouped: dict[str, list[Any]] = {entry: [] for entry, _ in chunk}
            versions_of = dict(chunk)
            columns = select(r.owner, r.version, r.kind, r.text, r.facet, r.encoder, r.vector).order_by(r.id)
            for record in session.execute(columns.where(r.owner.in_(grouped), r.version.in_(set(versions_of.values())))):
                if record.version == versions_of[record.owner]:
                    grouped[record.owner].append(record)
            self.rows.update({owner: _rows(owner, records, encoder) for owner, records in grouped.items()})


class Knowledge(Snapshot):
    """What is known now. Readers call `refresh` before each question.

    Args:
        database: where knowledge is stored.
        encoder: name of the encoder in use; rows that another encoder made come without vectors.
        clock: the present moment.
    """

    def __init__(self, database: Database, encoder: str, clock: Callable[[], datetime] = now) -> None:
        super().__init__(clock)
        self._database = database
        self._encoder = encoder
        self._lock = threading.Lock()
        self.revision = -1
        self._changes: list[tuple[datetime, str]] = []
        self._since: datetime | None = None

    def refresh(self) -> set[str]:
        """Load what changed since the last call, and what time has changed.

        Returns:
            The owners (item owners and entry ids) whose rows changed; empty when nothing did.
        """
        at = self.clock()
        with self._database.session() as session:
            number = session.scalar(select(models.KnowledgeRevision.number)) or 0
            if number == self.revision and not self._is_due(at):
                return set()
            with self._lock:
                return self._catch_up(session, number, at)

    def _is_due(self, at: datetime) -> bool:
        return bool(self._changes and self._changes[0][0] <= at) or self._set_back(at)

    def _set_back(self, at: datetime) -> bool:
        """Tell whether the clock stands before what was taken over: then all is read again."""
        return self._since is not None and at < self._since - _SLACK

    def _catch_up(self, session: Session, number: int, at: datetime) -> set[str]:
        gone: set[str] = set()
        if self._set_back(at):
            gone = set(self.rows)
            for held in (self.items, self.rows, self._spans, self._versions, self._regions):
                held.clear()
            self.revision, self._changes = -1, []
        touched = set()
        if number != self.revision:
            v, e = models.EntryVersion, models.Entry
            columns = select(e.id, v.number, v.state, v.clears, v.valid_from, v.valid_to)
            columns = columns.outerjoin(v, and_(v.entry_id == e.id, v.taken_back_at.is_(None)))
            touched = self._load_spans(session, columns.where(e.revision > self.revision), at)
            self.negatives = load_negatives(session)
            self.revision = number
        while self._changes and self._changes[0][0] <= at:
            touched.add(heapq.heappop(self._changes)[1])
        changed = self._activate(session, touched, at, self._encoder)
        for entry in touched:
            if edge := next_change(self._spans[entry], at):
                heapq.heappush(self._changes, (edge, entry))
        self._since = at
        self._mark(changed | gone)
        return changed | gone


class PastKnowledge(Snapshot):
    """What would have been answered at one moment by what was known at another.

    Args:
        database: where knowledge is stored.
        encoder: as for `Knowledge`.
        valid_at: the moment that is asked about.
        known_at: the moment whose knowledge counts: what was recorded later is left out.
    """

    def __init__(self, database: Database, encoder: str, valid_at: datetime, known_at: datetime) -> None:
        super().__init__(lambda: valid_at)
        v = models.EntryVersion
        columns = select(v.entry_id, v.number, v.state, v.clears, v.valid_from, v.valid_to)
        with database.session() as session:
            not_yet = or_(v.taken_back_at.is_(None), v.taken_back_at > known_at)
            entries = self._load_spans(session, columns.where(v.recorded_at <= known_at, not_yet), valid_at)
            self._activate(session, entries, valid_at, encoder)
            self.negatives = load_negatives(session, known_at)
        self._mark(self.rows)


def _version(record: models.EntryVersion) -> Version:
    kind = record.entry_id.partition(":")[0]
    content = read_body(kind, record.body, record.entry_id)
    return Version(
        record.entry_id,
        record.number,
        content,
        record.sample,
        record.reviewed_on,
        record.valid_from,
        record.valid_to,
        record.review_due_on,
    )


def _rows(owner: str, records: Sequence[Any], encoder: str) -> Rows:
    wordings = tuple(Wording(r.kind, r.text, Facet(r.facet) if r.facet else None) for r in records)
    vectors = None
    if records and all(r.vector is not None and r.encoder == encoder for r in records):
        vectors = np.frombuffer(b"".join(r.vector for r in records), dtype=np.float16).reshape(len(records), -1)
    return Rows(owner, wordings, vectors)


def _chunks(things: Sequence[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    for start in range(0, len(things), _CHUNK):
        yield list(things[start : start + _CHUNK])


__all__ = ["FoundFacet", "Knowledge", "PastKnowledge", "Rows", "Snapshot", "Version", "item_owner"]
