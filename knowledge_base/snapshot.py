"""What is known right now, in memory, one snapshot a process, kept fresh by the revision number.

`Knowledge.refresh` costs one small read when nothing changed; otherwise it loads the items and entries above the known
revision, so that an edit is live on the next question in every process (design §3).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, FacetContent, Faq, Guide, Item, read, read_guide
from knowledge_base.publishing import guide_id, item_owner
from knowledge_base.wordings import Wording
from language import ancestors
from qinwen.database import Database
from qinwen.vocabulary import Facet


@dataclass(frozen=True)
class Version:
    """A version of an entry that is live or will be."""

    entry: str
    number: int
    content: Guide | Faq
    sample: bool
    reviewed_on: date | None
    valid_from: datetime
    valid_to: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether the version is valid at a moment."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True)
class FoundFacet:
    """A facet as it stands for a region, and the version it comes from."""

    item: Item
    facet: Facet
    region: str
    content: FacetContent
    version: Version


@dataclass(frozen=True)
class Rows:
    """The search rows of one owner: wordings, and their vectors as float32 [n, d] where they were encoded."""

    owner: str
    wordings: tuple[Wording, ...]
    vectors: NDArray[np.float32] | None


class Knowledge:
    """The snapshot. Readers call `refresh` before each question; changes are seen by whoever `listens`.

    Args:
        database: where knowledge is stored.
        encoder: name of the encoder in use; rows that another encoder made come without vectors.
    """

    def __init__(self, database: Database, encoder: str) -> None:
        self._database = database
        self._encoder = encoder
        self._lock = threading.Lock()
        self.revision = -1
        self.items: dict[str, Item] = {}
        self._versions: dict[str, tuple[Version, ...]] = {}
        self._regions: dict[str, set[str]] = defaultdict(set)
        self.rows: dict[str, Rows] = {}

    def refresh(self) -> set[str]:
        """Load what changed since the last call.

        Returns:
            The owners (item owners and entry ids) whose rows changed; empty when nothing did.
        """
        with self._database.session() as session:
            number = session.scalar(select(models.KnowledgeRevision.number)) or 0
            if number == self.revision:
                return set()
            with self._lock:
                changed = self._load_items(session) | self._load_entries(session)
                self._load_rows(session, changed, everything=self.revision < 0)
                self.revision = number
            return changed

    def version(self, entry: str, at: datetime) -> Version | None:
        """Give the version of an entry that holds at a moment; the one recorded last wins."""
        holding = [v for v in self._versions.get(entry, ()) if v.holds(at)]
        return max(holding, key=lambda v: v.number) if holding else None

    def latest(self, entry: str) -> Version | None:
        """Give the newest version of an entry, valid now or not."""
        return max(self._versions.get(entry, ()), key=lambda v: v.number, default=None)

    def facet(self, item: str, facet: Facet, region: str, at: datetime) -> FoundFacet | None:
        """Give a facet as it stands in a region: the region's own, else its parent's, up to the province's."""
        for code in (region, *(parent.code for parent in ancestors(region))):
            version = self.version(guide_id(item, code), at)
            if version and isinstance(version.content, Guide) and facet in version.content.facets:
                content = version.content.facets[facet]
                return FoundFacet(self.items[item], facet, code, content, version)
        return None

    def regions_with_own(self, item: str, facet: Facet, at: datetime) -> list[str]:
        """List the regions below the province whose own guide says something else about a facet."""
        found = []
        for code in sorted(self._regions[item]):
            version = self.version(guide_id(item, code), at)
            if code != PROVINCE and version and isinstance(version.content, Guide) and facet in version.content.facets:
                found.append(code)
        return found

    def _load_items(self, session: Session) -> set[str]:
        statement = select(models.ServiceItem).where(models.ServiceItem.revision > self.revision)
        changed = set()
        for record in session.scalars(statement):
            self.items[record.code] = read(Item, record.body, f"事项 {record.code}")
            changed.add(item_owner(record.code))
        return changed

    def _load_entries(self, session: Session) -> set[str]:
        changed = select(models.Entry.id).where(models.Entry.revision > self.revision)
        statement = (
            select(models.EntryVersion, models.Entry)
            .join(models.Entry, models.Entry.id == models.EntryVersion.entry_id)
            .where(models.EntryVersion.entry_id.in_(changed), models.EntryVersion.state == "published")
        )
        versions: dict[str, list[Version]] = defaultdict(list)
        for record, entry in session.execute(statement):
            content = read_guide(record.body, entry.id) if entry.kind == "guide" else read(Faq, record.body, entry.id)
            if isinstance(content, Guide):
                self._regions[content.item].add(content.region)
            versions[entry.id].append(
                Version(
                    entry.id,
                    record.number,
                    content,
                    record.sample,
                    record.reviewed_on,
                    record.valid_from,
                    record.valid_to,
                )
            )
        self._versions.update({entry_id: tuple(found) for entry_id, found in versions.items()})
        return set(versions)

    def _load_rows(self, session: Session, owners: Iterable[str], *, everything: bool) -> None:
        statement = select(models.SearchRow).order_by(models.SearchRow.id)
        wanted = set(owners)
        if not everything:
            statement = statement.where(models.SearchRow.owner.in_(wanted))
        grouped: dict[str, list[models.SearchRow]] = defaultdict(list)
        for record in session.scalars(statement):
            grouped[record.owner].append(record)
        for owner in wanted:
            self.rows[owner] = self._rows(owner, grouped.get(owner, []))

    def _rows(self, owner: str, records: list[models.SearchRow]) -> Rows:
        wordings = tuple(
            Wording(r.kind, r.text, Facet(r.facet) if r.facet else None)  # type: ignore[arg-type]
            for r in records
        )
        vectors = None
        if records and all(r.vector is not None and r.encoder == self._encoder for r in records):
            vectors = np.stack([np.frombuffer(r.vector or b"", dtype=np.float16) for r in records]).astype(np.float32)
        return Rows(owner, wordings, vectors)
