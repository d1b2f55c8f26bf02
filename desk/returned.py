"""What comes back from a person to the bot: outcome and facts, typed, so that a follow-up can be answered from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.changing import mask_words
from desk.errors import DeskRefused
from desk.models import HandlingRow
from desk.vocabulary import CloseOutcome
from qinwen.vocabulary import Facet

_LONGEST = 300
_MOST = 14


@dataclass(frozen=True)
class AgentFact:
    """One thing that the agent told the citizen, by facet: `place`, "三楼 B 区 12 号窗口"."""

    facet: Facet
    text: str


@dataclass(frozen=True)
class ReturnedFacts:
    """What a person's service ended with, as slots for the engine.

    Attributes:
        conversation: the conversation's id, which is the engine's sender id.
        handling: the handling's id.
        desk: the desk's name, to say who told it.
        outcome: how it ended.
        item: the item that it was about; facets of the follow-up belong to it.
        region: the region's code.
        entry: the id of the knowledge entry that the agent used.
        facts: what the agent told, by facet.
        at: when.
    """

    conversation: str
    handling: str
    desk: str
    outcome: CloseOutcome
    item: str | None
    region: str | None
    entry: str | None
    facts: tuple[AgentFact, ...]
    at: datetime

    def told(self, facet: Facet) -> str | None:
        """Give what the agent said about a facet."""
        return next((fact.text for fact in self.facts if fact.facet is facet), None)

    def to_slots(self) -> dict[str, Any]:
        """Give the engine's slots: plain JSON."""
        return {
            "item": self.item,
            "region": self.region,
            "from_desk": {
                "handling": self.handling,
                "desk": self.desk,
                "outcome": self.outcome.value,
                "entry": self.entry,
                "facts": {fact.facet.value: fact.text for fact in self.facts},
                "at": self.at.isoformat(),
            },
        }

    def for_bot(self) -> dict[str, Any]:
        """Give what the hub hands to the bot with each later message: plain JSON, without who it was."""
        return {"item": self.item, "region": self.region, **self.to_slots()["from_desk"]}

    def to_json(self) -> dict[str, Any]:
        """Give the shape that a handling keeps."""
        return {
            "conversation": self.conversation,
            "handling": self.handling,
            "desk": self.desk,
            "outcome": self.outcome.value,
            "item": self.item,
            "region": self.region,
            "entry": self.entry,
            "facts": [{"facet": fact.facet.value, "text": fact.text} for fact in self.facts],
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> ReturnedFacts:
        """Read what `to_json` gave."""
        return cls(
            conversation=shape["conversation"],
            handling=shape["handling"],
            desk=shape["desk"],
            outcome=CloseOutcome(shape["outcome"]),
            item=shape["item"],
            region=shape["region"],
            entry=shape["entry"],
            facts=tuple(AgentFact(Facet(fact["facet"]), fact["text"]) for fact in shape["facts"]),
            at=datetime.fromisoformat(shape["at"]),
        )


def accept_facts(facts: Mapping[str, str]) -> tuple[AgentFact, ...]:
    """Read the facts of a closing form, masked; a later one of the same facet replaces none, since keys are facets.

    Raises:
        DeskRefused: a facet is unknown, or a text empty or too long.
    """
    if len(facts) > _MOST:
        raise DeskRefused("要点太多了。")
    try:
        return tuple(AgentFact(Facet(facet), mask_words(text, _LONGEST)) for facet, text in facts.items())
    except ValueError as error:
        raise DeskRefused("没有这个要素。") from error


def last_returned(session: Session, conversation: str) -> ReturnedFacts | None:
    """Give what the last person in a conversation left for the bot."""
    shape = session.scalar(
        select(HandlingRow.returned)
        .where(HandlingRow.conversation_id == conversation, HandlingRow.closed_at.is_not(None))
        .order_by(HandlingRow.closed_at.desc())
        .limit(1)
    )
    return ReturnedFacts.from_json(shape) if shape else None
