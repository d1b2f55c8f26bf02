"""A supervisor beside an agent: joining a conversation without taking it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from desk.changing import hold_handling, note_event
from desk.errors import AlreadyTaken
from desk.models import HandlingGuest
from desk.vocabulary import HandlingState


def join(session: Session, handling: str, supervisor: str, moment: datetime) -> None:
    """Let a supervisor write in a conversation that an agent has; the agent goes on holding it. Twice changes nothing.

    Raises:
        DeskUnknown: there is no such handling.
        AlreadyTaken: no agent has it (any more), or the supervisor has it themselves.
    """
    row = hold_handling(session, handling)
    if row.state != HandlingState.WITH_AGENT.value:
        raise AlreadyTaken("这个会话现在不在坐席手上，可以直接接管。")
    if row.agent == supervisor:
        raise AlreadyTaken("这个会话就在您手上。")
    session.merge(HandlingGuest(handling_id=handling, agent=supervisor, joined_at=moment))
    note_event(session, "joined", row)
    note_event(session, "invited", row, agent=supervisor)
