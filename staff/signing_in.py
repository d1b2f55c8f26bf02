"""Signing in: name and password, then a code where the member uses one. No transaction stays open while a password is checked.

What a stranger can see is the same whether an account exists or not: the words, the waiting, and the work that is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qinwen.database import Database
from staff import throttle
from staff.audit import hold_log, record
from staff.errors import MemberNotFound, SignInRefused
from staff.models import StaffMember
from staff.passwords import hash_password, is_outdated, matches
from staff.second_factor import SecretBox, use_code
from staff.sessions import Origin, SessionLimits, Visit, open_session, renew_token

_WRONG = "登录名或密码不对，或者账号已停用。"


@dataclass(frozen=True)
class SignedIn:
    """A session was opened: the token for the browser, and whether it still waits for a code."""

    token: str
    waits_for_code: bool


def plain_login(text: str) -> str:
    """Give a login as accounts keep it."""
    return text.strip().lower()


def sign_in(database: Database, login: str, password: str, origin: Origin, limits: SessionLimits, at: datetime) -> SignedIn:
    """Check name and password and open a session.

    Raises:
        SignInRefused: they are wrong, or the account is not active.
        TooManyAttempts: too many wrong tries for this name or from this address.
    """
    login = plain_login(login)
    for counted in (throttle.address(origin.address), throttle.account(login)):
        with database.session() as session:
            throttle.count_try(session, counted, at)
    with database.session() as session:
        row = session.scalar(select(StaffMember).where(StaffMember.login == login))
    right = matches(row.password_hash if row else None, password)
    if row is None or not right or not row.active:
        with database.session() as session:
            # Also for a name that nobody has, so that both take the same time; what was typed is not kept then.
            record(session, "", "sign_in_failed", f"staff:{row.login}" if row else "staff:", at=at)
        raise SignInRefused(_WRONG)
    with database.session() as session:
        hold_log(session)
        throttle.forgive(session, throttle.account(login))
        throttle.forgive_one(session, throttle.address(origin.address))
        if is_outdated(row.password_hash):
            session.execute(update(StaffMember).where(StaffMember.id == row.id).values(password_hash=hash_password(password)))
        waits = row.totp_secret is not None
        token = open_session(session, row.id, origin, limits, at, waits_for_code=waits)
        if not waits:
            _enter(session, row.id, row.login, at, "password")
    return SignedIn(token, waits)


def give_code(database: Database, visit: Visit, code: str, box: SecretBox, at: datetime) -> str:
    """Check the code of the second factor; returns the session's new token.

    Raises:
        SignInRefused: it is wrong or was used before.
        TooManyAttempts: too many wrong codes.
    """
    counted = throttle.code(visit.member.id)
    with database.session() as session:
        throttle.count_try(session, counted, at)
    with database.session() as session:
        hold_log(session)
        used = use_code(session, visit.member.id, code, box, at)
        if used:
            throttle.forgive(session, counted)
            token = renew_token(session, visit.session)
            _enter(session, visit.member.id, visit.member.login, at, used)
        else:
            record(session, "", "code_refused", f"staff:{visit.member.login}", at=at)
    if not used:
        raise SignInRefused("验证码不对，或者已经用过。请等手机上换下一个再试。")
    return token


def check_own_password(database: Database, member_id: str, password: str, at: datetime) -> None:
    """Check the present password of somebody who is signed in, before they change what protects the account.

    Raises:
        SignInRefused: it is wrong.
        TooManyAttempts: too many wrong tries.
    """
    counted = throttle.own_password(member_id)
    with database.session() as session:
        throttle.count_try(session, counted, at)
    with database.session() as session:
        row = session.get(StaffMember, member_id)
    if row is None:
        raise MemberNotFound("没有这个账号。")
    if not matches(row.password_hash, password):
        raise SignInRefused("现在的密码不对。")
    with database.session() as session:
        throttle.forgive(session, counted)


def _enter(session: Session, member_id: str, login: str, at: datetime, by: str) -> None:
    session.execute(update(StaffMember).where(StaffMember.id == member_id).values(signed_in_at=at))
    record(session, login, "signed_in", f"staff:{login}", {"by": by}, at=at)
