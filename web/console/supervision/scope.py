"""Which desks a member may see or change: those of their department and region."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from sqlalchemy.orm import Session

from desk import Desk, Handling, list_desks, read_desk, read_handling
from staff import Member, Permission, may, member_names


def is_supervised(member: Member, desk: Desk) -> bool:
    """Tell whether a desk is one of a supervisor's; who is limited to departments has none that is for all."""
    if member.departments and desk.department not in member.departments:
        return False
    return may(member, Permission.DESK_SUPERVISE, department=desk.department, region=desk.region)


def supervised_desks(session: Session, member: Member) -> list[Desk]:
    """Give a supervisor's desks, by code."""
    return [desk for desk in list_desks(session) if is_supervised(member, desk)]


def supervised_desk(session: Session, member: Member, code: str) -> Desk:
    """Give one of a supervisor's desks.

    Raises:
        DeskUnknown: there is none with this code.
        web.HTTPForbidden: it is somebody else's.
    """
    desk = read_desk(session, code)
    if not is_supervised(member, desk):
        raise web.HTTPForbidden
    return desk


def supervised_handling(session: Session, member: Member, handling: str) -> Handling:
    """Give a handling of one of a supervisor's desks.

    Raises:
        DeskUnknown: there is no such handling.
        web.HTTPForbidden: it is at somebody else's desk.
    """
    found = read_handling(session, handling)
    supervised_desk(session, member, found.desk)
    return found


def chosen_desks(desks: list[Desk], code: str) -> list[Desk]:
    """Give the desk that a filter names, or all."""
    return [desk for desk in desks if desk.code == code] or desks


def people(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Give the names of staff by the ids of their accounts, for pages; an account that is gone keeps its id."""
    wanted = sorted({one for one in ids if one})
    return {one: one[:8] for one in wanted} | member_names(session, wanted)
