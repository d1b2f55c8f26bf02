"""The search index a process keeps in memory: kept up to date by `knowledge_base`, asked once a question."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from knowledge_base.search.background import Background, make_background
from knowledge_base.search.confidence import (
    MOST_CHOICES,
    BackgroundLevel,
    Verdict,
    fuse,
    measure,
    probability,
    top_cosine,
)
from knowledge_base.search.growing import SMALL, Growing, Standing
from knowledge_base.search.lexical import letters
from knowledge_base.search.rows import SearchRow, encode_rows
from knowledge_base.search.state import EntryRows, GrownState, IndexState
from knowledge_base.search.weights import Profile, part_names, profile_for
from language.encode import Encoder, Vectors

AnyState: TypeAlias = IndexState | GrownState
Built: TypeAlias = tuple[AnyState, BackgroundLevel]
Kept: TypeAlias = Growing[EntryRows, Built] | Standing[EntryRows, Built]
# Share of the rows that must come or go before the background is asked again.
_REMEASURE_FROM: Final = 0.03


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer a question.

    `score` is in logits and comparable between the candidates of one question; `parts` are the signals it is made of;
    `row` is the wording it was found by; `cosine` is the encoder's own, not centred (0 without an encoder).
    """

    entry: str
    score: float
    parts: Mapping[str, float]
    row: SearchRow
    cosine: float


@dataclass(frozen=True)
class Decision:
    """What search makes of a question.

    `right` is the probability that the first candidate is the one meant, `fits` that one of the first three is.
    `candidates` are those to show: one when answered, up to three for a choice, none when refused; `ranking` are the
    best ones in any case.
    """

    verdict: Verdict
    right: float
    fits: float
    candidates: tuple[Candidate, ...]
    ranking: tuple[Candidate, ...]


