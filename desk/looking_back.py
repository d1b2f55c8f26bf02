"""What supervisors read about conversations: all that are open, one from its beginning to its end, what a rating is about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.bad_ratings import BadRating
from desk.handling import Handling, read_handling, to_handling
from desk.models import HandlingRow
from desk.transcript import Line, read_conversation_lines
from desk.vocabulary import HandlingState, RatingTarget

_MOST = 300
_WHO = {"citizen": "市民", "bot": "机器人", "agent": "坐席", "system": "系统"}


def list_open(session: Session, desks: Sequence[str]) -> list[Handling]:
    """Give what waits or is with an agent at some desks, who goes first first; some hundreds at most."""
    query = select(HandlingRow).where(HandlingRow.desk.in_(desks), HandlingRow.state != HandlingState.CLOSED.value)
    return [to_handling(row) for row in session.scalars(query.order_by(HandlingRow.rank_at, HandlingRow.id).limit(_MOST))]


def read_conversation(session: Session, handling: str) -> list[Line]:
    """Give the messages of a handling's conversation, oldest first, up to a little after its end; masked.

    Raises:
        DeskUnknown: there is no such handling.
    """
    found = read_handling(session, handling)
    return read_conversation_lines(session, found.citizen, found.conversation)


def read_rated_words(session: Session, bad: BadRating) -> list[tuple[str, str]]:
    """Give who said what in the turn that a bad rating is about; nothing for a service by an agent, whose page shows all."""
    if bad.target is RatingTarget.AGENT or bad.turn is None:
        return []
    lines = read_conversation_lines(session, bad.citizen, bad.conversation)
    return [(_WHO.get(line.author, line.author), line.reply.text) for line in lines if line.turn == bad.turn]
