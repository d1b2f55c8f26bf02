"""What every change at the desk does: hold the row it changes, and note the event that pages hear of.

A transaction begins with such a hold, which is a write: it locks the row on PostgreSQL, and makes the transaction a writing
one on SQLite. Rows are held in this order, so that nobody waits in a circle: handling, agent, citizen, and (by
`change_holder`) conversation.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from desk.errors import DeskRefused, DeskUnknown, NotHolding
from desk.models import AgentState, DeskEvent, HandlingGuest, HandlingRow
from desk.vocabulary import HandlingState, Presence
from language import mask_personal
from qinwen.clock import now

LONGEST_NOTE = 500


def new_id() -> str:
    """Make an id for a row: 24 characters, not guessable."""
    return secrets.token_hex(12)


def hold_handling(session: Session, handling: str) -> HandlingRow:
    """Lock a handling until the commit, and read it as it is now.

    Raises:
        DeskUnknown: there is none with this id.
    """
    held = session.execute(
        update(HandlingRow)
        .where(HandlingRow.id == handling)
        .values(version=HandlingRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(held, CursorResult) or held.rowcount != 1:
        raise DeskUnknown("没有这个会话的接待记录。")
    return session.get_one(HandlingRow, handling, populate_existing=True)


def hold_held(session: Session, handling: str, agent: str, *, guests: bool = False) -> HandlingRow:
    """Lock a handling that an agent holds (or was brought into).

    Raises:
        DeskUnknown: there is none with this id.
        NotHolding: somebody else has it, or nobody.
    """
    row = hold_handling(session, handling)
    require_held(session, row, agent, guests=guests)
    return row


def require_held(session: Session, row: HandlingRow, agent: str, *, guests: bool = False) -> None:
    """Check that an agent holds a locked handling (or was brought into it).

    Raises:
        NotHolding: somebody else has it, or nobody.
    """
    if row.state != HandlingState.WITH_AGENT.value:
        raise NotHolding("这个会话现在不在您手上。")
    if row.agent != agent and not (guests and session.get(HandlingGuest, (row.id, agent)) is not None):
        raise NotHolding("这个会话现在由别的坐席接待。")


def hold_agent(session: Session, agent: str) -> AgentState | None:
    """Lock an agent's row and read it; None: they never came."""
    session.execute(
        update(AgentState)
        .where(AgentState.agent == agent)
        .values(agent=AgentState.agent)
        .execution_options(synchronize_session=False)
    )
    return session.get(AgentState, agent, populate_existing=True)


def make_agent(session: Session, agent: str, moment: datetime) -> AgentState:
    """Lock an agent's row, writing it first where there is none."""
    row = hold_agent(session, agent)
    if row is None:
        try:
            with session.begin_nested():
                session.add(AgentState(agent=agent, presence=Presence.OFFLINE.value, since=moment, seen_at=moment))
                session.flush()
        except IntegrityError:
            pass  # the agent's other window was quicker
        row = hold_agent(session, agent)
    if row is None:
        raise DeskUnknown("没有这位坐席。")
    return row


def load_of(session: Session, agent: str) -> int:
    """Count the conversations that an agent has now."""
    query = select(func.count()).where(HandlingRow.agent == agent, HandlingRow.state == HandlingState.WITH_AGENT.value)
    return session.scalar(query) or 0


def note_event(session: Session, kind: str, row: HandlingRow | None = None, agent: str | None = None) -> None:
    """Write that something changed now, for the pages; a handling's event goes to its desk and its agent."""
    session.add(
        DeskEvent(
            at=now(),
            kind=kind,
            desk=row.desk if row else None,
            agent=agent or (row.agent if row else None),
            handling_id=row.id if row else None,
        )
    )
    session.flush()


def mask_words(text: str, longest: int = LONGEST_NOTE, *, needed: bool = True) -> str:
    """Give what a member of staff wrote with personal data masked.

    Raises:
        DeskRefused: it is empty though needed, or too long.
    """
    words = text.strip()
    if (needed and not words) or len(words) > longest:
        raise DeskRefused(f"请写 1 到 {longest} 个字。" if needed else f"最多写 {longest} 个字。")
    return mask_personal(words)
