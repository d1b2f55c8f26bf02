"""Slows guessing down: tries are counted per account and per address, and the waiting grows.

A try is counted before it is checked and forgiven when it was right, so that many at once gain nothing. An account that
does not exist is counted like one that does.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from staff.errors import TooManyAttempts
from staff.models import StaffAttempt

FORGET_AFTER = timedelta(hours=12)
LONGEST_WAIT = 900
_FIRST_WAIT = 30


@dataclass(frozen=True)
class Counted:
    """What tries are counted for, and how many are free."""

    kind: str
    name: str
    free: int

    @property
    def key(self) -> str:
        """What the database knows it by; somebody may have typed a password as the name."""
        return hashlib.sha256(f"{self.kind}:{self.name}".encode()).hexdigest()


def account(login: str) -> Counted:
    """Tries for a login, whether somebody has it or not."""
    return Counted("account", login, free=5)


def address(network: str) -> Counted:
    """Tries from a network address; a whole office may share one."""
    return Counted("address", network, free=30)


def code(member_id: str) -> Counted:
    """Tries at the second factor of a member."""
    return Counted("code", member_id, free=5)


def own_password(member_id: str) -> Counted:
    """Tries at the present password, of somebody who is signed in."""
    return Counted("own_password", member_id, free=5)


def count_try(session: Session, counted: Counted, at: datetime) -> None:
    """Count one try; the next ones have to wait when there were too many.

    Raises:
        TooManyAttempts: it is not time yet; nothing was counted if the caller rolls back.
    """
    session.execute(delete(StaffAttempt).where(StaffAttempt.last_at < at - FORGET_AFTER))
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(make(StaffAttempt).values(key=counted.key, count=0, last_at=at).on_conflict_do_nothing())
    here = StaffAttempt.key == counted.key
    # The update locks the row: who comes at the same moment reads what we wrote.
    session.execute(update(StaffAttempt).where(here).values(count=StaffAttempt.count + 1))
    count, blocked = session.execute(select(StaffAttempt.count, StaffAttempt.blocked_until).where(here)).one()
    if blocked and blocked > at:
        raise TooManyAttempts(math.ceil((blocked - at).total_seconds()))
    until = at + timedelta(seconds=wait_after(count, counted.free)) if count >= counted.free else None
    session.execute(update(StaffAttempt).where(here).values(last_at=at, blocked_until=until))


def wait_after(count: int, free: int) -> int:
    """How long the next try has to wait after so many, in seconds: 30, 60, 120 … 900."""
    return int(min(_FIRST_WAIT * 2 ** min(count - free, 10), LONGEST_WAIT)) if count >= free else 0


def forgive(session: Session, counted: Counted) -> None:
    """Forget all tries: it was right, or an administrator says so."""
    session.execute(delete(StaffAttempt).where(StaffAttempt.key == counted.key))


def forgive_one(session: Session, counted: Counted) -> None:
    """Take back one try of an address that was right, and leave the others."""
    here = StaffAttempt.key == counted.key
    session.execute(update(StaffAttempt).where(here).values(count=StaffAttempt.count - 1, blocked_until=None))


def is_blocked(session: Session, counted: Counted, at: datetime) -> bool:
    """Tell whether tries have to wait now."""
    return bool(session.scalar(select(StaffAttempt.blocked_until > at).where(StaffAttempt.key == counted.key)))
