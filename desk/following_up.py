"""Coming back to a citizen after the service ended, on the day that was promised: and the one message that does it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.changing import hold_handling, note_event
from desk.errors import AlreadyTaken, NotHolding
from desk.handling import Handling, to_handling
from desk.models import HandlingRow
from desk.vocabulary import HandlingState


def list_follow_ups(session: Session, agent: str, limit: int = 50) -> Sequence[Handling]:
    """Give the ended conversations that an agent promised to come back to, the first due first."""
    query = select(HandlingRow).where(
        HandlingRow.agent == agent, HandlingRow.state == HandlingState.CLOSED.value, HandlingRow.follow_up_on.is_not(None)
    )
    return [to_handling(row) for row in session.scalars(query.order_by(HandlingRow.follow_up_on, HandlingRow.id).limit(limit))]


def end_follow_up(session: Session, handling: str, agent: str) -> Handling:
    """Note, in the transaction that tells the citizen, that the agent came back; twice is refused.

    Raises:
        DeskUnknown: there is no such handling.
        NotHolding: it was somebody else's.
        AlreadyTaken: nothing is to be followed up (any more).
    """
    row = hold_handling(session, handling)
    if row.agent != agent:
        raise NotHolding("这次服务不是您结束的。")
    if row.state != HandlingState.CLOSED.value or row.follow_up_on is None:
        raise AlreadyTaken("这次服务没有要跟进的，或者已经跟进过了。")
    row.follow_up_on = None
    note_event(session, "closed", row)
    return to_handling(row)
