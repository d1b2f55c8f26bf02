"""Makes and changes accounts: the one writer of `staff_member`, `staff_role` and `staff_scope`. Every change is audited."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from language import region
from qinwen.clock import now
from staff import throttle
from staff.audit import COMMAND, hold_log, record
from staff.errors import MemberNotFound, MemberRefused, PasswordRefused
from staff.members import DEPARTMENT, REGION, read_member
from staff.models import StaffMember, StaffRole, StaffScope
from staff.passwords import check_rules, first_password, hash_password, matches
from staff.permissions import Member, Role
from staff.sessions import end_sessions
from staff.signing_in import plain_login

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_LONGEST_NAME, _LONGEST_DEPARTMENT = 40, 64


@dataclass(frozen=True)
class Particulars:
    """What an administrator sets about an account."""

    name: str
    roles: frozenset[Role]
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    active: bool = True


def add_member(
    session: Session,
    login: str,
    name: str,
    roles: Collection[Role],
    departments: Collection[str] = (),
    regions: Collection[str] = (),
    *,
    actor: str = COMMAND,
    at: datetime | None = None,
) -> str:
    """Make an account; returns its first password, which nobody can see again and which must be changed at once.

    Args:
        session: the transaction.
        login: three to thirty-two small letters, digits, dots, dashes or underscores, a letter first.
        name: how colleagues know them.
        roles: at least one.
        departments: the departments they are limited to; none for no limit.
        regions: the codes of the regions they are limited to; none for no limit.
        actor: the login of who does it.
        at: when, by default now.

    Raises:
        MemberRefused: something about it is not allowed; the sentence says what.
    """
    login, at = plain_login(login), at or now()
    if not _LOGIN.fullmatch(login):
        raise MemberRefused("登录名要 3 到 32 位，以字母开头，只用小写字母、数字、点、横线和下划线。")
    particulars = _checked(Particulars(name, frozenset(roles), frozenset(departments), frozenset(regions)))
    password = first_password()
    password_hash = hash_password(password)
    hold_log(session)
    if session.scalar(select(StaffMember.id).where(StaffMember.login == login)):
        raise MemberRefused(f"登录名 {login} 已经有人用了。")
    row = StaffMember(
        id=uuid.uuid4().hex,
        login=login,
        name=particulars.name,
        active=True,
        password_hash=password_hash,
        must_change_password=True,
        totp_step=0,
        created_at=at,
    )
    session.add(row)
    session.flush()
    _write_roles_and_scopes(session, row.id, particulars)
    record(session, actor, "member_added", f"staff:{login}", _detail(particulars), at=at)
    return password


def ensure_first_administrator(session: Session) -> tuple[str, str] | None:
    """Make the first administrator of an installation without accounts; returns login and first password, or `None`."""
    if session.scalar(select(func.count()).select_from(StaffMember)):
        return None
    return "admin", add_member(session, "admin", "管理员", {Role.ADMINISTRATOR})


def change_member(session: Session, member_id: str, wanted: Particulars, actor: Member, at: datetime | None = None) -> Member:
    """Change an account's particulars. Who is deactivated, or loses a role, is signed out everywhere.

    Raises:
        MemberRefused: something about it is not allowed: the own roles, the last administrator.
        MemberNotFound: there is none with this number.
    """
    hold_log(session)
    before, wanted = read_member(session, member_id), _checked(wanted)
    row = session.get_one(StaffMember, member_id)
    own = actor.id == member_id
    if own and (wanted.roles != before.roles or not wanted.active):
        raise MemberRefused("不能改自己的角色，也不能停用自己，请另一位管理员来改。")
    was_administrator = before.active and Role.ADMINISTRATOR in before.roles
    stays_administrator = wanted.active and Role.ADMINISTRATOR in wanted.roles
    if was_administrator and not stays_administrator and _active_administrators(session) == 1:
        raise MemberRefused("这是最后一位管理员，先给另一个账号加上管理员角色。")
    changed = {
        field: [sorted(getattr(before, field)), sorted(getattr(wanted, field))]
        for field in ("roles", "departments", "regions")
        if getattr(before, field) != getattr(wanted, field)
    }
    detail = {**changed, **({"name": "changed"} if wanted.name != before.name else {})}
    row.name, row.active = wanted.name, wanted.active
    _write_roles_and_scopes(session, member_id, wanted)
    if before.active and (not wanted.active or before.roles - wanted.roles):
        end_sessions(session, member_id)
    if detail:
        record(session, actor.login, "member_changed", f"staff:{before.login}", detail, at=at)
    if wanted.active != before.active:
        action = "member_activated" if wanted.active else "member_deactivated"
        record(session, actor.login, action, f"staff:{before.login}", at=at)
    return read_member(session, member_id)


def reset_password(session: Session, login: str, actor: str = COMMAND, at: datetime | None = None) -> str:
    """Give an account a new first password, and sign it out everywhere. Waiting for wrong tries ends, too.

    Raises:
        MemberNotFound: nobody has this login.
    """
    row = session.scalar(select(StaffMember).where(StaffMember.login == plain_login(login)))
    if row is None:
        raise MemberNotFound("没有这个账号。")
    password = first_password()
    password_hash = hash_password(password)
    hold_log(session)
    row.password_hash, row.must_change_password = password_hash, True
    end_sessions(session, row.id)
    unlock(session, row.id, actor, at, audited=False)
    record(session, actor, "password_reset", f"staff:{row.login}", at=at)
    return password


def change_password(session: Session, member_id: str, new: str, at: datetime, *, keep: str) -> None:
    """Set one's own new password, after the present one was checked; all sessions but `keep` end.

    Raises:
        PasswordRefused: it breaks a rule, or is the old one.
    """
    row = session.get_one(StaffMember, member_id)
    check_rules(new, row.login)
    if matches(row.password_hash, new):
        raise PasswordRefused("新密码和现在的一样，请换一个。")
    password_hash = hash_password(new)
    hold_log(session)
    row.password_hash, row.must_change_password = password_hash, False
    ended = end_sessions(session, member_id, but=keep)
    record(session, row.login, "password_changed", f"staff:{row.login}", {"sessions_ended": ended}, at=at)


def unlock(session: Session, member_id: str, actor: str, at: datetime | None = None, *, audited: bool = True) -> None:
    """End the waiting that wrong tries brought upon an account."""
    hold_log(session)
    login = read_member(session, member_id).login
    for counted in (throttle.account(login), throttle.code(member_id), throttle.own_password(member_id)):
        throttle.forgive(session, counted)
    if audited:
        record(session, actor, "member_unlocked", f"staff:{login}", at=at)


def is_locked(session: Session, member: Member, at: datetime) -> bool:
    """Tell whether an account has to wait because of wrong tries."""
    return any(throttle.is_blocked(session, one, at) for one in (throttle.account(member.login), throttle.code(member.id)))


def _checked(wanted: Particulars) -> Particulars:
    name = " ".join(wanted.name.split())
    departments = frozenset(" ".join(one.split()) for one in wanted.departments) - {""}
    if not name or len(name) > _LONGEST_NAME:
        raise MemberRefused(f"姓名要填，最多 {_LONGEST_NAME} 个字。")
    if not wanted.roles:
        raise MemberRefused("至少要选一个角色。")
    if any(len(one) > _LONGEST_DEPARTMENT for one in departments):
        raise MemberRefused(f"部门名称最多 {_LONGEST_DEPARTMENT} 个字。")
    for code in wanted.regions:
        found = region(code)
        if found is None or found.code != code:
            raise MemberRefused(f"没有代码为 {code[:12]} 的行政区划。")
    return Particulars(name, wanted.roles, departments, wanted.regions, wanted.active)


def _write_roles_and_scopes(session: Session, member_id: str, wanted: Particulars) -> None:
    session.execute(delete(StaffRole).where(StaffRole.member_id == member_id))
    session.execute(delete(StaffScope).where(StaffScope.member_id == member_id))
    session.add_all(StaffRole(member_id=member_id, role=role.value) for role in wanted.roles)
    session.add_all(StaffScope(member_id=member_id, kind=DEPARTMENT, value=one) for one in wanted.departments)
    session.add_all(StaffScope(member_id=member_id, kind=REGION, value=one) for one in wanted.regions)
    session.flush()
    session.expire_all()


def _active_administrators(session: Session) -> int:
    having = select(StaffRole.member_id).where(StaffRole.role == Role.ADMINISTRATOR.value)
    query = select(func.count()).select_from(StaffMember).where(StaffMember.active, StaffMember.id.in_(having))
    return session.scalar(query) or 0


def _detail(wanted: Particulars) -> dict[str, list[str]]:
    set_to = {name: sorted(getattr(wanted, name)) for name in ("roles", "departments", "regions")}
    return {name: values for name, values in set_to.items() if values}
