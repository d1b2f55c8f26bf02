"""The tables of staff accounts. Private to this package.

A session is known by the hash of its token, a try by the hash of what was tried: what is stolen here opens nothing. The
audit log is append-only; triggers made by the migration refuse to change or remove a row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, ForeignKey, Index, String, Table, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class StaffMember(Base):
    """An account. The TOTP secrets are encrypted; `totp_step` is the last time step whose code was used."""

    __tablename__ = "staff_member"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool]
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool]
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_offered: Mapped[str | None] = mapped_column(String(255))
    totp_step: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffRole(Base):
    """A role of a member."""

    __tablename__ = "staff_role"

    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class StaffScope(Base):
    """A department or a region that a member is limited to."""

    __tablename__ = "staff_scope"

    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(64), primary_key=True)


class StaffSession(Base):
    """Somebody signed in on one browser. Until the second factor was given, it opens nothing but that step."""

    __tablename__ = "staff_session"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), index=True)
    waits_for_code: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(64))


class StaffRecoveryCode(Base):
    """A code that replaces the phone once."""

    __tablename__ = "staff_recovery_code"

    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class StaffAttempt(Base):
    """Tries to sign in since the last good one, for an account or an address; the key is a hash."""

    __tablename__ = "staff_attempt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Something that was done. `hash` covers all columns and the row before."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_actor_number", "actor", "number"),
        Index("ix_audit_entry_action_number", "action", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(48))
    object: Mapped[str] = mapped_column(String(160))
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """One row: the end of the chain. Who writes the log locks it first, so the chain never forks."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


def _begin_chain(table: Table, connection: Connection, **_: object) -> None:
    connection.execute(table.insert().values(id=1, number=0, hash="0" * 64))


# The migration does the same; here for databases that are made from the models.
event.listen(AuditHead.__table__, "after_create", _begin_chain)
