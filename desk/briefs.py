"""The brief: what an agent should know before the first word, so that the citizen need not say it twice.

A handling keeps codes and message ids only. Texts are read from the ledger when the brief is opened, so that erasing a
citizen's words there erases them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.handling import Handling, Move, read_handling, read_moves, to_handling
from desk.models import HandlingRow
from desk.signs import mood_of, urgency_title
from desk.transcript import Line, read_lines
from desk.vocabulary import HandlingState, Mood
from language import mask_personal, name_of
from qinwen.replies import Source

_LONGEST_FACT = 100
_MOST_FACTS = 20
_ANSWERS = 6
# What is said about the queue tells an agent nothing about the matter.
_ABOUT_DESK = frozenset({"desk_queued", "desk_closed", "handed_off"})
_EARLIER = 5


@dataclass(frozen=True)
class BotAnswer:
    """Something the bot said, with what it rests on."""

    question: str
    answer: str
    outcome: str | None
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Brief:
    """What an agent should know.

    Attributes:
        handling: the handling itself, with reason, urgency and times.
        item: code of the item, if known.
        facet: code of the facet asked last, if known.
        region: name of the region, if known.
        department: the department that was understood, if any.
        facts: what was collected, by name; masked.
        mood: how the citizen seems to feel now.
        urgency: the reasons to serve them early, in words.
        waited: seconds from asking for a person until now, or until an agent came.
        answers: the last things that the bot said, oldest first.
        earlier: earlier contacts with the desk, newest first.
        moves: how it came here.
    """

    handling: Handling
    item: str | None
    facet: str | None
    region: str | None
    department: str | None
    facts: Mapping[str, str]
    mood: Mood
    urgency: tuple[str, ...]
    waited: float
    answers: tuple[BotAnswer, ...]
    earlier: tuple[Handling, ...]
    moves: tuple[Move, ...]


def make_snapshot(
    *,
    item: str | None,
    facet: str | None,
    region: str | None,
    department: str | None,
    routed_by: str,
    facts: Mapping[str, str],
    said: Sequence[Line],
) -> dict[str, Any]:
    """Give what a handling keeps when somebody asks for a person; facts are masked."""
    kept = {str(name)[:32]: mask_personal(str(value))[:_LONGEST_FACT] for name, value in list(facts.items())[:_MOST_FACTS]}
    return {
        "item": item,
        "facet": facet,
        "region": region,
        "department": department,
        "routed_by": routed_by,
        "facts": kept,
        "last_message": said[-1].id if said else None,
    }


def read_brief(session: Session, handling: str, moment: datetime) -> Brief:
    """Give the brief of a handling as it is now.

    Raises:
        DeskUnknown: there is no such handling.
    """
    found = read_handling(session, handling)
    lines = [line for line in read_lines(session, found.citizen) if line.conversation == found.conversation]
    kept = found.brief
    earlier = session.scalars(
        select(HandlingRow)
        .where(
            HandlingRow.citizen_id == found.citizen,
            HandlingRow.state == HandlingState.CLOSED.value,
            HandlingRow.id != found.id,
        )
        .order_by(HandlingRow.closed_at.desc())
        .limit(_EARLIER)
    )
    return Brief(
        handling=found,
        item=kept.get("item"),
        facet=kept.get("facet"),
        region=name_of(kept["region"]) if kept.get("region") else None,
        department=kept.get("department"),
        facts=kept.get("facts") or {},
        mood=mood_of([line.reply.text for line in lines if line.author == "citizen"][-4:]),
        urgency=tuple(urgency_title(name) for name in found.urgency),
        waited=((found.claimed_at or found.closed_at or moment) - found.asked_at).total_seconds(),
        answers=_answers(lines),
        earlier=tuple(to_handling(row) for row in earlier),
        moves=tuple(read_moves(session, handling)),
    )


def _answers(lines: Sequence[Line]) -> tuple[BotAnswer, ...]:
    questions = {line.turn: line.reply.text for line in lines if line.author == "citizen"}
    said = [line for line in lines if line.author == "bot" and line.reply.text and line.outcome not in _ABOUT_DESK]
    return tuple(
        BotAnswer(questions.get(line.turn, ""), line.reply.text, line.outcome, line.reply.sources) for line in said[-_ANSWERS:]
    )
