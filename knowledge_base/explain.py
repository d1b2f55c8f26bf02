"""Why a question is answered as it is: every score part, every threshold and how far it was, and what a new wording would do.

Used by the search laboratory and by `qinwen kb explain`. It asks the same `Answerer` that citizens ask, so that what it says
is what happened, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from knowledge_base.answering import Answerer, Inspection
from knowledge_base.content import Faq, Guide, Item, plain, read_body
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.impact import as_version
from knowledge_base.negatives import Negative
from knowledge_base.questions import Answer, Context, Question
from knowledge_base.ranked_rows import FACETS
from knowledge_base.ranking import BARE, SIGNALS, load_weights
from knowledge_base.scope import SCOPE_SIGNALS, scope_signals
from knowledge_base.snapshot import Snapshot
from knowledge_base.thresholds import load_thresholds
from language import Encoder, Entity, find_regions, normalise
from qinwen.vocabulary import FACET_TITLES, Facet, Outcome

SIGNAL_TITLES = {
    "dense_item": "意思离这个事项最近的词句有多近",
    "dense_name": "意思离它的名字有多近",
    "dense_facet": "意思离这个要素的问法有多近",
    "row_item": "字面上和这个事项的词句有多像",
    "row_facet": "字面上和这个要素的问法有多像",
    "item_text": "问题的字有多少在它的全部词句里",
    "name_inside": "问题里直接有它的名字",
    "intent": "意图分类器认为是这个要素",
}
SCOPE_TITLES = {
    "best_pair": "最好的一对有多好",
    "item_margin": "领先第二名多少",
    "facet_mass": "意图像在问要素",
    "outside_mass": "意图像在聊别的",
    "length": "问题的长短",
    "long": "问题特别长",
    "bias": "固定项",
}
_FAQ_PARTS = {
    "asked_bm25": "问法字面",
    "asked_share": "问法被问到多少",
    "answer_bm25": "答案字面",
    "named": "含有名字",
    "exact": "一字不差",
}
_NO_ITEM = {True: "（没说哪件事）", False: "（不属于事项的问答）"}
_MOST_ENTITIES = 20


@dataclass(frozen=True)
class Part:
    """One part of a score: how much there was of it, what it counts, and what it brought."""

    name: str
    title: str
    value: float
    weight: float

    @property
    def points(self) -> float:
        """What it brought."""
        return self.value * self.weight


@dataclass(frozen=True)
class CandidatePair:
    """An item and facet that the question may be about, the best first."""

    item: str
    title: str
    facet: Facet
    share: float
    item_share: float
    score: float
    parts: tuple[Part, ...]
    wordings: tuple[tuple[str, str, float], ...]
    """Its nearest wordings: owner, text, likeness."""


@dataclass(frozen=True)
class FaqCandidate:
    """An FAQ that search found, with the parts of its score."""

    entry: str
    score: float
    wording: str
    cosine: float
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Limit:
    """A threshold: what was measured, what it takes, and what follows."""

    title: str
    value: float
    needed: float

    @property
    def distance(self) -> float:
        """By how much it was passed (positive) or missed (negative)."""
        return self.value - self.needed


@dataclass(frozen=True)
class Explanation:
    """All that led to an answer. `runner_up` is the best other item, None where there is no other."""

    question: str
    normalised: str
    words: tuple[str, ...]
    entities: tuple[Entity, ...]
    intents: tuple[tuple[str, float], ...]
    answer: Answer
    path: str
    pairs: tuple[CandidatePair, ...]
    faqs: tuple[FaqCandidate, ...]
    scope: tuple[Part, ...]
    limits: tuple[Limit, ...]
    runner_up: CandidatePair | None
    negatives: tuple[Negative, ...] = ()


@dataclass(frozen=True)
class Simulation:
    """What adding a wording to an entry would change."""

    before: Explanation
    after: Explanation
    entry: str
    wording: str

    @property
    def wins(self) -> bool:
        """Whether the question is then answered from the entry."""
        return any(source.entry == self.entry for reply in self.after.answer.replies for source in reply.sources)


def explain(
    live: Answerer,
    knowledge: Snapshot,
    text: str,
    *,
    intents: Mapping[str, float] | None = None,
    context: Context | None = None,
    region: str | None = None,
    most: int = 5,
) -> Explanation:
    """Say how a question is answered.

    Args:
        live: answers from `knowledge`.
        knowledge: what is live.
        text: the question as a citizen writes it.
        intents: what the classifier of the engine gave, where it was asked.
        context: what was said before.
        region: the citizen's region.
        most: how many candidates of each sort to show.

    Raises:
        EntryInvalid: there is no question, or no knowledge to ask.
    """
    normalised = normalise(text)
    if not normalised:
        raise EntryInvalid("请写一个问题。")
    regions = tuple(mention.region.code for mention in find_regions(normalised)) or ((region,) if region else ())
    question = Question(normalised, None, intents or {}, regions, context or Context())
    seen = live.inspect(question)
    if seen is None:
        raise EntryInvalid("知识库还是空的，没有什么可以解释。")
    from language import analyse, find_entities  # spaCy: not before somebody asks for an explanation

    doc = analyse(_pipeline(tuple(sorted(item.everyday_name for item in knowledge.items.values()))), normalised)
    pairs = _pairs(seen, knowledge, most)
    first = pairs[0].item if pairs else ""
    return Explanation(
        question=text,
        normalised=normalised,
        words=tuple(token.text for token in doc),
        entities=tuple(find_entities(doc)[:_MOST_ENTITIES]),
        intents=tuple(sorted((intents or {}).items(), key=lambda pair: -pair[1])[:most]),
        answer=seen.answer,
        path=_path(seen, knowledge),
        pairs=tuple(pairs[:most]),
        faqs=tuple(
            FaqCandidate(c.entry, c.score, c.row.text, c.cosine, _faq_parts(c.parts)) for c in seen.decision.ranking[:most]
        ),
        scope=_scope(seen, question),
        limits=_limits(seen),
        runner_up=next((pair for pair in pairs if pair.item != first), None),
        negatives=seen.negatives,
    )


def simulate(
    live: Answerer,
    knowledge: Snapshot,
    encoder: Encoder | None,
    text: str,
    entry: str,
    wording: str,
    facet: Facet | None = None,
    **more: Any,
) -> Simulation:
    """Say what adding a wording to an entry would change for a question.

    Args:
        live: answers from `knowledge`.
        knowledge: what is live.
        encoder: the encoder of both.
        text: the question.
        entry: which entry gets the wording.
        wording: the wording; usually the question itself.
        facet: for a guide, which facet asks for it.
        **more: as for `explain`.

    Raises:
        EntryNotFound: the entry is not live.
        EntryInvalid: the wording is empty, or the facet is missing or not in the guide.
    """
    before = explain(live, knowledge, text, **more)
    version = knowledge.version(entry, knowledge.clock())
    if version is None:
        raise EntryNotFound(f"条目 {entry} 现在没有生效的版本。")
    changed = with_wording(version.content, wording, facet)
    branch = live.branch(*as_version(changed, knowledge, encoder))
    return Simulation(before, explain(branch, branch.knowledge, text, **more), entry, wording)


def with_wording(content: Item | Guide | Faq, wording: str, facet: Facet | None) -> Item | Guide | Faq:
    """Give a content with one wording more: of an FAQ a similar question, of a guide one that asks for a facet.

    Raises:
        EntryInvalid: the wording is empty, or the facet is missing or not in the guide.
    """
    words = wording.strip()
    if not words:
        raise EntryInvalid("要加的问法不能是空的。")
    body = plain(content)
    if isinstance(content, Faq):
        body["similar"] = [*body.get("similar", ()), words]
        return read_body("faq", body, "问答")
    if isinstance(content, Item):
        body["wordings"] = [*body.get("wordings", ()), words]
        return read_body("item", body, "事项")
    if facet is None or facet not in content.facets:
        raise EntryInvalid("给办事指南加问法，要说明是问哪个要素，而且指南里有这个要素。")
    told = body["facets"][facet.value]
    told["asked"] = [*told.get("asked", ()), words]
    return read_body("guide", body, "办事指南")


def _pairs(seen: Inspection, knowledge: Snapshot, most: int) -> list[CandidatePair]:
    ranking, best = seen.best.ranking, seen.best
    weights = load_weights()["dense" if best.vector is not None and seen.index.dense else "lexical"].vector()
    shares = ranking.item_shares()
    found: list[CandidatePair] = []
    order = np.argsort(-ranking.pairs, axis=None)[: most * 4]
    for place in order:
        number, facet = divmod(int(place), len(FACETS))
        if len(found) >= most and len({pair.item for pair in found}) > 1:
            break
        item, values = ranking.items[number], ranking.signals[number, facet]
        parts = tuple(
            Part(name, SIGNAL_TITLES[name], float(value), float(weight))
            for name, value, weight in zip(SIGNALS, values, weights, strict=True)
        )
        title = (
            knowledge.items[item].name
            if item in knowledge.items
            else "（没说哪件事）"
            if item == BARE
            else "（不属于事项的问答）"
        )
        found.append(
            CandidatePair(
                item,
                title,
                FACETS[facet],
                float(ranking.pairs[number, facet]),
                float(shares[number]),
                float(values @ weights),
                parts,
                _nearest(seen, item, FACETS[facet]),
            )
        )
    return found


def _nearest(seen: Inspection, item: str, facet: Facet) -> tuple[tuple[str, str, float], ...]:
    likeness, rows = seen.best.ranking.rows, seen.index.rows
    own = [n for n in seen.index.places_of(item) if rows[n].facet in (None, facet)]
    own.sort(key=lambda n: -float(likeness[n]))
    return tuple((rows[n].owner, rows[n].text, float(likeness[n])) for n in own[:3])


def _faq_parts(parts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Name the parts of an FAQ's score; those of the encoder are called after it."""
    meaning = {"asked": "问法意思", "answer": "答案意思"}
    return tuple((_FAQ_PARTS.get(name) or meaning.get(name.partition("_")[0], name), value) for name, value in parts.items())


