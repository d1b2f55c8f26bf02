"""Turns that did not help: not answered, answered with little confidence, asked back for nothing, or asked again at once.

Read from the ledger alone, with the masked words of the citizen; the console's gaps are made of them (`web/gap_side.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.models import Message, Turn
from qinwen.vocabulary import Outcome

Trouble = Literal["unanswered", "low_confidence", "clarified_in_vain", "asked_again", "badly_rated"]
_ASKED_BACK = {Outcome.CLARIFY.value, Outcome.ASK_SLOT.value}
_HELPED = {Outcome.ANSWERED.value, Outcome.CASE_STATUS.value, Outcome.ACKNOWLEDGED.value, Outcome.RATED.value}
_LITTLE_CONFIDENCE = 0.4
_SOON = timedelta(minutes=10)
_SAME = 0.6


@dataclass(frozen=True)
class PoorTurn:
    """A turn that did not help; `text` is masked, `citizen` an id of the ledger."""

    turn: str
    citizen: str
    text: str
    trouble: Trouble
    at: datetime
    region: str | None


@dataclass(frozen=True)
class _Asked:
    turn: str
    conversation: str
    citizen: str
    text: str
    outcome: str
    intent: str
    item: str | None
    facet: str | None
    region: str | None
    confidence: float | None
    at: datetime


def poor_turns(session: Session, since: datetime, most: int, badly_rated: Collection[str] = ()) -> list[PoorTurn]:
    """Give the turns since a moment that did not help, the newest `most`, oldest first.

    Args:
        session: an open session.
        since: turns that began before are left out.
        most: at most so many turns are looked at.
        badly_rated: the ids of turns that citizens rated badly.
    """
    by_conversation: dict[str, list[_Asked]] = defaultdict(list)
    for asked in _turns(session, since, most):
        by_conversation[asked.conversation].append(asked)
    found = []
    for turns in by_conversation.values():
        for number, asked in enumerate(turns):
            following = turns[number + 1] if number + 1 < len(turns) else None
            trouble = _trouble(asked, following, asked.turn in badly_rated)
            if trouble:
                found.append(PoorTurn(asked.turn, asked.citizen, asked.text, trouble, asked.at, asked.region))
    return sorted(found, key=lambda turn: turn.at)


def recent_questions(session: Session, most: int) -> list[tuple[str, int]]:
    """Give the questions that the bot took to the knowledge base last, each text once with how often it was asked."""
    about_knowledge = [Outcome.ANSWERED.value, Outcome.NOT_FOUND.value, *_ASKED_BACK]
    asked = (
        select(Message.text)
        .join(Turn, Turn.id == Message.turn_id)
        .where(Message.direction == "in", Message.text != "", Turn.outcome.in_(about_knowledge))
        .order_by(Message.id.desc())
        .limit(most * 4)
    )
    return Counter(session.scalars(asked)).most_common()[:most]


def _turns(session: Session, since: datetime, most: int) -> Sequence[_Asked]:
    return list(_read(session, since, most))[::-1]


def _read(session: Session, since: datetime, most: int) -> Iterator[_Asked]:
    columns = select(
        Turn.id, Turn.conversation_id, Turn.citizen_id, Message.text, Turn.outcome, Turn.intent, Turn.item, Turn.facet,
        Turn.region, Turn.confidence, Turn.started_at,
    )  # fmt: skip
    asked = (
        columns.join(Message, Message.turn_id == Turn.id)
        .where(Message.direction == "in", Message.text != "", Turn.outcome.is_not(None), Turn.started_at >= since)
        .order_by(Message.id.desc())
        .limit(most)
    )
    for row in session.execute(asked):
        turn, conversation, citizen, text, outcome, intent, *more = row
        yield _Asked(turn, conversation, citizen, text, outcome or "", intent or "", *more)


def _trouble(asked: _Asked, following: _Asked | None, badly_rated: bool) -> Trouble | None:
    if badly_rated:
        return "badly_rated"
    refused = asked.outcome == Outcome.REFUSED_OUT_OF_SCOPE.value and asked.intent.startswith("ask_")
    if asked.outcome == Outcome.NOT_FOUND.value or refused:
        return "unanswered"
    soon = following is not None and following.at - asked.at <= _SOON
    if asked.outcome in _ASKED_BACK:
        return None if soon and following is not None and following.outcome in _HELPED else "clarified_in_vain"
    if asked.outcome != Outcome.ANSWERED.value:
        return None
    if soon and following is not None and _asks_again(asked, following):
        return "asked_again"
    if asked.confidence is not None and asked.confidence < _LITTLE_CONFIDENCE:
        return "low_confidence"
    return None


def _asks_again(asked: _Asked, following: _Asked) -> bool:
    """Tell whether the next message asks the same in much the same words; another facet is another question."""
    if (asked.item, asked.facet) != (following.item, following.facet) and following.outcome == Outcome.ANSWERED.value:
        return False
    return SequenceMatcher(None, asked.text, following.text, autojunk=False).ratio() >= _SAME
