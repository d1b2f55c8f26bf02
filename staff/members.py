"""Reads accounts: one, some, or a page of a list. `accounts` writes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from staff.errors import MemberNotFound
from staff.models import StaffMember, StaffRole, StaffScope
from staff.permissions import Member, Role

DEPARTMENT, REGION = "department", "region"
_ROLE = "role"
# Built once: every request of every member of staff asks for these.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ACCOUNTS = select(
    StaffMember.id, StaffMember.login, StaffMember.name, StaffMember.active, StaffMember.must_change_password,
    StaffMember.totp_secret,
).where(StaffMember.id.in_(_IDS))  # fmt: skip
_HELD = union_all(
    select(StaffRole.member_id, literal(_ROLE), StaffRole.role).where(StaffRole.member_id.in_(_IDS)),
    select(StaffScope.member_id, StaffScope.kind, StaffScope.value).where(StaffScope.member_id.in_(_IDS)),
)


@dataclass(frozen=True)
class MemberFilter:
    """Which accounts somebody wants to see; `words` are looked for in login and name."""

    words: str = ""
    role: Role | None = None
    active: bool | None = None


@dataclass(frozen=True)
class ListedMember:
    """An account in a list."""

    member: Member
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True)
class MemberPage:
    """A page of a list, and how many accounts fit in all."""

    members: tuple[ListedMember, ...]
    total: int


def read_member(session: Session, member_id: str) -> Member:
    """Give one account.

    Raises:
        MemberNotFound: there is none with this number.
    """
    found = read_members(session, [member_id])
    if not found:
        raise MemberNotFound("没有这个账号。")
    return found[0]


def read_members(session: Session, ids: Sequence[str]) -> list[Member]:
    """Give some accounts, in the order asked; unknown numbers are left out."""
    rows = {row.id: row for row in session.execute(_ACCOUNTS, {"ids": ids})}
    held: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for member_id, kind, value in session.execute(_HELD, {"ids": ids}):
        held[member_id, kind].add(value)
    return [
        Member(
            id=row.id,
            login=row.login,
            name=row.name,
            roles=frozenset(map(Role, held[row.id, _ROLE])),
            departments=frozenset(held[row.id, DEPARTMENT]),
            regions=frozenset(held[row.id, REGION]),
            active=row.active,
            must_change_password=row.must_change_password,
            second_factor=row.totp_secret is not None,
        )
        for row in (rows[number] for number in ids if number in rows)
    ]


def member_names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Give the names of accounts by their ids; unknown ids and None are left out."""
    wanted = sorted({one for one in ids if one})
    if not wanted:
        return {}
    found = session.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(wanted)))
    return {row.id: row.name for row in found}


def list_members(session: Session, wanted: MemberFilter, *, page: int = 1, size: int = 20) -> MemberPage:
    """Give a page of the accounts that fit, by login; the first page is 1."""
    query = select(StaffMember)
    if wanted.words:
        query = query.where(
            or_(
                StaffMember.login.contains(wanted.words.lower(), autoescape=True),
                StaffMember.name.contains(wanted.words, autoescape=True),
            )
        )
    if wanted.active is not None:
        query = query.where(StaffMember.active == wanted.active)
    if wanted.role is not None:
        having = select(StaffRole.member_id).where(StaffRole.role == wanted.role.value)
        query = query.where(StaffMember.id.in_(having))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(StaffMember.login).limit(size).offset((page - 1) * size)).all()
    members = read_members(session, [row.id for row in rows])
    return MemberPage(
        tuple(ListedMember(member, row.created_at, row.signed_in_at) for member, row in zip(members, rows, strict=True)), total
    )


def known_departments(session: Session) -> list[str]:
    """Give the departments that accounts name already, to choose from."""
    query = select(StaffScope.value).where(StaffScope.kind == DEPARTMENT).distinct().order_by(StaffScope.value)
    return list(session.scalars(query))