def _scope(seen: Inspection, question: Question) -> tuple[Part, ...]:
    best = seen.best
    weights = load_weights()["dense" if best.vector is not None and seen.index.dense else "lexical"]
    values = scope_signals(best.text, best.ranking.signals, question.intents, weights.vector())
    titles = {**SIGNAL_TITLES, **SCOPE_TITLES}
    parts = [Part("bias", titles["bias"], 1.0, weights.scope["bias"])]
    parts += [Part(n, titles[n], float(v), weights.scope[n]) for n, v in zip(SCOPE_SIGNALS, values, strict=True)]
    return tuple(parts)


def _limits(seen: Inspection) -> tuple[Limit, ...]:
    limits, best = load_thresholds(), seen.best
    short = len(best.text) <= limits.short_length
    return (
        Limit("归我们管的概率", best.scope, limits.scope),
        Limit("第一名事项的份额" + ("（短问题）" if short else ""), best.share, limits.item_short if short else limits.item),
        Limit("要素在事项里的份额", best.facet_share, limits.facet),
        Limit("问答就是它的概率", seen.decision.right, seen.answer_from),
    )


_PATHS = {
    Outcome.CLARIFY: "几个事项都有可能，反问是哪一件。",
    Outcome.ASK_SLOT: "没说是哪件事，会话里也没有，问是哪一件。",
    Outcome.NOT_FOUND: "没有把握归我们管，或者没有这一项的内容，没有回答。",
    Outcome.REFUSED_OUT_OF_SCOPE: "意图是范围外，说明不归这里管。",
}


def _path(seen: Inspection, knowledge: Snapshot) -> str:
    answer = seen.answer
    if answer.outcome is not Outcome.ANSWERED:
        return _PATHS.get(answer.outcome, str(answer.outcome.value))
    sources = [source.entry for reply in answer.replies for source in reply.sources]
    if sources and sources[0].startswith("faq:"):
        return f"问答 {sources[0]} 比指南的要素更近，用它回答。"
    facet = FACET_TITLES[answer.facet] if answer.facet else ""
    item = knowledge.items.get(answer.item or "")
    return f"「{item.everyday_name if item else answer.item}」的「{facet}」排第一，用它的指南回答。"


@cache
def _pipeline(terms: tuple[str, ...]) -> Any:
    from language import build_pipeline

    return build_pipeline(terms)
