"""Owns noticing texts that must not be answered as questions: emergencies, attacks, prying, insults, politics.

The hub asks before the engine does. The rules are data with examples and counter-examples, `data/safety.yml`; they
prefer missing a case to stopping a citizen who asks for a 死亡证明 or a 报警回执.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final

from language.data_files import read_data
from language.normalise import normalise

_BLANK_BESIDE_HAN: Final = re.compile(r"(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])")
_LONGEST_READ: Final = 500
# Who is in danger writes little; a long text that mentions an accident is a complaint with a story in it.
_LONGEST_EMERGENCY: Final = 80


class SafetyKind(str, Enum):
    """Why a text is not answered as a question; in this order the first that applies counts."""

    EMERGENCY = "emergency"
    INJECTION = "injection"
    PRIVACY = "privacy"
    INSULT = "insult"
    POLITICS = "politics"


@dataclass(frozen=True)
class Safety:
    """What was noticed: the kind, the rule's name, the words that told, and the number to call in an emergency."""

    kind: SafetyKind
    rule: str
    words: str
    number: str | None = None


@dataclass(frozen=True)
class SafetyRule:
    """A rule of `data/safety.yml`: applies where `pattern` is found and `unless` isn't."""

    name: str
    kind: SafetyKind
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    number: str | None
    examples: tuple[str, ...]
    harmless: tuple[str, ...]


def detect_safety(text: str) -> Safety | None:
    """Return what is unsafe about a text, or `None`; the text needn't be normalised, its first 500 characters count."""
    plain = _BLANK_BESIDE_HAN.sub("", normalise(text[:_LONGEST_READ]).lower())
    for rule in safety_rules():
        if rule.kind is SafetyKind.EMERGENCY and len(plain) > _LONGEST_EMERGENCY:
            continue
        match = rule.pattern.search(plain)
        if match is not None and (rule.unless is None or rule.unless.search(plain) is None):
            return Safety(rule.kind, rule.name, match[0], rule.number)
    return None


@cache
def safety_rules() -> tuple[SafetyRule, ...]:
    """Return the rules in the order in which they are tried.

    Raises:
        KeyError: a rule lacks a field.
        ValueError: a rule's kind is unknown.
        re.error: a pattern is no regular expression.
    """
    table = read_data("safety")
    rules = [_read_rule(row, table["paperwork"]) for row in table["rules"]]
    order = [SafetyKind(kind) for kind in table["kinds"]]
    return tuple(sorted(rules, key=lambda rule: order.index(rule.kind)))


def _read_rule(row: dict[str, Any], paperwork: str) -> SafetyRule:
    unless = [*row.get("unless", ()), *([paperwork] if row.get("unless_paperwork") else ())]
    return SafetyRule(
        name=row["name"],
        kind=SafetyKind(row["kind"]),
        pattern=_either(row["patterns"]),
        unless=_either(unless) if unless else None,
        number=row.get("number"),
        examples=tuple(row["examples"]),
        harmless=tuple(row["harmless"]),
    )


def _either(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
