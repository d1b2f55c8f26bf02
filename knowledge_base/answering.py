"""From a question to an answer: the asked facet of the right item in the citizen's region, with its source.

`Answerer.answer` reads top to bottom: a choice taken up, a region named, then ranking, then one of: answer, clarify,
not found. It reads only the snapshot and writes nothing. Called by the actions and by `qinwen kb search`.
"""

from __future__ import annotations

import copy
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge_base import rendering
from knowledge_base.choices import chosen_option, clarifying_options, facet_options, region_options
from knowledge_base.content import PROVINCE, Faq, Item
from knowledge_base.faq_match import FaqMatch, holds_in
from knowledge_base.following import (
    asks_nothing,
    asks_paying,
    corrected,
    follows,
    lacks_something,
    moves_on,
    names_several,
    says_only_region,
    says_what_is_meant,
    tells_of_oneself,
)
from knowledge_base.glossary import load_glossary
from knowledge_base.negatives import Negative, matching_negatives
from knowledge_base.outside import OUTSIDE, other_place
from knowledge_base.questions import Answer, Context, Option, Question
from knowledge_base.ranked_rows import FACETS
from knowledge_base.ranking import BARE, NAMED, PairIndex, Ranking, load_weights
from knowledge_base.ranking_beside import GrownPairIndex
from knowledge_base.scope import scope_probability, scope_signals
from knowledge_base.search import Decision
from knowledge_base.search.growing import Growing, Standing
from knowledge_base.snapshot import Rows, Snapshot, Version
from knowledge_base.thresholds import Thresholds, load_thresholds
from knowledge_base.umbrella import opens_with, umbrella_of
from language import Encoder
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Facet, Outcome

BENEFIT = "行政给付"
# Half of what people tell of themselves sounds like a complaint; a real one is believed more.
_SURE_COMPLAINT = 0.7
Owned: TypeAlias = tuple[str, Rows]


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


@dataclass(frozen=True)
class Inspection:
    """What led to an answer: the index asked, its ranking, the FAQ search, the probability it must reach, the answer."""

    index: PairIndex
    best: Best
    decision: Decision
    answer_from: float
    answer: Answer
    negatives: tuple[Negative, ...] = ()


