"""What the agents' pages work with: the desk, the hub, the knowledge, and who may see which conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import Hub
from desk import Desk, EventFeed, Handling, ServiceDesk, find_staffing, is_guest, list_desks, read_desk, read_handling
from knowledge_base import read_item
from staff import Member, Permission, may
from web.console.access import member_of
from web.console.knowledge import KnowledgeRoom

T = TypeVar("T")


@dataclass(frozen=True)
class DeskRoom:
    """Everything behind the agents' pages in this process."""

    desk: ServiceDesk
    hub: Hub
    knowledge: KnowledgeRoom
    feed: EventFeed

    async def read(self, work: Callable[[Session], T]) -> T:
        """Read something, without waking anybody."""
        return await self.desk.do(work, ring=False)


def desks_of(session: Session, member: Member) -> list[Desk]:
    """Give the desks that a member serves: where a supervisor has put them, within what they may see."""
    staffed = {staffing.desk for staffing in find_staffing(session, None, member.id)}
    return [desk for desk in list_desks(session) if desk.active and desk.code in staffed and _in_scope(member, desk)]


def find_handling(session: Session, request: web.Request) -> Handling:
    """Give the conversation of an address, if who asks may see it: of their desks, their own, or joined by them.

    Raises:
        DeskUnknown: there is none with this id.
        web.HTTPForbidden: it is somebody else's business.
    """
    member = member_of(request)
    handling = read_handling(session, request.match_info["handling"])
    if handling.agent == member.id or is_guest(session, handling.id, member.id):
        return handling
    desk = read_desk(session, handling.desk)
    supervises = may(member, Permission.DESK_SUPERVISE, department=desk.department, region=desk.region)
    if not supervises and desk.code not in {own.code for own in desks_of(session, member)}:
        raise web.HTTPForbidden
    return handling


def titles_of(session: Session, items: Iterable[str | None]) -> dict[str, str]:
    """Give the everyday names of items by their codes; a code that is gone names itself."""
    found = {code: read_item(session, code) for code in sorted({item for item in items if item})}
    return {code: item.everyday_name if item else code for code, item in found.items()}


def desk_names(session: Session, codes: Sequence[str] | None = None) -> dict[str, str]:
    """Give the names of desks by their codes."""
    return {desk.code: desk.name for desk in list_desks(session) if codes is None or desk.code in codes}


def _in_scope(member: Member, desk: Desk) -> bool:
    return may(member, Permission.DESK_SERVE, department=desk.department, region=desk.region)
