"""Whether an FAQ answers a question better than the guide does."""

from __future__ import annotations

from collections.abc import Iterable

from numpy import float32
from numpy.typing import NDArray

from knowledge_base.content import PROVINCE, Faq
from knowledge_base.ranking import PairIndex, Ranking
from knowledge_base.search import Decision, SearchIndex, SearchRow, Verdict
from knowledge_base.snapshot import Snapshot
from knowledge_base.thresholds import Thresholds
from language import Encoder, ancestors
from qinwen.vocabulary import Facet


class FaqMatch:
    """The search over all FAQs, kept in step with the snapshot.

    Args:
        knowledge: the snapshot.
        encoder: the encoder of its vectors, or None.
        thresholds: how near is near enough.
        still: an index that is there already and does not change; then what was decided last is remembered.
    """

    def __init__(
        self, knowledge: Snapshot, encoder: Encoder | None, thresholds: Thresholds, still: SearchIndex | None = None
    ) -> None:
        self._knowledge, self._thresholds = knowledge, thresholds
        self._search = still or SearchIndex(encoder)
        self._still = still is not None
        self._last: tuple[str, NDArray[float32] | None, Decision] | None = None

    def update(self, owners: Iterable[str]) -> None:
        """Take over the rows of changed entries."""
        changed = [owner for owner in owners if owner.startswith("faq:")]
        if changed:
            self._search.update({owner: self._rows(owner) for owner in changed})

    def branch(self, knowledge: Snapshot, owner: str | None) -> FaqMatch:
        """Give a search that stands still; one owner's rows are those of another snapshot."""
        changes = {}
        if owner and owner.startswith("faq:"):
            held = knowledge.rows.get(owner)
            wordings = held.wordings if held else ()
            changes = {owner: ([SearchRow(owner, w.kind, w.text) for w in wordings], held.vectors if held else None)}
        return FaqMatch(knowledge, None, self._thresholds, self._search.branch(changes))

    @property
    def answer_from(self) -> float:
        """The least probability from which an FAQ answers."""
        return self._search.answer_from

    def decide(self, text: str, vector: NDArray[float32] | None) -> Decision:
        """Search the FAQs."""
        if self._last and self._last[0] == text and self._last[1] is vector:
            return self._last[2]
        decision = self._search.decide(text, vector)
        if self._still:
            self._last = (text, vector, decision)
        return decision

    def look_ahead(self, vectors: NDArray[float32]) -> None:
        """Score questions that will be asked one by one."""
        self._search.look_ahead(vectors)

    def is_same(self, decision: Decision, index: PairIndex, ranking: Ranking) -> bool:
        """Tell whether the question is one of the first FAQ's wordings, or as good as."""
        if decision.verdict is not Verdict.ANSWERED:
            return False
        return index.nearest_wording(ranking, decision.candidates[0].entry) >= self._thresholds.faq_same

    def beats_guide(
        self, decision: Decision, faq: Faq, index: PairIndex, ranking: Ranking, asked: tuple[str, Facet, float]
    ) -> bool:
        """Tell whether the first FAQ answers better than the guide of the item.

        Args:
            decision: of `decide`.
            faq: the first candidate.
            index: where likenesses are looked up.
            ranking: of the question.
            asked: the likeliest item, the asked facet, and how sure that facet is.
        """
        item, facet, sure = asked
        if decision.verdict is not Verdict.ANSWERED or (faq.item or "") != item:
            return False
        nearest = index.nearest_wording(ranking, decision.candidates[0].entry)
        if item and nearest < index.nearest_asked(ranking, item, facet) + self._thresholds.faq_margin:
            return False
        return faq.facet in (None, facet) or sure < self._thresholds.facet or nearest >= self._thresholds.faq_same

    def _rows(self, owner: str) -> tuple[list[SearchRow], NDArray[float32] | None]:
        rows = self._knowledge.rows.get(owner)
        if rows is None:
            return [], None
        return [SearchRow(owner, w.kind, w.text) for w in rows.wordings], rows.vectors


def holds_in(faq: Faq, region: str | None) -> bool:
    """Tell whether an FAQ holds for a region: it is the whole province's, the region's own, or its parent's."""
    parents = {parent.code for parent in ancestors(region)} if region else set()
    return faq.region in {PROVINCE, region} | parents
