"""Which item and which facet a question is about: one score for each pair of them.

A pair's score is a weighted sum of likenesses: of the question to the item's names, to everything known of the item, to
the wordings of exactly this facet, by sentence vectors and by characters; of names contained in the question; and what the
intent classifier says of the facet. The weights are fitted (`bench/fit_ranking.py`) as a conditional logit, on the seeds'
own wordings, left out fold by fold, so that the soft maximum of the scores is a probability. They are data:
`data/ranking.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge_base.outside import OUTSIDE, outside_rows
from knowledge_base.ranked_rows import FACETS, RankedRow, RankedRows
from knowledge_base.search.ahead import Ahead
from knowledge_base.search.growing import SMALL
from knowledge_base.search.lexical import LexicalIndex, letters
from knowledge_base.search.row_vectors import RowVectors
from knowledge_base.search.sketch import Sketch, means_of
from knowledge_base.snapshot import Rows
from knowledge_base.wordings import Wording
from language import Encoder
from language.encode import unit
from qinwen.vocabulary import Facet

Floats = NDArray[np.float32]
BARE = "*"
"""Stands for the item of a question that names none ("那要多少钱")."""
SIGNALS = ("dense_item", "dense_name", "dense_facet", "row_item", "row_facet", "item_text", "name_inside", "intent")
NAMED = SIGNALS.index("name_inside")
NOTHING = -1.0
# All signals but the intent's, where nothing is alike.
_NO_SIGNALS = np.array([NOTHING, NOTHING, NOTHING, 0, 0, 0, 0], dtype=np.float32)


@dataclass(frozen=True)
class Weights:
    """One weight a signal, and what the confidence is computed from; see `data/ranking.json`."""

    signals: Mapping[str, float]
    scope: Mapping[str, float]

    def vector(self) -> Floats:
        """Give the weights in the order of `SIGNALS`."""
        return np.array([self.signals[name] for name in SIGNALS], dtype=np.float32)


@cache
def load_weights() -> dict[str, Weights]:
    """Read the fitted weights: `dense` for when there are sentence vectors, `lexical` for when there are none."""
    data: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "ranking.json").read_text(encoding="utf-8"))
    return {name: Weights(part["signals"], part["scope"]) for name, part in data["weights"].items()}


def bare_rows(encoder: Encoder | None) -> list[tuple[str, Rows]]:
    """Give the wordings that name no item (`data/bare_questions.yml`), as rows of the item `BARE`."""
    path = Path(__file__).parent / "data" / "bare_questions.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    wordings = tuple(Wording("wording", text, Facet(facet)) for facet, texts in data.items() for text in texts)
    vectors = encoder.encode([w.text for w in wordings], "question") if encoder else None
    return [(BARE, Rows(BARE, wordings, vectors))]


@dataclass(frozen=True)
class Ranking:
    """All pairs' probabilities for one question.

    Attributes:
        items: the items, in the order of the first axis.
        pairs: float32 [items, facets], summing to one.
        signals: float32 [items, facets, signals], for explaining.
        rows: float32 [rows], each row's likeness to the question.
    """

    items: Sequence[str]
    pairs: Floats
    signals: Floats
    rows: Floats

    def item_shares(self) -> Floats:
        """Give each item's probability, float32 [items]."""
        return np.asarray(self.pairs.sum(axis=1))


class _Groups:
    """Rows sorted into groups once, so that each group's best score is one pass (a tenth of `np.maximum.at`)."""

    def __init__(self, groups: NDArray[np.int64], rows: NDArray[np.int64], count: int) -> None:
        order = np.argsort(groups, kind="stable")
        self._rows = rows[order]
        self._present, self._starts = np.unique(groups[order], return_index=True)
        self._count = count

    def best(self, scores: Floats) -> Floats:
        """Give the best score of each group, float32 [groups]; -1 for a group without rows."""
        best = np.full(self._count, NOTHING, dtype=np.float32)
        if len(self._rows):
            best[self._present] = np.maximum(np.maximum.reduceat(scores[self._rows], self._starts), NOTHING)
        return best

    def rows_of(self, group: int) -> NDArray[np.int64]:
        """Give the rows of one group."""
        place = int(np.searchsorted(self._present, group))
        if place == len(self._present) or self._present[place] != group:
            return np.zeros(0, dtype=np.int64)
        end = self._starts[place + 1] if place + 1 < len(self._starts) else len(self._rows)
        return np.asarray(self._rows[self._starts[place] : end], dtype=np.int64)


