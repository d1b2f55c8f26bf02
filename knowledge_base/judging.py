"""What a question is most likely about: the item, the facet and how sure that is, with the conversation in mind.

Called by `knowledge_base.answering` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowledge_base.content import PROVINCE
from knowledge_base.following import (
    asks_nothing,
    asks_paying,
    corrected,
    follows,
    lacks_something,
    moves_on,
    names_several,
    tells_of_oneself,
)
from knowledge_base.negatives import Negative, matching_negatives
from knowledge_base.questions import Question
from knowledge_base.ranked_rows import FACETS
from knowledge_base.ranking import BARE, NAMED, PairIndex, Ranking, load_weights
from knowledge_base.scope import scope_probability, scope_signals
from knowledge_base.snapshot import Snapshot
from knowledge_base.thresholds import Thresholds
from knowledge_base.umbrella import opens_with, umbrella_of
from language import Encoder
from qinwen.vocabulary import Facet

BENEFIT = "行政给付"
# Half of what people tell of themselves sounds like a complaint; a real one is believed more.
_SURE_COMPLAINT = 0.7


@dataclass(frozen=True)
class Best:
    """The likeliest item for a question and what else was near."""

    text: str
    vector: NDArray[np.float32] | None
    ranking: Ranking
    scope: float
    item: str
    share: float
    facet: Facet
    facet_share: float
    negatives: tuple[Negative, ...] = ()


class Judge:
    """Finds what a question is about.

    Args:
        knowledge: the snapshot that is answered from.
        encoder: makes the vector of a question that comes without one; None judges by characters only.
        thresholds: from where on something is taken as meant.
    """

    def __init__(self, knowledge: Snapshot, encoder: Encoder | None, thresholds: Thresholds) -> None:
        self._knowledge, self._encoder, self._thresholds = knowledge, encoder, thresholds

    def judge(self, index: PairIndex, question: Question) -> Best:
        """Give the likeliest item and facet, staying with the conversation where the words point nowhere else."""
        return self._followed(self._rank(index, question), question)

    def facet(self, question: Question, best: Best, at: datetime) -> Facet:
        """Give the facet that is meant: asked, kept from before, or what asking it comes to for this item."""
        return self._meant(self._inherited(question, best), question, best, at)

    def _followed(self, best: Best, question: Question) -> Best:
        """Stay with the conversation's item where few words point to nothing else clearly ("要钱吗", "榆林在哪交")."""
        context, limits = question.context, self._thresholds
        unclear = best.share < limits.item and len(question.text) <= limits.ellipsis_length
        unclear = unclear or (best.share < limits.item_short and self.tells_circumstances(best, question))
        if not context.item or best.item == context.item or not unclear or context.item not in best.ranking.items:
            return best
        by_facet = best.ranking.pairs.sum(axis=0)
        facet = int(by_facet.argmax())
        return replace(best, item=context.item, share=1.0, facet=FACETS[facet], facet_share=float(by_facet[facet]))

    def tells_circumstances(self, best: Best, question: Question) -> bool:
        """Tell whether somebody asked nothing more, and tells how things are with them: may they then, is what they mean."""
        context, named = question.context, best.ranking.signals[:, 0, NAMED].max() > 0
        told = tells_of_oneself(best.text) and len(best.text) <= self._thresholds.ellipsis_length
        likeliest, belief = max(question.intents.items(), key=lambda pair: pair[1], default=("", 0.0))
        strange = likeliest in {"out_of_scope", "small_talk"} or (likeliest == "complain" and belief >= _SURE_COMPLAINT)
        alone = {option.item for option in context.options} <= {context.item}
        return bool(context.item and told and alone and not named and not strange and corrected(question.text) is None)

    def _rank(self, index: PairIndex, question: Question) -> Best:
        correction = corrected(question.text)
        text = correction or question.text
        prior = np.zeros(len(index.items), dtype=np.float32)
        near = self._neighbours(question.context.item)
        moved = any(moves_on(text, name) for name in index.names_of_others(text, question.context.item))
        for number, item in enumerate(index.items):
            if item and item in {question.context.item, BARE} and question.context.item and not moved:
                prior[number] += self._thresholds.context_bonus
            if any(item == option.item for option in question.context.options):
                prior[number] += self._thresholds.option_bonus
            if item in near:
                prior[number] += self._thresholds.topic_bonus
        vector = question.vector
        if self._encoder and (correction or vector is None):
            vector = self._encoder.encode([text], "question")[0]
        negatives = self._negatives(index, text, vector)
        blocked = [(one.entry.split(":")[1], one.facet) for one in negatives if not one.entry.startswith("faq:")]
        ranking = index.rank(text, vector, question.facets(), prior=prior, blocked=blocked)
        weights = load_weights()["dense" if vector is not None and index.dense else "lexical"]
        signals = scope_signals(text, index.inside(ranking.signals), question.intents, weights.vector())
        context = question.context
        if context.item in index.items:
            # A question that names no item goes on about the conversation's.
            pairs, here, bare = ranking.pairs.copy(), index.items.index(context.item), index.items.index(BARE)
            pairs[here] += pairs[bare]
            pairs[bare] = 0
            ranking = replace(ranking, pairs=pairs)
        shares = ranking.item_shares()
        place = int(shares.argmax())
        by_facet = ranking.pairs[place]
        facet = FACETS[int(by_facet.argmax())]
        return Best(
            text,
            vector,
            ranking,
            scope_probability(signals, weights.scope),
            index.items[place],
            float(shares[place]),
            facet,
            float(by_facet.max() / max(by_facet.sum(), 1e-9)),
            tuple(negatives),
        )

    def _negatives(self, index: PairIndex, text: str, vector: NDArray[np.float32] | None) -> list[Negative]:
        """List what must not answer a question."""
        held = self._knowledge.negatives
        if not held:
            return []
        if self._encoder is None or vector is None or not index.dense:
            return matching_negatives(held, text, None, {})
        texts = list(dict.fromkeys(one.text for one in held))
        vectors = index.centred(self._encoder.encode(texts, "question"))
        return matching_negatives(held, text, index.centred(vector[None, :])[0], dict(zip(texts, vectors, strict=True)))

    def _neighbours(self, code: str | None) -> set[str]:
        """List the items of the same topic as the conversation's."""
        if code is None:
            return set()
        topic = self._knowledge.items[code].topic
        return {other.code for other in self._knowledge.items.values() if other.topic == topic and other.code != code}

    def rivals(self, best: Best) -> list[str]:
        """List the items that are plausible, the likeliest first; one if it is clear. Few words must be clearer."""
        limits = self._thresholds
        short = len(best.text) <= limits.short_length
        shares = best.ranking.item_shares()
        order = [n for n in np.argsort(-shares)[:5] if best.ranking.items[n] in self._knowledge.items]
        named = [best.ranking.items[n] for n in order if best.ranking.signals[n, 0, NAMED] > 0]
        if short and len(named) > 1 and names_several(best.text):
            return named
        if best.share >= (limits.item_short if short and named != [best.item] else limits.item):
            return [best.item]
        near = [best.ranking.items[n] for n in order if shares[n] >= limits.rival]
        return near if len(near) > 1 else [best.ranking.items[n] for n in order[:2]]

    def under_umbrella(self, best: Best, question: Question) -> list[str]:
        """List the items that a word said alone may mean, the likeliest first; none where the conversation makes it clear."""
        umbrella, context = umbrella_of(best.text), question.context
        if umbrella is None or (context.item and (context.item in umbrella.items or not opens_with(best.text, umbrella))):
            return []
        expected = {context.item, *(option.item for option in context.options)} != {None}
        if expected and best.item in umbrella.items and best.share >= self._thresholds.item_short:
            return []
        shares = dict(zip(best.ranking.items, best.ranking.item_shares(), strict=True))
        known = [item for item in umbrella.items if item in self._knowledge.items]
        return sorted(known, key=lambda item: -shares.get(item, 0.0)) if len(known) > 1 else []

    def _inherited(self, question: Question, best: Best) -> Facet:
        """Give the facet: of the question, or of the one before when only another item was named ("那护照呢")."""
        context = question.context
        if best.item == context.item and self.tells_circumstances(best, question):
            going_on = question.regions or context.facet in {Facet.ELIGIBILITY, Facet.DEFERRAL}
            return context.facet if going_on and context.facet else Facet.ELIGIBILITY
        sure = max((share for name, share in question.intents.items() if name.startswith("ask_")), default=0.0)
        nothing = asks_nothing(best.text) and sure < self._thresholds.facet
        named_only = (nothing or best.facet is Facet.OVERVIEW) and len(question.text) <= self._thresholds.ellipsis_length
        if named_only and len({option.item for option in context.options}) > 1:
            return context.options[0].facet
        if named_only and context.item is None and context.facet:
            return context.facet
        moved = context.item and context.item != best.item and context.facet
        if named_only and moved and (corrected(question.text) or follows(question.text)):
            return context.facet or best.facet
        return Facet.OVERVIEW if named_only else best.facet

    def _meant(self, facet: Facet, question: Question, best: Best, at: datetime) -> Facet:
        """Give the facet that is meant: what a benefit pays, where nothing has to be paid; what to do without a paper."""
        if facet is Facet.OVERVIEW and best.item == question.context.item and lacks_something(question.text):
            return Facet.DEFERRAL
        item = self._knowledge.items.get(best.item)  # none for what belongs to no item
        if facet is not Facet.FEE or asks_paying(question.text) or item is None or item.type != BENEFIT:
            return facet
        fee = self._knowledge.facet(best.item, Facet.FEE, PROVINCE, at)
        return facet if fee is None or getattr(fee.content, "charged", True) else Facet.RESULT