class SearchIndex:
    """Rows by entry, searched by meaning and by characters. Safe to use from several threads.

    Args:
        encoder: makes the vectors of rows and questions; None searches by characters alone.
        background: `make_background(encoder)` where several indexes share it.
        small: up to how many rows every change builds it anew, see `Growing`.
    """

    def __init__(self, encoder: Encoder | None, background: Background | None = None, small: int = SMALL) -> None:
        self._encoder = encoder
        self._background = background or make_background(encoder)
        names = part_names(encoder.name if encoder else None)
        self._parts = dict(zip(names, encoder.blocks if encoder else (), strict=True))
        self._profile: Profile = profile_for(encoder.name if encoder else None)
        self._measured: tuple[int, BackgroundLevel] | None = None
        self._growing: Kept = Growing(self._build, self._grow, lambda held: len(held.rows), small)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._growing.ready[0].entries)

    @property
    def answer_from(self) -> float:
        """The least probability from which the first candidate answers."""
        return self._profile.answer_from

    def wait(self) -> None:
        """Wait until a building in the background is done."""
        assert isinstance(self._growing, Growing)
        self._growing.wait()

    def branch(self, changes: Mapping[str, tuple[Sequence[SearchRow], Vectors | None]]) -> "SearchIndex":
        """Return an index that stands still, with some entries' rows others (none: it is gone); see `update`."""
        assert isinstance(self._growing, Growing)
        made = {entry: self._entry_rows(rows, vectors) for entry, (rows, vectors) in changes.items()}
        branched = self._growing.branch({entry: held if held.rows else None for entry, held in made.items()})
        return copy.copy(self).standing_on(branched)

    def standing_on(self, kept: Kept) -> "SearchIndex":
        """Answer from another index from now on; for `branch` alone."""
        self._growing = kept
        return self

    def replace(self, entry: str, rows: Sequence[SearchRow], vectors: Vectors | None = None) -> None:
        """Put an entry's rows in place of those it had.

        Args:
            entry: its id; every row must be its own.
            rows: without any, the entry is removed.
            vectors: [n, d] as stored, of this index' encoder; encoded here when None.
        """
        self.update({entry: (rows, vectors)})

    def remove(self, entry: str) -> None:
        """Take an entry out; nothing happens when it isn't there."""
        self.update({entry: ((), None)})

    def update(self, changes: Mapping[str, tuple[Sequence[SearchRow], Vectors | None]]) -> None:
        """Replace or remove (no rows) many entries at the cost of one; see `replace`."""
        assert isinstance(self._growing, Growing)
        self._growing.update({entry: self._entry_rows(rows, vectors) for entry, (rows, vectors) in changes.items()})

    def look_ahead(self, vectors: Vectors) -> None:
        """Score questions that will be asked one by one, float32 [n, d]; only of an index that stands still."""
        self._growing.ready[0].look_ahead(vectors)

    def rank(self, question: str, vector: Vectors | None = None, limit: int | None = None) -> list[Candidate]:
        """Return the entries, the best first.

        Args:
            question: as the citizen wrote it.
            vector: its vector [d] of kind question where it is known already; encoded here when None.
            limit: how many; all when None.
        """
        return self._search(question, vector, limit)[0]

    def decide(self, question: str, vector: Vectors | None = None, *, full: bool = False) -> Decision:
        """Rank, and decide between answering with the first, offering a choice, and refusing; see `rank`.

        Args:
            question: as the citizen wrote it.
            vector: as for `rank`.
            full: rank all entries, not only the best few.
        """
        ranking, evidence = self._search(question, vector, None if full else MOST_CHOICES * 2)
        if not evidence:
            return Decision(Verdict.REFUSED, 0.0, 0.0, (), tuple(ranking))
        fits = probability(self._profile.fits, evidence)
        right = fits * probability(self._profile.first, evidence)
        if right >= self._profile.answer_from:
            return Decision(Verdict.ANSWERED, right, fits, tuple(ranking[:1]), tuple(ranking))
        if fits >= self._profile.clarify_from:
            return Decision(Verdict.CLARIFY, right, fits, tuple(ranking[:MOST_CHOICES]), tuple(ranking))
        return Decision(Verdict.REFUSED, right, fits, (), tuple(ranking))

    def _search(self, question: str, vector: Vectors | None, limit: int | None) -> tuple[list[Candidate], dict[str, float]]:
        state, level = self._growing.ready
        text = letters(question)
        if not state.entries or not text:
            return [], {}
        if vector is None and self._encoder is not None:
            vector = self._encoder.encode([question], "question")[0]
        rows: Any = state.score_rows(text, vector)
        signals = state.gather(rows, text)
        scores = fuse(signals, self._profile)
        # Stable, so that equal scores come in the order of the entries every time.
        order = [int(number) for number in np.argsort(-scores, kind="stable")[:limit]]
        best = state.best_rows(rows, order, self._profile.signals)
        candidates = [
            Candidate(
                state.entries[number],
                float(scores[number]),
                {name: float(values[number]) for name, values in signals.values.items()},
                row,
                self._cosine(row, vector),
            )
            for number, row in zip(order, best, strict=True)
        ]
        return candidates, measure(signals, scores, level, len(text))

    def _cosine(self, row: SearchRow, vector: Vectors | None) -> float:
        held = self._growing.held.get(row.entry)
        if vector is None or held is None or held.vectors is None or row not in held.rows:
            return 0.0
        return float(held.vectors[held.rows.index(row)].astype(np.float32) @ vector)

    def _entry_rows(self, rows: Sequence[SearchRow], vectors: Vectors | None) -> EntryRows:
        if vectors is None and self._encoder is not None and rows:
            vectors = encode_rows(rows, self._encoder)
        return EntryRows.of(rows, vectors if self._encoder is not None else None)

    def _build(self, held: Mapping[str, EntryRows]) -> tuple[AnyState, BackgroundLevel]:
        state = IndexState(held, self._parts, self._background)
        # Asking the background takes half a second at 7,000 rows, and a few rows more don't move it.
        if self._measured and abs(state.row_count - self._measured[0]) < self._measured[0] * _REMEASURE_FROM:
            return state, self._measured[1]
        level = measure_background(state, self._background, self._profile)
        self._measured = state.row_count, level
        return state, level

    def _grow(
        self, base: tuple[AnyState, BackgroundLevel], changes: Mapping[str, EntryRows | None]
    ) -> tuple[AnyState, BackgroundLevel]:
        assert isinstance(base[0], IndexState)
        return GrownState(base[0], changes, self._background), base[1]


def measure_background(state: AnyState, background: Background, profile: Profile) -> BackgroundLevel:
    """Ask the background of an index: what its questions reach by accident."""
    if not state.entries:
        return BackgroundLevel((0.0, 1.0), (0.0, 1.0))
    best: list[tuple[float, float]] = []
    without: list[Vectors | None] = [None] * len(background.asked)
    vectors: Iterable[Vectors | None] = without if background.vectors is None else background.vectors
    for text, vector in zip(background.asked, vectors, strict=True):
        rows: Any = state.score_rows(text, vector)
        signals = state.gather(rows, text)
        best.append((float(fuse(signals, profile).max()), float(top_cosine(signals).max())))
    return BackgroundLevel.of([score for score, _ in best], [cosine for _, cosine in best])
