"""What a person told the citizen before, as the answer to a follow-up: the hub hands it in with the message.

The ledger is the truth about it, not a slot: the metadata of each later message carries the agent's points by facet. The
answer names the agent's statement as its source; the guide is one tap away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rasa_sdk import Tracker

from knowledge_base import Answer, Context, Question
from qinwen.clock import SHAANXI
from qinwen.replies import Choice, Reply, Source
from qinwen.vocabulary import FACET_TITLES, Facet, Outcome

# A facet that the classifier believes in this much may be the one that is asked about.
_LIKELY = 0.2
# Words of a question that say nothing about which point is meant.
_EMPTY = set("那这个的了呢吗啊呀我要是在到去把给请问一下什么怎几多少哪里儿些您你,。,.?!？！、 ")


@dataclass(frozen=True)
class Told:
    """The points of the last person: who told them, about which item, by facet."""

    desk: str
    item: str | None
    region: str | None
    at: datetime
    facts: Mapping[Facet, str]


def read_told(tracker: Tracker) -> Told | None:
    """Give what the last person left, if anything stands in the message's metadata."""
    shape = (tracker.latest_message.get("metadata") or {}).get("from_desk")
    if not isinstance(shape, Mapping):
        return None
    try:
        facts = {Facet(facet): str(text) for facet, text in (shape.get("facts") or {}).items()}
        at = datetime.fromisoformat(shape["at"])
        return Told(str(shape["desk"]), shape.get("item"), shape.get("region"), at, facts)
    except (KeyError, TypeError, ValueError):
        return None


def with_item(context: Context, told: Told | None) -> Context:
    """Let a conversation that knew no item before go on about what the person was asked."""
    if told is None or context.item or not told.item:
        return context
    return replace(context, item=told.item, region=context.region or told.region)


def answer_as_told(question: Question, answer: Answer, told: Told | None) -> Answer | None:
    """Give the person's point that a question asks about; None where it asks about something else.

    Args:
        question: the citizen's.
        answer: what the knowledge base would say.
        told: what the person left.
    """
    if told is None or not told.facts:
        return None
    another = answer.item is not None and told.item is not None and answer.item != told.item
    named = another and (question.context.item != told.item or answer.confidence > _SURE)
    facet = _asked(question, answer, told)
    if facet is None or named:
        return None
    day = told.at.astimezone(SHAANXI)
    when = f"{day.month}月{day.day}日 {day:%H:%M}"
    title = f"坐席的答复 · {told.desk} · {day.year}年{when}"
    text = f"{told.desk}的坐席（{when}）告诉您的「{FACET_TITLES[facet]}」：{told.facts[facet]}"
    choice = Choice("看办事指南怎么说", f"办事指南里{FACET_TITLES[facet]}怎么说")
    reply = Reply("choices", text, (choice,), (Source("desk", 1, facet.value, title),))
    return Answer(Outcome.ANSWERED, (reply,), told.item or answer.item, facet, answer.region or told.region)


_SURE = 0.9
_GUIDE = re.compile("办事指南")


def _asked(question: Question, answer: Answer, told: Told) -> Facet | None:
    """Give the point that is asked about: by its facet, else by words that only one point shares with the question."""
    if _GUIDE.search(question.text):
        return None
    if answer.outcome is Outcome.ANSWERED and answer.facet in told.facts:
        return answer.facet
    intents = question.facets()
    likely = [facet for facet in told.facts if intents.get(facet, 0.0) >= _LIKELY]
    if likely:
        return max(likely, key=lambda facet: intents[facet])
    letters = set(question.text) - _EMPTY
    shared = {facet: len(letters & (set(text) - _EMPTY)) for facet, text in told.facts.items()}
    best = max(shared, key=lambda facet: shared[facet])
    alone = sum(count == shared[best] for count in shared.values()) == 1
    return best if shared[best] >= 1 and alone and len(letters) <= _SHORT else None


_SHORT = 12
