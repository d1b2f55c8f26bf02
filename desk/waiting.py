"""How long somebody will wait, as a range that holds in four cases of five; pure arithmetic, the rows are read elsewhere.

Method: the queue is played forward many times from what is known now (who is ahead, whose conversations run how long
already, how long conversations lasted lately, how long agents take to press 接入). The quantiles of the outcomes are a
first guess; it is then corrected by how far recent true waits were from their own guesses, measured in the guess's own
width, so that the range is as wide as it was wrong before (conformal prediction on normalised scores, the recent ones
counting more). `bench/desk_waiting.py` shows the coverage over many loads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]

COVERAGE = 0.8
# The range is told for COVERAGE; the others are kept to draw how well the method is calibrated.
LEVELS = (0.5, COVERAGE, 0.9)
_DRAWS = 300
# The first guess's quantiles that its scores are measured in.
_GUESS = (0.1, 0.5, 0.9)
# Seconds added before taking logarithms: below this, differences in waiting mean nothing to a citizen.
_GRAIN = 10.0
_NARROWEST = 0.05
# So many recent waits count as much as the belief that the first guess is right; the last ones count most.
_BELIEF = 10.0
_HALF_LIFE = 200.0
_FEEDBACK = 1.0
_OUTERMOST, _INNERMOST = 0.002, 0.45
# Until enough conversations were seen: about five minutes each, and half a minute until somebody presses 接入.
_PRIOR_HANDLING = (math.log(300.0), 0.8)
_PRIOR_REACTION = (math.log(25.0), 0.7)
_ENOUGH = 30
_PACE = 0.3
_MOST_SLOTS = 80
_SOON = 120
_BELIEVED = np.array([NormalDist().inv_cdf((number + 0.5) / 40) / NormalDist().inv_cdf(_GUESS[-1]) for number in range(40)])


@dataclass(frozen=True)
class QueueNow:
    """What is known when somebody asks.

    Attributes:
        ahead: how many are served before them.
        free: how many conversations the agents who are online could take at once now.
        running: for each conversation with one of them, how many seconds it lasts already.
        handlings: how many seconds conversations lasted lately.
        reactions: how many seconds it lately took until a free agent took somebody.
        leaving: how many people lately left the queue, for each second somebody waited in it.
    """

    ahead: int
    free: int
    running: tuple[float, ...]
    handlings: Sequence[float] = ()
    reactions: Sequence[float] = ()
    leaving: float = 0.0


@dataclass(frozen=True)
class Guess:
    """The first guess: the logarithm of its middle, and how far down and up its outer quantiles are from there."""

    middle: float
    down: float
    up: float

    def score(self, waited: float) -> float:
        """Tell how far a true wait was from the middle, in widths: -1 and 1 are where the outer quantiles stand."""
        distance = math.log(waited + _GRAIN) - self.middle
        return distance / (self.up if distance > 0 else self.down)

    def seconds(self, score: float) -> float:
        """Give the wait with a score."""
        return max(0.0, math.exp(self.middle + score * (self.up if score > 0 else self.down)) - _GRAIN)


@dataclass(frozen=True)
class Wait:
    """The ranges by level, in seconds, with the first guess for later correction."""

    ranges: Mapping[float, tuple[float, float]]
    guess: Guess

    @property
    def low(self) -> float:
        """Where the told range begins, in seconds."""
        return self.ranges[COVERAGE][0]

    @property
    def high(self) -> float:
        """Where the told range ends, in seconds."""
        return self.ranges[COVERAGE][1]

    def covers(self, waited: float, level: float = COVERAGE) -> bool:
        """Tell whether a true wait is within the range of a level."""
        low, high = self.ranges[level]
        return low <= waited <= high

    def describe(self) -> str:
        """Say the range to a citizen in whole minutes, rounded outwards."""
        if self.high <= _SOON:
            return "两分钟以内"
        low, high = math.floor(self.low / 60), math.ceil(self.high / 60)
        return f"{low} 到 {high} 分钟" if low else f"{high} 分钟以内"

    def to_json(self) -> dict[str, Any]:
        """Give the shape that a handling keeps."""
        ranges = {str(level): [round(low, 1), round(high, 1)] for level, (low, high) in self.ranges.items()}
        return {"ranges": ranges, "guess": asdict(self.guess)}

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> Wait:
        """Read what `to_json` gave."""
        ranges = {float(level): (float(low), float(high)) for level, (low, high) in shape["ranges"].items()}
        return cls(ranges, Guess(**shape["guess"]))


@dataclass(frozen=True)
class Seen:
    """A wait that is over: what was told, and how long it was."""

    told: Wait
    waited: float


def estimate(queue: QueueNow, seen: Sequence[Seen], random: np.random.Generator) -> Wait | None:
    """Estimate the wait; None where nobody is there to end it.

    Args:
        queue: what is known now.
        seen: recent waits of the same desk, the last one last.
        random: where chance comes from.
    """
    if queue.free <= 0 and not queue.running:
        return None
    down, middle, up = (float(value) for value in np.log(np.quantile(_play(queue, random), _GUESS) + _GRAIN))
    guess = Guess(middle, max(middle - down, _NARROWEST), max(up - middle, _NARROWEST))
    ranges = {}
    for level in LEVELS:
        low, high = _outer(seen, level)
        ranges[level] = (guess.seconds(low), guess.seconds(high))
    return Wait(ranges, guess)


def _outer(seen: Sequence[Seen], level: float) -> tuple[float, float]:
    """Give the two scores between which the share `level` of waits should fall.

    The belief in the first guess takes part as some scores of a normal distribution with its quantiles. Then each end goes
    further out, or in, by how often recent waits were beyond it: waits that follow each other are wrong in the same
    direction, which their scores alone would not tell (the idea of adaptive conformal inference).
    """
    edge = (1 - level) / 2
    weights = 0.5 ** (np.arange(len(seen))[::-1] / _HALF_LIFE)
    scores = np.concatenate([_BELIEVED, [one.told.guess.score(one.waited) for one in seen]])
    shares = np.concatenate([np.full(len(_BELIEVED), _BELIEF / len(_BELIEVED)), weights])
    order = np.argsort(scores)
    reached = (np.cumsum(shares[order]) - shares[order] / 2) / shares.sum()
    below = sum(w for one, w in zip(seen, weights, strict=True) if one.waited < one.told.ranges[level][0])
    above = sum(w for one, w in zip(seen, weights, strict=True) if one.waited > one.told.ranges[level][1])
    total = weights.sum() + _BELIEF
    ends = []
    for missed in (below, above):
        share = edge + _FEEDBACK * (edge * weights.sum() - missed) / total
        ends.append(min(max(share, _OUTERMOST), _INNERMOST))
    low, high = np.interp([ends[0], 1 - ends[1]], reached, scores[order])
    return float(low), float(high)


def _play(queue: QueueNow, random: np.random.Generator) -> Seconds:
    """Play the queue forward; gives the wait of each play."""
    handlings = _with_prior(queue.handlings, _PRIOR_HANDLING, random)
    reactions = _with_prior(queue.reactions, _PRIOR_REACTION, random)
    free = min(queue.free, _MOST_SLOTS)
    running = queue.running[: _MOST_SLOTS - free]
    frees = np.zeros((_DRAWS, free + len(running)))
    for number, elapsed in enumerate(running):
        frees[:, free + number] = _rest(handlings, elapsed, random)
    rows = np.arange(_DRAWS)
    lasts = random.choice(handlings, (queue.ahead, _DRAWS)) + random.choice(reactions, (queue.ahead, _DRAWS))
    # The pace of the next hour is not quite that of the last: one factor for all conversations of a play.
    pace = random.lognormal(0.0, _PACE, _DRAWS)
    lasts *= pace
    stays = random.exponential(1 / queue.leaving, lasts.shape) if queue.leaving > 0 else None
    for number in range(queue.ahead):
        first = frees.argmin(axis=1)
        one = lasts[number]
        if stays is not None:
            one = np.where(frees[rows, first] > stays[number], 0.0, one)
        frees[rows, first] += one
    return np.asarray(frees.min(axis=1) + random.choice(reactions, _DRAWS))


def _rest(handlings: Seconds, elapsed: float, random: np.random.Generator) -> Seconds:
    """Draw how long a conversation will still last that has lasted `elapsed` seconds."""
    longer = handlings[handlings > elapsed]
    if len(longer) >= 3:  # noqa: PLR2004
        return np.asarray(random.choice(longer, _DRAWS) - elapsed)
    # Longer than nearly all before: what lasts long, goes on long.
    return random.exponential(max(float(handlings.mean()), elapsed) / 2, _DRAWS)


def _with_prior(seen: Sequence[float], prior: tuple[float, float], random: np.random.Generator) -> Seconds:
    if len(seen) >= _ENOUGH:
        return np.asarray(seen, dtype=np.float64)
    return np.concatenate([np.asarray(seen, dtype=np.float64), random.lognormal(*prior, _ENOUGH - len(seen))])
