"""The desks and who works at them. Owns `desk` and `desk_member`; read by everything else here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from desk.errors import DeskRefused, DeskUnknown
from desk.hours import Hours, hours_from_json, hours_to_json
from desk.models import DeskMember, DeskRow
from language import name_of

_MOST_CAPACITY = 20
_LONGEST_CODE = 32


@dataclass(frozen=True)
class Desk:
    """A service desk.

    Attributes:
        code: stable, short.
        name: as citizens and staff read it.
        department: the department it serves (住建, 人社 …; the part of an item's department before 「·」); None: any.
        region: the six-digit code of its region.
        hours: when it is open.
        parent: the desk that takes over when nobody here can.
        items: codes of the items it is specially for.
        capacity: conversations an agent may have at once.
        first_reply: seconds within which an agent should have answered first (for the board).
        overflow_after: seconds in the queue after which the parent desk takes over.
        silent_after: seconds without an agent's answer after which the conversation goes back to the queue.
        answer_days: working days within which a left message is answered.
        active: whether it takes conversations at all.
    """

    code: str
    name: str
    region: str
    hours: Hours
    department: str | None = None
    parent: str | None = None
    items: tuple[str, ...] = ()
    capacity: int = 3
    first_reply: int = 180
    overflow_after: int = 300
    silent_after: int = 300
    answer_days: int = 2
    active: bool = True


@dataclass(frozen=True)
class Staffing:
    """An agent at a desk, with how many conversations they may have at once."""

    desk: str
    agent: str
    capacity: int


@dataclass(frozen=True)
class Desks:
    """All active desks, as routing and queueing look at them together."""

    by_code: dict[str, Desk] = field(default_factory=dict)

    def ancestors(self, code: str) -> list[Desk]:
        """Give the active desks above one, nearest first."""
        above: list[Desk] = []
        desk = self.by_code.get(code)
        while desk and desk.parent and (desk := self.by_code.get(desk.parent)):
            above.append(desk)
        return above


def save_desk(session: Session, desk: Desk) -> None:
    """Write a desk, new or changed.

    Raises:
        DeskRefused: something about it can't be.
    """
    if not desk.code or len(desk.code) > _LONGEST_CODE or not desk.name.strip():
        raise DeskRefused("服务台要有代码和名称，代码最多 32 个字符。")
    if name_of(desk.region) is None:
        raise DeskRefused("服务台的行政区划代码不认识。")
    if desk.department is not None and desk.department not in known_departments():
        raise DeskRefused(f"没有「{desk.department}」这个部门。")
    if not 1 <= desk.capacity <= _MOST_CAPACITY:
        raise DeskRefused(f"同时接待的人数要在 1 到 {_MOST_CAPACITY} 之间。")
    if min(desk.first_reply, desk.overflow_after, desk.silent_after) < 1 or desk.answer_days < 1:
        raise DeskRefused("时限都要大于零。")
    parents = {row.code: row.parent for row in session.scalars(select(DeskRow))} | {desk.code: desk.parent}
    above = desk.parent
    while above is not None:
        if above == desk.code:
            raise DeskRefused("上级服务台绕回了自己。")
        if above not in parents:
            raise DeskRefused("没有这个上级服务台。")
        above = parents[above]
    row = DeskRow(
        code=desk.code,
        name=desk.name.strip(),
        department=desk.department,
        region=desk.region,
        parent=desk.parent,
        active=desk.active,
        body={
            "hours": hours_to_json(desk.hours),
            "items": list(desk.items),
            "capacity": desk.capacity,
            "first_reply": desk.first_reply,
            "overflow_after": desk.overflow_after,
            "silent_after": desk.silent_after,
            "answer_days": desk.answer_days,
        },
    )
    session.merge(row)
    session.flush()


def read_desk(session: Session, code: str) -> Desk:
    """Give one desk.

    Raises:
        DeskUnknown: there is none with this code.
    """
    row = session.get(DeskRow, code)
    if row is None:
        raise DeskUnknown("没有这个服务台。")
    return _to_desk(row)


def list_desks(session: Session) -> list[Desk]:
    """Give all desks, by code, also those that take nothing now."""
    return [_to_desk(row) for row in session.scalars(select(DeskRow).order_by(DeskRow.code))]


def active_desks(session: Session) -> Desks:
    """Give the desks that take conversations."""
    return Desks({desk.code: desk for desk in list_desks(session) if desk.active})


def staff_desk(session: Session, desk: str, agent: str, capacity: int | None = None) -> None:
    """Put an agent at a desk, or change how many conversations they may have there (None: as the desk says).

    Raises:
        DeskUnknown: there is no such desk.
        DeskRefused: the number can't be.
    """
    read_desk(session, desk)
    if capacity is not None and not 1 <= capacity <= _MOST_CAPACITY:
        raise DeskRefused(f"同时接待的人数要在 1 到 {_MOST_CAPACITY} 之间。")
    session.merge(DeskMember(desk=desk, agent=agent, capacity=capacity))
    session.flush()


def unstaff_desk(session: Session, desk: str, agent: str) -> None:
    """Take an agent from a desk; what they hold stays theirs."""
    session.execute(delete(DeskMember).where(DeskMember.desk == desk, DeskMember.agent == agent))


def find_staffing(session: Session, desks: Sequence[str] | None = None, agent: str | None = None) -> list[Staffing]:
    """Give who works where, of some desks or all, one agent or all."""
    capacity = func.coalesce(DeskMember.capacity, DeskRow.body["capacity"].as_integer())
    query = select(DeskMember.desk, DeskMember.agent, capacity).join(DeskRow, DeskRow.code == DeskMember.desk)
    if desks is not None:
        query = query.where(DeskMember.desk.in_(desks))
    if agent is not None:
        query = query.where(DeskMember.agent == agent)
    return [Staffing(*row) for row in session.execute(query.order_by(DeskMember.desk, DeskMember.agent))]


def add_sample_desks(session: Session) -> int:
    """Write the sample desks of `data/desks.yml` where there are none at all; gives how many."""
    if session.scalar(select(DeskRow.code).limit(1)) is not None:
        return 0
    rows = yaml.safe_load((_DATA / "desks.yml").read_text(encoding="utf-8"))
    for row in rows:
        hours = hours_from_json({"week": row.pop("week")})
        save_desk(session, Desk(hours=hours, items=tuple(row.pop("items", ())), **row))
    return len(rows)


@cache
def known_departments() -> dict[str, str]:
    """Give the departments' full names by their short ones."""
    return {row["code"]: row["title"] for row in _department_rows()}


@cache
def department_phrases() -> tuple[tuple[str, str], ...]:
    """Give our own phrases, each with its department."""
    return tuple((phrase, row["code"]) for row in _department_rows() for phrase in row["phrases"])


_DATA = Path(__file__).parent / "data"


@cache
def _department_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((_DATA / "departments.yml").read_text(encoding="utf-8"))
    return rows


def _to_desk(row: DeskRow) -> Desk:
    body = dict(row.body)
    return Desk(
        code=row.code,
        name=row.name,
        department=row.department,
        region=row.region,
        parent=row.parent,
        active=row.active,
        hours=hours_from_json(body.pop("hours")),
        items=tuple(body.pop("items")),
        **body,
    )
