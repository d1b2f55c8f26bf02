"""What a citizen's words tell about urgency and mood, by the rules of `data/signs.yml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from desk.vocabulary import Mood
from language import normalise

# A second visit within a day is the service's failure, not the citizen's impatience.
_SECOND_TIME = ("second_time", "一天内第二次来", 8)
_TOLD_ELDER = "elder"


@dataclass(frozen=True)
class Sign:
    """A rule: applies where a pattern is found and no `unless`; `minutes` is how far it moves a citizen forward."""

    name: str
    title: str
    minutes: int
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    examples: tuple[str, ...]
    harmless: tuple[str, ...]

    def applies_to(self, text: str) -> bool:
        """Tell whether a text shows this sign."""
        plain = normalise(text)
        return bool(self.pattern.search(plain)) and not (self.unless and self.unless.search(plain))


@cache
def load_signs() -> dict[str, tuple[Sign, ...]]:
    """Read the rules by what they tell: `urgency`, `mood`."""
    table = yaml.safe_load((Path(__file__).parent / "data" / "signs.yml").read_text(encoding="utf-8"))
    return {kind: tuple(_read(row) for row in rows) for kind, rows in table.items()}


def urgency_of(texts: Sequence[str], *, elder: bool = False, second_time: bool = False) -> list[str]:
    """Name the reasons to serve somebody earlier.

    Args:
        texts: what the citizen wrote lately.
        elder: whether the dialogue knows already that they use the simple mode for elders.
        second_time: whether they were at the desk within the last day.
    """
    names = [sign.name for sign in load_signs()["urgency"] if any(sign.applies_to(text) for text in texts)]
    if elder and _TOLD_ELDER not in names:
        names.append(_TOLD_ELDER)
    return [*names, _SECOND_TIME[0]] if second_time else names


def minutes_forward(urgency: Sequence[str]) -> int:
    """Give how many minutes of waiting the reasons are worth together; who waits longer still comes first in the end."""
    return sum(_worth()[name][1] for name in urgency)


def urgency_title(name: str) -> str:
    """Give a reason's name as staff read it."""
    return _worth()[name][0]


def mood_of(texts: Sequence[str]) -> Mood:
    """Tell how the citizen seems to feel; the strongest sign counts."""
    for sign in load_signs()["mood"]:
        if any(sign.applies_to(text) for text in texts):
            return Mood(sign.name)
    return Mood.CALM


@cache
def _worth() -> dict[str, tuple[str, int]]:
    rules = {sign.name: (sign.title, sign.minutes) for sign in load_signs()["urgency"]}
    return rules | {_SECOND_TIME[0]: _SECOND_TIME[1:]}


def _read(row: dict[str, Any]) -> Sign:
    unless = row.get("unless")
    return Sign(
        name=row["name"],
        title=row.get("title", ""),
        minutes=int(row.get("minutes", 0)),
        pattern=_either(row["patterns"]),
        unless=_either(unless) if unless else None,
        examples=tuple(row["examples"]),
        harmless=tuple(row["harmless"]),
    )


def _either(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
