"""Between the engine's tracker and our own types: what a turn asks, what is said, which slots it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from knowledge_base import Answer, Context, Option, Question
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome


def read_question(tracker: Tracker) -> Question:
    """Give the question of the turn, with what the conversation is about; `Answerer` finds its vector."""
    message = tracker.latest_message
    intents = {i["name"]: float(i["confidence"]) for i in message.get("intent_ranking") or [] if i.get("name")}
    named = [e["value"] for e in message.get("entities") or [] if e.get("entity") == "region" and e.get("value")]
    return Question(
        text=message.get("text") or "",
        intents=intents,
        regions=tuple(named),
        context=read_context(tracker),
    )


def read_context(tracker: Tracker) -> Context:
    """Give what the conversation is about: from the slots, and from what the hub remembers.

    The hub knows the item of a turn that was not the bot's: a case that was shown, an appointment that is being made.
    """
    facet = tracker.get_slot("facet")
    told = tracker.latest_message.get("metadata") or {}
    remembered = told.get("region")
    return Context(
        item=told.get("item") or tracker.get_slot("item"),
        facet=Facet(facet) if facet else None,
        region=tracker.get_slot("region") or remembered,
        options=tuple(Option.from_json(shape) for shape in tracker.get_slot("options") or ()),
    )


def say(
    dispatcher: CollectingDispatcher,
    outcome: Outcome,
    replies: Sequence[Reply],
    about: Mapping[str, Any] | None = None,
) -> None:
    """Send one turn's replies with its outcome, as `conversations/engine.py` reads it."""
    shape = {"outcome": outcome.value, "replies": [reply.to_json() for reply in replies], **(about or {})}
    dispatcher.utter_message(json_message=shape)


def give(dispatcher: CollectingDispatcher, answer: Answer) -> list[EventType]:
    """Send an answer, and leave its item, facet, region and choices in the slots."""
    about = {
        "item": answer.item,
        "facet": answer.facet.value if answer.facet else None,
        "region": answer.region,
        "confidence": round(answer.confidence, 4),
    }
    say(dispatcher, answer.outcome, answer.replies, about)
    events = [SlotSet("options", [option.to_json() for option in answer.options] or None)]
    if answer.item:
        events += [SlotSet("item", answer.item), SlotSet("facet", about["facet"])]
    elif answer.outcome is Outcome.ASK_SLOT:
        events.append(SlotSet("facet", about["facet"]))
    if answer.region:
        events.append(SlotSet("region", answer.region))
    return events