class Answerer:
    """Answers questions from a snapshot; keeps the index in step with it.

    Args:
        knowledge: the snapshot.
        encoder: makes the vector of a question that comes without one; None searches by characters only.
    """

    def __init__(self, knowledge: Snapshot, encoder: Encoder | None) -> None:
        self._knowledge = knowledge
        self._encoder = encoder
        self._thresholds: Thresholds = load_thresholds()
        self._lock = threading.Lock()
        self._pairs: Growing[Owned, PairIndex] | Standing[Owned, PairIndex] = Growing(
            lambda held: PairIndex([*held.values()], encoder), GrownPairIndex, lambda pair: len(pair[1].wordings)
        )
        self._faqs = FaqMatch(knowledge, encoder, self._thresholds)
        self._owners: dict[str, set[str]] = defaultdict(set)
        self._seen = -1

    def answer(self, question: Question) -> Answer:
        """Answer a question."""
        index = self._fresh_index()
        if index is None:
            return Answer(Outcome.NOT_FOUND, (Reply("text", "知识库还是空的，暂时答不了。请打 12345 咨询。"),))
        at = self._knowledge.clock()
        context = self._known(question.context)
        question = replace(question, context=context)
        option = chosen_option(question.text, context.options)
        if option:
            return self._answer_facet(option.item, option.facet, option.region or _region(question), at)
        if question.regions and context.item and says_only_region(corrected(question.text) or question.text):
            return self._answer_facet(context.item, context.facet or Facet.OVERVIEW, question.regions[-1], at)
        return self._answer_ranked(index, self._followed(self._rank(index, question), question), question, at)

    def _followed(self, best: Best, question: Question) -> Best:
        """Stay with the conversation's item where few words point to nothing else clearly ("要钱吗", "榆林在哪交")."""
        context, limits = question.context, self._thresholds
        unclear = best.share < limits.item and len(question.text) <= limits.ellipsis_length
        unclear = unclear or (best.share < limits.item_short and self._tells_circumstances(best, question))
        if not context.item or best.item == context.item or not unclear or context.item not in best.ranking.items:
            return best
        by_facet = best.ranking.pairs.sum(axis=0)
        facet = int(by_facet.argmax())
        return replace(best, item=context.item, share=1.0, facet=FACETS[facet], facet_share=float(by_facet[facet]))

    def _tells_circumstances(self, best: Best, question: Question) -> bool:
        """Tell whether somebody asked nothing more, and tells how things are with them: may they then, is what they mean."""
        context, named = question.context, best.ranking.signals[:, 0, NAMED].max() > 0
        told = tells_of_oneself(best.text) and len(best.text) <= self._thresholds.ellipsis_length
        likeliest, belief = max(question.intents.items(), key=lambda pair: pair[1], default=("", 0.0))
        strange = likeliest in {"out_of_scope", "small_talk"} or (likeliest == "complain" and belief >= _SURE_COMPLAINT)
        alone = {option.item for option in context.options} <= {context.item}
        return bool(context.item and told and alone and not named and not strange and corrected(question.text) is None)

    def _answer_ranked(self, index: PairIndex, best: Best, question: Question, at: datetime) -> Answer:
        context = question.context
        if by_words := self._answer_by_words(best, question):
            return by_words
        decision = self._faqs.decide(best.text, best.vector)
        faq = self._live_faq(decision, _region(question), at, best.negatives)
        if faq and self._faqs.is_same(decision, index, best.ranking):
            return self._answer_faq(faq, best, question)
        expected = best.item == context.item or any(best.item == option.item for option in context.options)
        told = expected and self._tells_circumstances(best, question)
        if not told and best.scope < (self._thresholds.scope_expected if expected else self._thresholds.scope):
            return self._not_found(best, question)
        if best.item == BARE:
            return self._ask_item(best, question)
        if best.item == OUTSIDE:
            return self._not_found(best, question)
        rivals = self._rivals(best)
        if len(rivals) > 1 and context.item in rivals:
            rivals, best = [context.item], replace(best, item=context.item)
        if len(rivals) > 1:
            return self._clarify(rivals, best, question)
        best = replace(best, facet=self._meant(self._inherited(question, best), question, best, at))
        asked = (best.item, best.facet, best.facet_share)
        if faq and self._faqs.beats_guide(decision, _content(faq), index, best.ranking, asked):
            return self._answer_faq(faq, best, question)
        if best.item == "":
            return self._not_found(best, question)
        return self._answer_facet(best.item, best.facet, _region(question), at, best.share * best.scope)

    @property
    def knowledge(self) -> Snapshot:
        """What is answered from."""
        return self._knowledge

    def inspect(self, question: Question) -> Inspection | None:
        """Answer a question and show what led to it; None where there is nothing to answer from."""
        index = self._fresh_index()
        if index is None:
            return None
        question = replace(question, context=self._known(question.context))
        best = self._followed(self._rank(index, question), question)
        decision = self._faqs.decide(best.text, best.vector)
        return Inspection(index, best, decision, self._faqs.answer_from, self.answer(question), best.negatives)

    def branch(self, version: Version | None = None, rows: Rows | None = None) -> Answerer:
        """Give an answerer that stands still, and that knows one entry differently: what a draft would change.

        Args:
            version: the entry as it would be, holding now; None for all as it is.
            rows: what it would be found by.
        """
        self._fresh_index()
        assert isinstance(self._pairs, Growing)
        still = self._knowledge.replace(version, rows)
        twin = copy.copy(self).moved_to(still)
        changes = {version.entry: twin.owned(version.entry)} if version else {}
        return twin.moved_to(still, self._pairs.branch(changes), self._faqs.branch(still, version.entry if version else None))

    def look_ahead(self, vectors: NDArray[np.float32]) -> None:
        """Prepare for questions with these vectors, float32 [n, d], that are asked next; for one that stands still."""
        if len(vectors):
            self._pairs.ready.look_ahead(vectors)
            self._faqs.look_ahead(vectors)

    def moved_to(
        self, still: Snapshot, pairs: Standing[Owned, PairIndex] | None = None, faqs: FaqMatch | None = None
    ) -> Answerer:
        """Answer from a snapshot that stands still from now on; for `branch` alone."""
        self._knowledge, self._seen = still, still.generation
        self._lock, self._owners = threading.Lock(), defaultdict(set)
        self._pairs, self._faqs = pairs or self._pairs, faqs or self._faqs
        return self

    def answer_about(self, item: str, facet: Facet, region: str | None) -> Answer:
        """Answer a facet of an item, for instance once more."""
        self._fresh_index()
        if item not in self._knowledge.items:
            words = "刚才说的那件事已经不在知识库里了。您想问什么，重新说一遍吧。"
            return Answer(Outcome.NOT_FOUND, (Reply("text", words),))
        return self._answer_facet(item, facet, region, self._knowledge.clock())

    def warm_up(self) -> None:
        """Load the knowledge and answer one question, so that the first citizen does not wait for it."""
        if self._fresh_index() is not None:
            self.answer(Question("身份证怎么办"))

    def explain_terms(self, text: str) -> list[tuple[str, str]]:
        """Give the office terms in a text with their plain meaning."""
        return [(term, plain) for term, plain in load_glossary().items() if term in text][:4]

    def _known(self, context: Context) -> Context:
        """Leave out of a context what is no longer in the knowledge base."""
        items = self._knowledge.items
        options = tuple(option for option in context.options if option.item in items)
        return replace(context, item=context.item if context.item in items else None, options=options)

    def _fresh_index(self) -> PairIndex | None:
        with self._lock:
            self._knowledge.refresh()
            generation = self._knowledge.generation
            changed = self._knowledge.changed_since(self._seen)
            if changed:
                self._seen = generation
                self._faqs.update(changed)
                # An item that comes or goes takes its guides with it.
                for code in [owner.removeprefix("item:") for owner in changed if owner.startswith("item:")]:
                    changed |= self._owners.get(code, set())
                assert isinstance(self._pairs, Growing)
                self._pairs.update({owner: self.owned(owner) for owner in changed})
            return self._pairs.ready if self._pairs.held else None

    def owned(self, owner: str) -> tuple[str, Rows] | None:
        """Give an owner's item ("" for none) and its rows, or None where it has nothing to be found by now."""
        rows = self._knowledge.rows.get(owner)
        kind, _, rest = owner.partition(":")
        if rows is None:
            return None
        if kind == "item":
            return rest, rows
        version = self._knowledge.version(owner, self._knowledge.clock())
        item = (version.content.item or "") if version and not isinstance(version.content, Item) else ""
        if item:
            self._owners[item].add(owner)
        if item not in self._knowledge.items:
            # A guide without its item has nothing to answer; an FAQ stands for itself.
            return ("", rows) if kind == "faq" else None
        return item, rows

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

    def _rivals(self, best: Best) -> list[str]:
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

    def _answer_by_words(self, best: Best, question: Question) -> Answer | None:
        """Answer what the words alone decide: a word that stands for several items, another province's affairs."""
        if shared := self._under_umbrella(best, question):
            return self._clarify(shared, best, question)
        place = other_place(best.text, best.item)
        return _elsewhere(place, best) if place else None

    def _under_umbrella(self, best: Best, question: Question) -> list[str]:
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

    def _ask_item(self, best: Best, question: Question) -> Answer:
        """Ask which item a question without one is about; the facet is kept for the answer."""
        words = f"您问的是哪件事的「{best.facet.label}」？告诉我要办什么就行，比如「身份证」「居住证」「公积金提取」。"
        if best.facet is Facet.OVERVIEW:
            words = "您要办的是哪件事？说个大概就行，比如「补身份证」「给孩子上户口」「取公积金」。"
        reply = (Reply("text", words),)
        return Answer(Outcome.ASK_SLOT, reply, None, best.facet, _region(question), confidence=best.share)

    def _inherited(self, question: Question, best: Best) -> Facet:
        """Give the facet: of the question, or of the one before when only another item was named ("那护照呢")."""
        context = question.context
        if best.item == context.item and self._tells_circumstances(best, question):
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

    def _answer_facet(self, item: str, facet: Facet, region: str | None, at: datetime, confidence: float = 1.0) -> Answer:
        found = self._knowledge.facet(item, facet, region or PROVINCE, at)
        if found is None:
            names = self._knowledge.items[item].everyday_name
            words = f"「{names}」的这一项我这里还没有内容，请打 12345 或到窗口问一下。"
            return Answer(Outcome.NOT_FOUND, (Reply("text", words),), item, facet, region)
        general = self._knowledge.facet(item, facet, PROVINCE, at) if found.region != PROVINCE else None
        replies = [rendering.facet_card(found, general)]
        options: list[Option] = []
        if facet is Facet.OVERVIEW:
            options = facet_options(found.item, region)
            replies.append(_choices("想知道哪一样？点一下，或者直接问我：", options))
        elif region is None and (own := self._knowledge.regions_with_own(item, facet, at)):
            options = region_options(found.item, facet, own)
            replies.append(_choices("各地不太一样。您在哪个市？告诉我，我给您当地的：", options))
        return Answer(Outcome.ANSWERED, tuple(replies), item, facet, region, tuple(options), confidence)

    def _live_faq(self, decision: Decision, region: str | None, at: datetime, negatives: Sequence[Negative]) -> Version | None:
        """Give the first FAQ of a search if it is valid now, holds for the region and may answer the question."""
        if not decision.candidates or any(one.entry == decision.candidates[0].entry for one in negatives):
            return None
        version = self._knowledge.version(decision.candidates[0].entry, at)
        return version if version and holds_in(_content(version), region) else None

    def _answer_faq(self, version: Version, best: Best, question: Question) -> Answer:
        faq = _content(version)
        facet = faq.facet or (best.facet if faq.item else None)
        card = rendering.faq_card(faq, version)
        return Answer(Outcome.ANSWERED, (card,), faq.item, facet, _region(question), (), best.scope)

    def _clarify(self, rivals: Sequence[str], best: Best, question: Question) -> Answer:
        items = [self._knowledge.items[code] for code in rivals]
        options = clarifying_options(items, best.facet, _region(question))
        reply = _choices("您说的是哪一件？点一下就行，也可以回数字：", options)
        facet = best.facet if best.facet_share >= self._thresholds.facet else None
        return Answer(Outcome.CLARIFY, (reply,), None, facet, _region(question), tuple(options), best.share)

    def _not_found(self, best: Best, question: Question) -> Answer:
        shares = best.ranking.item_shares()
        outside = max(question.intents, key=lambda name: question.intents[name], default="") == "out_of_scope"
        outside = outside or (best.item == OUTSIDE and best.share >= self._thresholds.item_short)
        near = [best.ranking.items[n] for n in np.argsort(-shares)[:4] if best.ranking.items[n] in self._knowledge.items][:2]
        options = clarifying_options([self._knowledge.items[code] for code in near], Facet.OVERVIEW, None)
        if outside or not near:
            words = "这件事不归我管，我只懂政务服务怎么办。比如您可以问「身份证丢了怎么补」「公积金怎么提」。"
            return Answer(Outcome.REFUSED_OUT_OF_SCOPE, (Reply("text", words),), confidence=best.scope)
        words = "这个我还没有把握答对，不敢乱说。您看是不是想问下面这两件？都不是的话，可以打 12345，或者换个说法再问我。"
        return Answer(Outcome.NOT_FOUND, (_choices(words, options),), options=tuple(options), confidence=best.scope)


def _content(version: Version) -> Faq:
    assert isinstance(version.content, Faq)
    return version.content


def _elsewhere(place: str, best: Best) -> Answer:
    words = (
        f"我只知道陕西省的办法，{place}的规定和这里不一样，不敢替那边说。请打当地的 12345，或在国家政务服务平台上选{place}查。"
    )
    return Answer(Outcome.REFUSED_OUT_OF_SCOPE, (Reply("text", words),), confidence=best.scope)


def _region(question: Question) -> str | None:
    return question.regions[-1] if question.regions else question.context.region


def _choices(words: str, options: Sequence[Option]) -> Reply:
    return Reply("choices", words, tuple(Choice(option.title, option.value) for option in options))


__all__ = ["Answer", "Answerer", "Context", "Option", "Question", "says_what_is_meant"]
