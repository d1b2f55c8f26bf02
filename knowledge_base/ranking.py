"""Which item and which facet a question is about: one score for each pair of them.

A pair's score is a weighted sum of likenesses: of the question to the item's names, to everything known of the item, to
the wordings of exactly this facet, by sentence vectors and by characters; of names contained in the question; and what the
intent classifier says of the facet. The weights are fitted (`bench/fit_ranking.py`) as a conditional logit, on the seeds'
own wordings, left out fold by fold, so that the soft maximum of the scores is a probability. They are data:
`data/ranking.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge_base.outside import OUTSIDE, outside_rows
from knowledge_base.search.lexical import LexicalIndex, letters
from knowledge_base.snapshot import Rows
from knowledge_base.wordings import Wording
from language import Encoder
from qinwen.vocabulary import Facet

Floats = NDArray[np.float32]
FACETS = tuple(Facet)
BARE = "*"
"""Stands for the item of a question that names none ("那要多少钱")."""
SIGNALS = ("dense_item", "dense_name", "dense_facet", "row_item", "row_facet", "item_text", "name_inside", "intent")
NAMED = SIGNALS.index("name_inside")
NAMES = frozenset({"name", "alias", "wording"})
NOTHING = -1.0


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
class RankedRow:
    """A row of knowledge as it is ranked: which item and facet it speaks of, and of which entry it is."""

    item: str
    facet: Facet | None
    owner: str
    kind: str
    text: str


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


class PairIndex:
    """The rows of all items, guides and FAQs, ready to be compared with a question. Built anew when knowledge changes.

    Args:
        owned: the rows with the item that each belongs to; `Rows.vectors` may be missing.
        encoder: the encoder that made the vectors; each of its parts is centred by itself.
    """

    def __init__(self, owned: Sequence[tuple[str, Rows]], encoder: Encoder | None) -> None:
        ordered = sorted([*owned, *bare_rows(encoder), *outside_rows(encoder, owned)], key=lambda pair: pair[0])
        self._spans: dict[str, tuple[int, int]] = {}
        self.items = list(dict.fromkeys(item for item, _ in ordered))
        self.rows: list[RankedRow] = []
        vectors = []
        for item, rows in ordered:
            found, used = ranked_rows(item, rows)
            self._spans[rows.owner] = len(self.rows), len(self.rows) + len(found)
            self.rows += found
            if rows.vectors is not None:
                vectors.append(rows.vectors[used])
        place = {item: number for number, item in enumerate(self.items)}
        self._item_of = np.array([place[row.item] for row in self.rows], dtype=np.int64)
        facet_place = {facet: number for number, facet in enumerate(FACETS)}
        self._facet_of = np.array([-1 if r.facet is None else facet_place[r.facet] for r in self.rows], dtype=np.int64)
        everywhere, with_facet = np.arange(len(self.rows)), np.flatnonzero(self._facet_of >= 0)
        pair_of = self._item_of * len(FACETS) + self._facet_of
        self._items = _Groups(self._item_of, everywhere, len(self.items))
        self._pairs = _Groups(pair_of[with_facet], with_facet, len(self.items) * len(FACETS))
        self._is_name = np.array([row.kind in NAMES for row in self.rows])
        self._centre: Floats | None = None
        self._vectors: Floats | None = None
        self._blocks = encoder.blocks if encoder else ()
        if vectors and sum(len(v) for v in vectors) == len(self.rows):
            every = np.concatenate(vectors)
            self._centre = every.mean(axis=0)
            self._vectors = self._centred(every)
        self._row_text = LexicalIndex([letters(row.text) for row in self.rows], ())
        by_item: dict[str, list[str]] = {item: [] for item in self.items}
        for row in self.rows:
            by_item[row.item].append(letters(row.text))
        self._item_text = LexicalIndex(["\n".join(texts) for texts in by_item.values()], ())
        self._names = self._collect_names()
        self._longest_name = max(map(len, self._names), default=0)
        self._places: dict[tuple[str, str], list[int]] = {}
        for number, row in enumerate(self.rows):
            self._places.setdefault(place_key(row), []).append(number)

    @property
    def dense(self) -> bool:
        """Whether the rows have sentence vectors."""
        return self._vectors is not None

    def rank(
        self,
        question: str,
        vector: Floats | None,
        facets: Mapping[Facet, float],
        *,
        prior: Floats | None = None,
    ) -> Ranking:
        """Give each pair's probability.

        Args:
            question: the normalised question.
            vector: its sentence vector, float32 [d], or None.
            facets: the intent classifier's probabilities.
            prior: added to each item's score, float32 [items]: what the conversation is about.
        """
        signals, likeness = self.signals(question, vector, facets)
        weights = load_weights()["dense" if vector is not None and self.dense else "lexical"]
        scores = signals @ weights.vector()
        if prior is not None:
            scores = scores + prior[:, None]
        scores = self._allowed(scores)
        scores = np.exp(scores - scores.max())
        return Ranking(self.items, np.asarray(scores / scores.sum(), dtype=np.float32), signals, likeness)

    def places_of(self, item: str) -> list[int]:
        """List the places of an item's rows."""
        return [place for place, row in enumerate(self.rows) if row.item == item]

    def nearest_wording(self, ranking: Ranking, owner: str) -> float:
        """Give the likeness of an FAQ's nearest wording to the question; -1 when it has none."""
        return self._nearest(ranking, (owner, ""))

    def nearest_asked(self, ranking: Ranking, item: str, facet: Facet) -> float:
        """Give the likeness of the nearest wording of a guide's facet; -1 when it has none."""
        return self._nearest(ranking, (item, facet.value))

    def _nearest(self, ranking: Ranking, key: tuple[str, str]) -> float:
        places = self._places.get(key)
        return float(ranking.rows[places].max()) if places else NOTHING

    def signals(self, question: str, vector: Floats | None, facets: Mapping[Facet, float]) -> tuple[Floats, Floats]:
        """Give the signals of each pair, float32 [items, facets, signals], and each row's likeness, float32 [rows]."""
        text = letters(question)
        dense = np.zeros(len(self.rows), dtype=np.float32)
        if vector is not None and self._vectors is not None:
            dense = self._vectors @ self._centred(vector[None, :])[0]
        by_row = self._row_text.score(text).of_question
        shape = (len(self.items), len(FACETS))
        signals = np.zeros((*shape, len(SIGNALS)), dtype=np.float32)
        signals[..., 0] = self._best_by_item(dense)[:, None]
        signals[..., 1] = self._best_by_item(np.where(self._is_name, dense, NOTHING))[:, None]
        signals[..., 2] = self._best_by_pair(dense)
        signals[..., 3] = self._best_by_item(by_row)[:, None]
        signals[..., 4] = self._best_by_pair(by_row)
        signals[..., 5] = self._item_text.score(text).of_question[:, None]
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

    def _centred(self, vectors: Floats) -> Floats:
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

    def _collect_names(self) -> dict[str, set[int]]:
        names: dict[str, set[int]] = {}
        for number, row in enumerate(self.rows):
            if row.kind in {"name", "alias"}:
                names.setdefault(letters(row.text), set()).add(int(self._item_of[number]))
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


def ranked_rows(item: str, rows: Rows) -> tuple[list[RankedRow], list[int]]:
    """Give the rows that are ranked, all but the answers, and their places among an owner's."""
    used = [n for n, w in enumerate(rows.wordings) if w.kind != "answer"]
    wordings = [rows.wordings[n] for n in used]
    return [RankedRow(item, w.facet, rows.owner, w.kind, w.text) for w in wordings], used


def place_key(row: RankedRow) -> tuple[str, str]:
    """Give the key under which a row's likeness is looked up: an FAQ's all together, a guide's by item and facet."""
    if row.owner.startswith("faq:"):
        return row.owner, ""
    return row.item, row.facet.value if row.facet else ""


def _shares(vectors: Floats, blocks: Sequence[int]) -> list[float]:
    """Give each part's share of the squared length, as the encoder weighed it."""
    start, shares = 0, []
    for width in blocks or (vectors.shape[1],):
        shares.append(float(np.square(vectors[0, start : start + width]).sum()))
        start += width
    return shares
