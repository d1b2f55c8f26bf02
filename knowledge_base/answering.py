"""From a question to an answer: the asked facet of the right item in the citizen's region, with its source.

`Answerer.answer` reads top to bottom: a choice taken up, a region named, then ranking, then one of: answer, clarify,
not found. What the question is about, `judging` says; the words are made by `answer_words`. It reads only the snapshot and
writes nothing. Called by the actions and by `qinwen kb search`.
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

from knowledge_base.answer_words import AnswerWords, elsewhere, faq_of
from knowledge_base.choices import chosen_option
from knowledge_base.content import Faq, Item
from knowledge_base.faq_match import FaqMatch, holds_in
from knowledge_base.following import (
    corrected,
    says_only_region,
    says_what_is_meant,
)
from knowledge_base.glossary import load_glossary
from knowledge_base.judging import Best, Judge
from knowledge_base.negatives import Negative
from knowledge_base.outside import OUTSIDE, other_place
from knowledge_base.questions import Answer, Context, Option, Question
from knowledge_base.ranking import BARE, PairIndex
from knowledge_base.ranking_beside import GrownPairIndex
from knowledge_base.search import Decision
from knowledge_base.search.growing import Growing, Standing
from knowledge_base.snapshot import Rows, Snapshot, Version
from knowledge_base.thresholds import Thresholds, load_thresholds
from language import Encoder
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome

Owned: TypeAlias = tuple[str, Rows]


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
        self._judge = Judge(knowledge, encoder, self._thresholds)
        self._words = AnswerWords(knowledge, self._thresholds)
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
            return self._words.facet(option.item, option.facet, option.region or question.region, at)
        if question.regions and context.item and says_only_region(corrected(question.text) or question.text):
            return self._words.facet(context.item, context.facet or Facet.OVERVIEW, question.regions[-1], at)
        return self._answer_ranked(index, self._judge.judge(index, question), question, at)

    def _answer_ranked(self, index: PairIndex, best: Best, question: Question, at: datetime) -> Answer:
        context = question.context
        if by_words := self._answer_by_words(best, question):
            return by_words
        decision = self._faqs.decide(best.text, best.vector)
        faq = self._live_faq(decision, question.region, at, best.negatives)
        if faq and self._faqs.is_same(decision, index, best.ranking):
            return self._words.faq(faq, best, question)
        expected = best.item == context.item or any(best.item == option.item for option in context.options)
        told = expected and self._judge.tells_circumstances(best, question)
        if not told and best.scope < (self._thresholds.scope_expected if expected else self._thresholds.scope):
            return self._words.not_found(best, question)
        if best.item == BARE:
            return self._words.ask_item(best, question)
        if best.item == OUTSIDE:
            return self._words.not_found(best, question)
        rivals = self._judge.rivals(best)
        if len(rivals) > 1 and context.item in rivals:
            rivals, best = [context.item], replace(best, item=context.item)
        if len(rivals) > 1:
            return self._words.clarify(rivals, best, question)
        best = replace(best, facet=self._judge.facet(question, best, at))
        asked = (best.item, best.facet, best.facet_share)
        if faq and self._faqs.beats_guide(decision, faq_of(faq), index, best.ranking, asked):
            return self._words.faq(faq, best, question)
        if best.item == "":
            return self._words.not_found(best, question)
        return self._words.facet(best.item, best.facet, question.region, at, best.share * best.scope)

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
        best = self._judge.judge(index, question)
        decision = self._faqs.decide(best.text, best.vector)
        return Inspection(index, best, decision, self._faqs.answer_from, self.answer(question), best.negatives)

    def branch(self, version: Version | None = None, rows: Rows | None = None, beside: Answerer | None = None) -> Answerer:
        """Give an answerer that stands still, and that knows one entry differently: what a draft would change.

        Args:
            version: the entry as it would be, holding now; None for all as it is.
            rows: what it would be found by.
            beside: one that stands still already and is asked the same: the search of FAQs is shared, if they are the same.
        """
        self._fresh_index()
        assert isinstance(self._pairs, Growing)
        still = self._knowledge.replace(version, rows)
        twin = copy.copy(self).moved_to(still)
        changes = {version.entry: twin.owned(version.entry)} if version else {}
        if beside and version and not isinstance(version.content, Faq):
            return twin.moved_to(still, self._pairs.branch(changes), beside._faqs)  # noqa: SLF001 - of the same class
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
        self._judge = Judge(still, self._encoder, self._thresholds)
        self._words = AnswerWords(still, self._thresholds)
        self._lock, self._owners = threading.Lock(), defaultdict(set)
        self._pairs, self._faqs = pairs or self._pairs, faqs or self._faqs
        return self

    def answer_about(self, item: str, facet: Facet, region: str | None) -> Answer:
        """Answer a facet of an item, for instance once more."""
        self._fresh_index()
        if item not in self._knowledge.items:
            words = "刚才说的那件事已经不在知识库里了。您想问什么，重新说一遍吧。"
            return Answer(Outcome.NOT_FOUND, (Reply("text", words),))
        return self._words.facet(item, facet, region, self._knowledge.clock())

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

    def _answer_by_words(self, best: Best, question: Question) -> Answer | None:
        """Answer what the words alone decide: a word that stands for several items, another province's affairs."""
        if shared := self._judge.under_umbrella(best, question):
            return self._words.clarify(shared, best, question)
        place = other_place(best.text, best.item)
        return elsewhere(place, best) if place else None

    def _live_faq(self, decision: Decision, region: str | None, at: datetime, negatives: Sequence[Negative]) -> Version | None:
        """Give the first FAQ of a search if it is valid now, holds for the region and may answer the question."""
        if not decision.candidates or any(one.entry == decision.candidates[0].entry for one in negatives):
            return None
        version = self._knowledge.version(decision.candidates[0].entry, at)
        return version if version and holds_in(faq_of(version), region) else None


__all__ = ["Answer", "Answerer", "Context", "Option", "Question", "says_what_is_meant"]
