"""The tables of knowledge. Private to this package; `publishing` is their one writer.

An entry's versions are never changed or deleted: `recorded_at` says when we learned them, `valid_from`/`valid_to` when
they hold. `Entry.revision` is the number of the knowledge revision that last touched the entry, so that a reader who
knows revision N loads only the entries above N.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class ServiceItem(Base):
    """A service item (事项): what stays the same in every region."""

    __tablename__ = "service_item"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class Entry(Base):
    """A knowledge entry (知识条目): a guide of an item in a region, or an FAQ."""

    __tablename__ = "entry"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    item: Mapped[str | None] = mapped_column(ForeignKey("service_item.code"), index=True)
    facet: Mapped[str | None] = mapped_column(String(16))
    region: Mapped[str] = mapped_column(String(6))
    revision: Mapped[int] = mapped_column(index=True)
    current_version: Mapped[int]


class EntryVersion(Base):
    """One version of an entry, as it was approved."""

    __tablename__ = "entry_version"
    __table_args__ = (Index("ix_entry_version_validity", "entry_id", "valid_from", "valid_to"),)

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(64))
    sample: Mapped[bool]
    reviewed_on: Mapped[date | None]
    review_due_on: Mapped[date | None]
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SearchRow(Base):
    """One wording under which an item or entry is found, with its sentence vector (float16, unit length)."""

    __tablename__ = "search_row"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(128), index=True)
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
