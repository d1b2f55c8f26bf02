"""What was nearest to a question that was not answered well, and why it did not answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from knowledge_base.answering import Answerer, Inspection
from knowledge_base.content import PROVINCE
from knowledge_base.questions import Question
from knowledge_base.snapshot import Snapshot
from knowledge_base.thresholds import load_thresholds
from language import find_regions, normalise
from qinwen.vocabulary import FACET_TITLES, Facet, Outcome

Reader = Callable[[str], Mapping[str, float]]
"""Gives what the engine's classifier makes of a text, by intent; nothing where the engine can't be asked."""


def read_nothing(text: str) -> Mapping[str, float]:
    """Stand in where there is no engine to ask."""
    del text
    return {}


@dataclass(frozen=True)
class Nearest:
    """The entry that was nearest.

    Attributes:
        entry: its id, None where there is no knowledge at all.
        likeness: of its nearest wording.
        item: its item.
        facet: the facet that the question seems to ask for.
        department: its item's.
        why: one sentence on why it did not answer, or how it does now.
    """

    entry: str | None
    likeness: float
    item: str | None
    facet: Facet | None
    department: str
    why: str


def as_question(text: str, intents: Mapping[str, float] | None = None) -> Question:
    """Give a wording as the question that a citizen asks with it."""
    normalised = normalise(text)
    regions = tuple(mention.region.code for mention in find_regions(normalised))
    return Question(normalised, intents=intents or {}, regions=regions)


def nearest_to(live: Answerer, knowledge: Snapshot, text: str, intents: Mapping[str, float] | None = None) -> Nearest:
    """Ask a question, and say what was nearest and why it lost."""
    seen = live.inspect(as_question(text, intents))
    if seen is None:
        return Nearest(None, 0.0, None, None, "", "知识库还是空的。")
    best, ranking = seen.best, seen.best.ranking
    shares = ranking.item_shares()
    item = next((ranking.items[n] for n in np.argsort(-shares) if ranking.items[n] in knowledge.items), None)
    if item is None:
        return Nearest(None, 0.0, None, best.facet, "", "没有一件相近的事项。")
    places = seen.index.places_of(item)
    place = max(places, key=lambda n: float(ranking.rows[n]))
    row = seen.index.rows[place]
    why = _why(seen, knowledge, item)
    return Nearest(row.owner, float(ranking.rows[place]), item, best.facet, knowledge.items[item].department, why)


def _why(seen: Inspection, knowledge: Snapshot, item: str) -> str:
    limits, best, answer = load_thresholds(), seen.best, seen.answer
    name = knowledge.items[item].everyday_name
    if answer.outcome is Outcome.ANSWERED:
        # The name is enough here, without the version and the basis behind it.
        sources = [source.title.partition(" · ")[0] for reply in answer.replies for source in reply.sources]
        facet = FACET_TITLES[answer.facet] if answer.facet else "总体"
        return f"现在由「{sources[0] if sources else name}」回答「{facet}」，把握 {answer.confidence:.2f}。"
    if answer.outcome is Outcome.ASK_SLOT:
        return "没说是哪件事，会反问。"
    if answer.outcome is Outcome.CLARIFY:
        rivals = "、".join(f"「{option.title}」" for option in answer.options[:3])
        return f"{rivals}分不开：第一名的份额 {best.share:.2f}，要到 {limits.item:.2f}（短问题 {limits.item_short:.2f}）。"
    if best.scope < limits.scope:
        return f"「{name}」最近，可是归我们管的概率只有 {best.scope:.2f}，要到 {limits.scope:.2f}。"
    facet = FACET_TITLES[best.facet]
    missing = knowledge.facet(item, best.facet, PROVINCE, knowledge.clock()) is None
    return f"「{name}」没有「{facet}」这一项的内容。" if missing else f"「{name}」没有在它的地区生效的内容。"
