"""The second factor (两步验证): time-based codes (RFC 6238) from a phone, and recovery codes for when it is lost.

The shared secret is encrypted with a key that is not in the database. A code works once: the time step of the last one is
kept, and moved forward by conditional update.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from staff.audit import hold_log, record
from staff.errors import MemberNotFound, SignInRefused
from staff.models import StaffMember, StaffRecoveryCode
from staff.sessions import end_sessions
from staff.throttle import code as code_tries
from staff.throttle import forgive

ISSUER = "秦问"
RECOVERY_CODES = 10
_STEP = 30
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class SecretBox:
    """Encrypts the shared secrets with a key made from a setting."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second-factor:{key}".encode()).digest()))

    def close(self, secret: str) -> str:
        """Encrypt."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, closed: str) -> str | None:
        """Decrypt; `None` when the key is another one now."""
        try:
            return self._fernet.decrypt(closed.encode()).decode()
        except InvalidToken:
            return None


def offer(session: Session, member_id: str, box: SecretBox) -> str:
    """Give the address that the phone reads (`otpauth://…`); the same until it is confirmed."""
    row = _row(session, member_id)
    secret = box.open(row.totp_offered) if row.totp_offered else None
    if secret is None:
        secret = pyotp.random_base32()
        row.totp_offered = box.close(secret)
    return pyotp.TOTP(secret).provisioning_uri(name=row.login, issuer_name=ISSUER)


def turn_on(session: Session, member_id: str, code: str, box: SecretBox, at: datetime) -> list[str]:
    """Turn it on with the first code from the phone; returns the recovery codes, which are shown once.

    Raises:
        SignInRefused: the code is not right.
    """
    hold_log(session)
    row = _row(session, member_id)
    secret = box.open(row.totp_offered) if row.totp_offered else None
    step = _matching_step(secret, code, at) if secret else None
    if step is None:
        raise SignInRefused("验证码不对。请看手机上最新的六位数字，并确认手机的时间是准的。")
    row.totp_secret, row.totp_offered, row.totp_step = row.totp_offered, None, step
    session.flush()
    codes = new_recovery_codes(session, member_id)
    record(session, row.login, "second_factor_turned_on", f"staff:{row.login}", at=at)
    return codes


def turn_off(session: Session, member_id: str, actor: str, at: datetime) -> None:
    """Turn it off, and throw the recovery codes away; an administrator who does it for somebody ends their sessions too."""
    hold_log(session)
    row = _row(session, member_id)
    row.totp_secret = row.totp_offered = None
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.member_id == member_id))
    forgive(session, code_tries(member_id))
    if actor != row.login:
        end_sessions(session, member_id)
    record(session, actor, "second_factor_turned_off", f"staff:{row.login}", at=at)


def new_recovery_codes(session: Session, member_id: str) -> list[str]:
    """Make new recovery codes; the old ones stop working."""
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.member_id == member_id))
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)]
    session.add_all(StaffRecoveryCode(member_id=member_id, code_hash=_hash(code)) for code in codes)
    session.flush()
    return codes


def recovery_codes_left(session: Session, member_id: str) -> int:
    """Count the recovery codes that were not used yet."""
    query = select(func.count()).select_from(StaffRecoveryCode).where(StaffRecoveryCode.member_id == member_id)
    return session.scalar(query) or 0


def use_code(session: Session, member_id: str, code: str, box: SecretBox, at: datetime) -> str | None:
    """Use a code: gives what it was, `"phone"` or `"recovery"`, or `None` if it is wrong or was used before."""
    row = _row(session, member_id)
    secret = box.open(row.totp_secret) if row.totp_secret else None
    step = _matching_step(secret, code, at) if secret else None
    if step is not None:
        unused = update(StaffMember).where(StaffMember.id == member_id, StaffMember.totp_step < step).values(totp_step=step)
        return "phone" if _changed(session.execute(unused)) else None
    here = StaffRecoveryCode.member_id == member_id, StaffRecoveryCode.code_hash == _hash(code)
    return "recovery" if _changed(session.execute(delete(StaffRecoveryCode).where(*here))) else None


def _matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Find the time step of a code, one step of a slow or fast clock allowed."""
    digits = "".join(code.split())
    present = int(at.timestamp()) // _STEP
    made = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if digits.isascii() and secrets.compare_digest(made.generate_otp(step), digits):
            return step
    return None


def _row(session: Session, member_id: str) -> StaffMember:
    row = session.get(StaffMember, member_id)
    if row is None:
        raise MemberNotFound("没有这个账号。")
    return row


def _changed(result: object) -> bool:
    assert isinstance(result, CursorResult)
    return result.rowcount > 0


def _hash(code: str) -> str:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
