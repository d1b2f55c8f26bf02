"""Who is signed in, kept on the server: a random token in the browser, its hash here. The one writer of `staff_session`."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from staff.members import read_members
from staff.models import StaffSession
from staff.permissions import Member

_SEEN_EVERY = timedelta(minutes=1)
_CAME_WITH = select(
    StaffSession.id, StaffSession.member_id, StaffSession.expires_at, StaffSession.seen_at, StaffSession.waits_for_code
).where(StaffSession.token_hash == bindparam("token"))


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts: without a sign of life, and at the very most."""

    idle: timedelta
    life: timedelta


@dataclass(frozen=True)
class Origin:
    """Where somebody comes from: network address and browser, shown to them in the list of their sessions."""

    address: str
    browser: str


@dataclass(frozen=True)
class Visit:
    """A request of somebody known: the member, and the session they came with."""

    member: Member
    session: str
    waits_for_code: bool


@dataclass(frozen=True)
class OpenSession:
    """A session in a list."""

    id: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str


def open_session(
    session: Session, member_id: str, origin: Origin, limits: SessionLimits, at: datetime, *, waits_for_code: bool
) -> str:
    """Open a session; returns the token for the browser."""
    session.execute(delete(StaffSession).where(_expired(limits, at)))
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            id=uuid.uuid4().hex,
            token_hash=_hash(token),
            member_id=member_id,
            waits_for_code=waits_for_code,
            created_at=at,
            seen_at=at,
            expires_at=at + limits.life,
            address=origin.address[:64],
            browser=origin.browser[:64],
        )
    )
    session.flush()
    return token


def renew_token(session: Session, session_id: str) -> str:
    """Give a session a new token after its rights changed: an old one that somebody planted or saw is worth nothing."""
    token = secrets.token_urlsafe(32)
    changed = update(StaffSession).where(StaffSession.id == session_id)
    session.execute(changed.values(token_hash=_hash(token), waits_for_code=False))
    return token


def find_visit(session: Session, token: str, limits: SessionLimits, at: datetime) -> Visit | None:
    """Give who came with a token; `None` when it is unknown, expired or ended, or its member is not active any more."""
    row = session.execute(_CAME_WITH, {"token": _hash(token)}).one_or_none()
    if row is None or row.expires_at <= at or row.seen_at <= at - limits.idle:
        return None
    member = next(iter(read_members(session, [row.member_id])), None)
    if member is None or not member.active:
        return None
    if at - row.seen_at > _SEEN_EVERY:
        session.execute(update(StaffSession).where(StaffSession.id == row.id).values(seen_at=at))
    return Visit(member, row.id, row.waits_for_code)


def sessions_of(session: Session, member_id: str, limits: SessionLimits, at: datetime) -> list[OpenSession]:
    """List the live sessions of a member, the latest used first."""
    query = select(StaffSession).where(StaffSession.member_id == member_id, ~_expired(limits, at))
    rows = session.scalars(query.order_by(StaffSession.seen_at.desc()))
    return [OpenSession(row.id, row.created_at, row.seen_at, row.address, row.browser) for row in rows]


def count_sessions(session: Session, limits: SessionLimits, at: datetime) -> int:
    """Count the live sessions of everybody."""
    return session.scalar(select(func.count()).select_from(StaffSession).where(~_expired(limits, at))) or 0


def end_session(session: Session, member_id: str, session_id: str) -> bool:
    """End one session of a member; tells whether it was there."""
    gone = delete(StaffSession).where(StaffSession.id == session_id, StaffSession.member_id == member_id)
    return _count(session.execute(gone)) > 0


def end_sessions(session: Session, member_id: str, *, but: str = "") -> int:
    """End all sessions of a member but one; returns how many."""
    return _count(session.execute(delete(StaffSession).where(StaffSession.member_id == member_id, StaffSession.id != but)))


def drop_expired_sessions(session: Session, limits: SessionLimits, at: datetime, *, dry_run: bool = False) -> int:
    """Drop the sessions that are over, with the addresses they came from; gives how many (would go, in a dry run)."""
    over = _expired(limits, at)
    if dry_run:
        return session.scalar(select(func.count()).select_from(StaffSession).where(over)) or 0
    return _count(session.execute(delete(StaffSession).where(over)))


def _expired(limits: SessionLimits, at: datetime) -> ColumnElement[bool]:
    return or_(StaffSession.expires_at <= at, StaffSession.seen_at <= at - limits.idle)


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
