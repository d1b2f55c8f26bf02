"""A big `PairIndex` with a small one's rows beside it: an edit is ranked at once, without building the whole anew.

How rare a character is, how long a row usually is and where the vectors' centre lies are the big one's, so the signals of
what did not change stay as they were, to the bit. `search.growing` decides when it is used.
"""

# ruff: noqa: SLF001  (the base index is one of its own kind)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from knowledge_base.ranked_rows import FACETS, NAMING, Joined, RankedRows
from knowledge_base.ranking import NOTHING, SIGNALS, Floats, PairIndex, Ranking
from knowledge_base.search.lexical import LexicalIndex, letters
from knowledge_base.snapshot import Rows
from qinwen.vocabulary import Facet

# Where so many wordings speak of one item, a few more or less move nothing, and counting them anew takes long.
_MOST_RECOUNTED = 5_000


class GrownPairIndex(PairIndex):
    """The rows of a base index and those of the owners that changed since.

    Args:
        base: the big one.
        changes: owner → its item and rows now, or None where it is gone.
    """

    def __init__(self, base: PairIndex, changes: Mapping[str, tuple[str, Rows] | None]) -> None:
        self._base = base
        self._gone = np.zeros(len(base.rows), dtype=bool)
        for owner in changes:
            start, end = base._spans.get(owner, (0, 0))
            self._gone[start:end] = True
        new = RankedRows([change for change in changes.values() if change is not None])
        known = {item: number for number, item in enumerate(base.items)}
        self.items = [*base.items, *(item for item in new.items if item not in known)]
        known = {item: number for number, item in enumerate(self.items)}
        self.rows = Joined(base.rows, new)
        of_new = np.array([known[item] for item in new.items], dtype=np.int64)
        self._new_item, self._new_facet = of_new[new.item_of], new.facet_of
        self._new_is_name, self._new_is_faq = new.is_name, new.is_faq
        self._blocks, self._centre = base._blocks, base._centre
        self._new_vectors = self._centre_new(new)
        texts = [letters(row.text) for row in new]
        self._new_text = LexicalIndex(texts, (), base._row_text)
        self._recount(texts)
        self._names, self._changed_names = base._names, self._rename(new, texts)
        self._longest_name = max([base._longest_name, *map(len, self._changed_names)])
        self._new_spans = new.spans
        present = np.zeros(len(self.items), dtype=bool)
        present[base._item_of[~self._gone]] = True
        present[self._new_item] = True
        self._absent = ~present

    @property
    def dense(self) -> bool:
        """Whether all rows have sentence vectors."""
        return self._base.dense and self._new_vectors is not None

    def signals(self, question: str, vector: Floats | None, facets: Mapping[Facet, float]) -> tuple[Floats, Floats]:
        """Give the signals of each pair and each row's likeness; see `PairIndex.signals`."""
        text, base = letters(question), self._base
        dense = np.zeros(len(self.rows), dtype=np.float32)
        if vector is not None and self._new_vectors is not None:
            asked = base.centred(vector[None, :])[0]
            dense = np.concatenate([base.likeness(asked), self._new_vectors @ asked])
        whole = self._new_text.weigh(text)
        by_row = np.concatenate([base._row_text.reach(text, whole), self._new_text.reach(text, whole)])
        for scores in (dense, by_row):
            scores[: len(self._gone)][self._gone] = NOTHING
        signals = np.zeros((len(self.items), len(FACETS), len(SIGNALS)), dtype=np.float32)
        is_name = np.concatenate([base._is_name, self._new_is_name])
        signals[..., 0] = self._best_by_item(dense)[:, None]
        signals[..., 1] = self._best_by_item(np.where(is_name, dense, NOTHING))[:, None]
        signals[..., 2] = self._best_by_pair(dense)
        signals[..., 3] = self._best_by_item(by_row)[:, None]
        signals[..., 4] = self._best_by_pair(by_row)
        signals[..., 5] = self._item_scores(text)[:, None]
        signals[..., 6] = self._names_inside(text)[:, None]
        signals[..., 7] = np.log(np.array([facets.get(facet, 0.0) for facet in FACETS]) + 1e-3)[None, :]
        self._level_outside(signals)
        return signals, dense if self.dense and vector is not None else by_row

    def look_ahead(self, vectors: Floats) -> None:
        """Compare questions that will be asked one by one, with the base's rows."""
        self._base.look_ahead(vectors)

    def places_of(self, item: str) -> list[int]:
        """List the places of an item's rows."""
        number, old = self.items.index(item), len(self._base.rows)
        kept = np.flatnonzero((self._base._item_of == number) & ~self._gone)
        return [*kept.tolist(), *(np.flatnonzero(self._new_item == number) + old).tolist()]

    def nearest_wording(self, ranking: Ranking, owner: str) -> float:
        """Give the likeness of an FAQ's nearest wording to the question; -1 when it has none."""
        start, end = self._new_spans.get(owner, (0, 0))
        old = len(self._base.rows)
        return max(
            self._base.nearest_wording(ranking, owner), float(ranking.rows[old + start : old + end].max(initial=NOTHING))
        )

    def nearest_asked(self, ranking: Ranking, item: str, facet: Facet) -> float:
        """Give the likeness of the nearest wording of a guide's facet; -1 when it has none."""
        if item not in self.items:
            return NOTHING
        old, number = len(self._base.rows), self.items.index(item)
        own = (self._new_item == number) & (self._new_facet == FACETS.index(facet)) & ~self._new_is_faq
        beside = ranking.rows[old:][own].max(initial=NOTHING)
        return max(self._base.nearest_asked(ranking, item, facet), float(beside))

    def _allowed(self, scores: Floats) -> Floats:
        scores[self._absent] = -np.inf
        return scores

    def _best_by_item(self, scores: Floats) -> Floats:
        old = len(self._base.rows)
        best = np.full(len(self.items), NOTHING, dtype=np.float32)
        best[: len(self._base.items)] = self._base._best_by_item(scores[:old])
        np.maximum.at(best, self._new_item, scores[old:])
        return best

    def _best_by_pair(self, scores: Floats) -> Floats:
        old = len(self._base.rows)
        best = np.full((len(self.items), len(FACETS)), NOTHING, dtype=np.float32)
        best[: len(self._base.items)] = self._base._best_by_pair(scores[:old])
        asked = self._new_facet >= 0
        np.maximum.at(best, (self._new_item[asked], self._new_facet[asked]), scores[old:][asked])
        return best

    def _centre_new(self, new: RankedRows) -> Floats | None:
        if not self._base.dense:
            return None
        width = sum(self._blocks)
        vectors = new.vectors(width)
        if vectors is None:
            return None
        every = [chunk for _, chunk in vectors.chunks()]
        return self._base.centred(np.concatenate(every)) if every else np.zeros((0, width), dtype=np.float32)

    def _recount(self, texts: Sequence[str]) -> None:
        """Make the texts of the items that changed anew."""
        of_base = self._base._item_of
        touched = {int(number) for number in of_base[self._gone]} | set(self._new_item.tolist())
        added: dict[int, list[str]] = {number: [] for number in touched}
        for number, text in zip(self._new_item.tolist(), texts, strict=True):
            added[number].append(text)
        self._recounted: list[int] = []
        whole = []
        for number in sorted(touched):
            kept: NDArray[np.int64] = np.flatnonzero((of_base == number) & ~self._gone)
            if len(kept) > _MOST_RECOUNTED:
                continue
            self._recounted.append(number)
            whole.append("\n".join([*(letters(self._base.rows[n].text) for n in kept.tolist()), *added[number]]))
        self._new_item_text = LexicalIndex(whole, (), self._base._item_text)

    def _item_scores(self, text: str) -> Floats:
        scores = np.zeros(len(self.items), dtype=np.float32)
        whole = self._new_item_text.weigh(text)
        scores[: len(self._base.items)] = self._base._item_text.reach(text, whole)
        scores[self._recounted] = self._new_item_text.reach(text, whole)
        return scores

    def _rename(self, new: RankedRows, texts: Sequence[str]) -> dict[str, set[int]]:
        """Give the names whose owners changed, with those who have them now."""
        changed: dict[str, set[int]] = {}
        for number in np.flatnonzero(self._gone).tolist():
            row = self._base.rows[number]
            if row.kind in NAMING:
                name = letters(row.text)
                changed.setdefault(name, set(self._base._names[name])).discard(int(self._base._item_of[number]))
        for number in np.flatnonzero(new.is_naming).tolist():
            name = texts[number]
            changed.setdefault(name, set(self._base._names.get(name, ()))).add(int(self._new_item[number]))
        return changed

    def _named_in(self, text: str) -> Iterator[tuple[str, AbstractSet[int]]]:
        yield from ((name, owners) for name, owners in super()._named_in(text) if name not in self._changed_names)
        for name, owners in self._changed_names.items():
            if owners and len(name) > 1 and name in text:
                yield name, owners