class PairIndex:
    """The rows of all items, guides and FAQs, ready to be compared with a question. Built anew when knowledge changes.

    Args:
        owned: the rows with the item that each belongs to; `Rows.vectors` may be missing.
        encoder: the encoder that made the vectors; each of its parts is centred by itself.
        small: up to how many rows all vectors are compared exactly; more are sketched first.
    """

    def __init__(self, owned: Sequence[tuple[str, Rows]], encoder: Encoder | None, small: int = SMALL) -> None:
        ordered = sorted([*owned, *bare_rows(encoder), *outside_rows(encoder, owned)], key=lambda pair: pair[0])
        rows = RankedRows(ordered)
        self.rows: Sequence[RankedRow] = rows
        self._spans = rows.spans
        self.items = rows.items
        self._item_of, self._facet_of, self._is_name, self._is_faq = rows.item_of, rows.facet_of, rows.is_name, rows.is_faq
        everywhere, with_facet = np.arange(len(rows)), np.flatnonzero(self._facet_of >= 0)
        pair_of = self._item_of * len(FACETS) + self._facet_of
        self._items = _Groups(self._item_of, everywhere, len(self.items))
        self._pairs = _Groups(pair_of[with_facet], with_facet, len(self.items) * len(FACETS))
        self._blocks = encoder.blocks if encoder else ()
        self._centre: Floats | None = None
        self._vectors: Floats | None = None
        self._sketch: Sketch | None = None
        self._ahead: Ahead[Floats] = Ahead()
        self._take_vectors(rows.vectors(sum(self._blocks)), small)
        texts = [letters(row.text) for row in rows]
        self._row_text = LexicalIndex(texts, ())
        by_item: dict[str, list[str]] = {item: [] for item in self.items}
        for number, text in zip(self._item_of.tolist(), texts, strict=True):
            by_item[self.items[number]].append(text)
        self._item_text = LexicalIndex(["\n".join(of_item) for of_item in by_item.values()], ())
        self._names = self._collect_names(rows, texts)
        self._longest_name = max(map(len, self._names), default=0)

    def _take_vectors(self, vectors: RowVectors | None, small: int) -> None:
        """Centre the rows' vectors; of very many, sketch them."""
        if vectors is None or not len(vectors):
            return
        if len(vectors) <= small:
            every = np.concatenate([chunk for _, chunk in vectors.chunks()])
            self._centre = every.mean(axis=0)
            self._vectors = self.centred(every)
            return
        shares = _shares(vectors.take(np.zeros(1, dtype=np.int64)), self._blocks)
        means = means_of(vectors, self._blocks)
        self._centre = np.concatenate([mean * np.float32(np.sqrt(share)) for mean, share in zip(means, shares, strict=True)])
        self._sketch = Sketch(vectors, self._blocks, shares, means, np.flatnonzero(self._is_name))

    def look_ahead(self, vectors: Floats) -> None:
        """Compare questions that will be asked one by one, float32 [n, d]."""
        if self._vectors is not None:
            asked = [self.centred(vector[None, :])[0] for vector in vectors]
            self._ahead.put(np.stack(asked), np.stack(asked) @ self._vectors.T)

    def likeness(self, asked: Floats) -> Floats:
        """Give how near each row's vector is to a centred question's, float32 [rows]."""
        if (known := self._ahead.get(asked)) is not None:
            return known
        if self._sketch is None:
            return np.zeros(len(self.rows), dtype=np.float32) if self._vectors is None else self._vectors @ asked
        parts = np.split(asked, np.cumsum(self._blocks)[:-1])
        shares = [float(np.square(part).sum()) for part in parts]
        scores = self._sketch.score([unit(part[None, :])[0] for part in parts])
        whole = sum((score * np.float32(share) for score, share in zip(scores, shares, strict=True)), np.float32(0))
        return np.asarray(whole, dtype=np.float32)

    @property
    def dense(self) -> bool:
        """Whether the rows have sentence vectors."""
        return self._centre is not None

    def rank(
        self,
        question: str,
        vector: Floats | None,
        facets: Mapping[Facet, float],
        *,
        prior: Floats | None = None,
        blocked: Iterable[tuple[str, Facet | None]] = (),
    ) -> Ranking:
        """Give each pair's probability.

        Args:
            question: the normalised question.
            vector: its sentence vector, float32 [d], or None.
            facets: the intent classifier's probabilities.
            blocked: items, or one of their facets, that must not answer this question: as if nothing spoke for them.
            prior: added to each item's score, float32 [items]: what the conversation is about.
        """
        signals, likeness = self.signals(question, vector, facets)
        for item, facet in blocked:
            if item in self.items:
                signals[self.items.index(item), slice(None) if facet is None else FACETS.index(facet), :7] = _NO_SIGNALS
        weights = load_weights()["dense" if vector is not None and self.dense else "lexical"]
        scores = signals @ weights.vector()
        if prior is not None:
            scores = scores + prior[:, None]
        scores = self._allowed(scores)
        scores = np.exp(scores - scores.max())
        return Ranking(self.items, np.asarray(scores / scores.sum(), dtype=np.float32), signals, likeness)

    def places_of(self, item: str) -> list[int]:
        """List the places of an item's rows."""
        return list(np.flatnonzero(self._item_of == self.items.index(item)).tolist())

    def nearest_wording(self, ranking: Ranking, owner: str) -> float:
        """Give the likeness of an FAQ's nearest wording to the question; -1 when it has none."""
        start, end = self._spans.get(owner, (0, 0))
        return float(ranking.rows[start:end].max(initial=NOTHING))

    def nearest_asked(self, ranking: Ranking, item: str, facet: Facet) -> float:
        """Give the likeness of the nearest wording of a guide's facet; -1 when it has none."""
        if item not in self.items:
            return NOTHING
        rows = self._pairs.rows_of(self.items.index(item) * len(FACETS) + FACETS.index(facet))
        return float(ranking.rows[rows[~self._is_faq[rows]]].max(initial=NOTHING))

    def signals(self, question: str, vector: Floats | None, facets: Mapping[Facet, float]) -> tuple[Floats, Floats]:
        """Give the signals of each pair, float32 [items, facets, signals], and each row's likeness, float32 [rows]."""
        text = letters(question)
        dense = np.zeros(len(self.rows), dtype=np.float32)
        if vector is not None and self.dense:
            dense = self.likeness(self.centred(vector[None, :])[0])
        by_row = self._row_text.reach(text)
        shape = (len(self.items), len(FACETS))
        signals = np.zeros((*shape, len(SIGNALS)), dtype=np.float32)
        signals[..., 0] = self._best_by_item(dense)[:, None]
        signals[..., 1] = self._best_by_item(np.where(self._is_name, dense, NOTHING))[:, None]
        signals[..., 2] = self._best_by_pair(dense)
        signals[..., 3] = self._best_by_item(by_row)[:, None]
        signals[..., 4] = self._best_by_pair(by_row)
        signals[..., 5] = self._item_text.reach(text)[:, None]
        signals[..., 6] = self._names_inside(text)[:, None]
        signals[..., 7] = np.log(np.array([facets.get(facet, 0.0) for facet in FACETS]) + 1e-3)[None, :]
        self._level_outside(signals)
        return signals, dense if self.dense and vector is not None else by_row

    def inside(self, signals: Floats) -> Floats:
        """Leave the matters out that no item covers, to see how near our own knowledge is."""
        return signals[[number for number, item in enumerate(self.items) if item != OUTSIDE]]

    def _level_outside(self, signals: Floats) -> None:
        """Take any facet of a matter that is not ours for as likely as the matter: it has names, and no wordings of facets."""
        if OUTSIDE in self.items:
            place = self.items.index(OUTSIDE)
            signals[place, :, 2], signals[place, :, 4] = signals[place, :, 0], signals[place, :, 3]

    def _allowed(self, scores: Floats) -> Floats:
        """Give the scores of the items that may win: all."""
        return scores

    def centred(self, vectors: Floats) -> Floats:
        """Take the rows' mean from vectors, part by part, each part then as long as the encoder weighs it."""
        assert self._centre is not None
        moved = vectors - self._centre
        start, parts = 0, []
        for width in self._blocks or (moved.shape[1],):
            part = moved[:, start : start + width]
            parts.append(part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6))
            start += width
        shares = np.sqrt(_shares(vectors, self._blocks))
        return np.asarray(np.concatenate([p * s for p, s in zip(parts, shares, strict=True)], axis=1), dtype=np.float32)

    def _best_by_item(self, scores: Floats) -> Floats:
        return self._items.best(scores)

    def _best_by_pair(self, scores: Floats) -> Floats:
        return self._pairs.best(scores).reshape(len(self.items), len(FACETS))

    def _collect_names(self, rows: RankedRows, texts: Sequence[str]) -> dict[str, set[int]]:
        names: dict[str, set[int]] = {}
        for number in np.flatnonzero(rows.is_naming).tolist():
            names.setdefault(texts[number], set()).add(int(self._item_of[number]))
        return names

    def _names_inside(self, text: str) -> Floats:
        found = np.zeros(len(self.items), dtype=np.float32)
        for name, owners in self._named_in(text):
            share = (len(name) / max(len(text), 6) + 0.3) / len(owners)
            for item in owners:
                found[item] = max(found[item], share)
        return found

    def names_of_others(self, text: str, item: str | None) -> list[str]:
        """List the names in a text that are other items' than the given one."""
        if item is None:
            return []
        found = self._named_in(letters(text))
        return [name for name, owners in found if all(self.items[n] not in {item, OUTSIDE} for n in owners)]

    def _named_in(self, text: str) -> Iterator[tuple[str, AbstractSet[int]]]:
        """Give the names of two signs or more that stand in a text, and whose they are."""
        if len(text) * self._longest_name > len(self._names):
            yield from ((name, owners) for name, owners in self._names.items() if len(name) > 1 and name in text)
            return
        for start in range(len(text) - 1):
            for end in range(start + 2, min(len(text), start + self._longest_name) + 1):
                if owners := self._names.get(text[start:end]):
                    yield text[start:end], owners


def _shares(vectors: Floats, blocks: Sequence[int]) -> list[float]:
    """Give each part's share of the squared length, as the encoder weighed it."""
    start, shares = 0, []
    for width in blocks or (vectors.shape[1],):
        shares.append(float(np.square(vectors[0, start : start + width]).sum()))
        start += width
    return shares
