"""What Qinwen keeps of citizens' cases, in the main database. Private to this package; `keeping` is the one writer.

No identity number, phone or code is here. What opens a case (`access`) is sealed with a key from the settings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class CaseTalkRow(Base):
    """What a citizen is being asked about a case or an appointment, and the access they last proved."""

    __tablename__ = "case_talk"

    citizen_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CaseBindingRow(Base):
    """A citizen bound to an applicant; `notices` says whether they want to be told of changes."""

    __tablename__ = "case_binding"

    citizen_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    access: Mapped[str] = mapped_column(String(512))
    applicant: Mapped[str] = mapped_column(String(32))
    notices: Mapped[bool]
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseKnownRow(Base):
    """How a case stood when a citizen last saw it: told when the case system can't be reached."""

    __tablename__ = "case_known"

    citizen_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    item_name: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


_OPEN_PROMISE = sql("state = 'open'")
_DUE_NOTICE = sql("state = 'due'")


class CasePromiseRow(Base):
    """We said: I will tell you when it is back. `number` is the case to tell about, empty for the system as such."""

    __tablename__ = "case_promise"
    __table_args__ = (Index("ix_case_promise_open", "id", sqlite_where=_OPEN_PROMISE, postgresql_where=_OPEN_PROMISE),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    citizen_id: Mapped[str] = mapped_column(String(32), index=True)
    number: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseNoticeRow(Base):
    """A change of a case that a citizen is to be told: `due` → `told`, or `skipped` (not wanted, outdated, erased)."""

    __tablename__ = "case_notice"
    __table_args__ = (
        UniqueConstraint("event", "citizen_id"),
        Index("ix_case_notice_due", "id", sqlite_where=_DUE_NOTICE, postgresql_where=_DUE_NOTICE),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    citizen_id: Mapped[str] = mapped_column(String(32), index=True)
    event: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(32))
    sequence: Mapped[int]
    item_name: Mapped[str] = mapped_column(String(128))
    case_state: Mapped[str] = mapped_column(String(16))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
