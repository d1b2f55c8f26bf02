"""A question that was not answered well, as the ledger and the desk tell of it. Personal data is masked already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Reason = Literal["unanswered", "low_confidence", "clarified_in_vain", "badly_rated", "asked_again"]
REASON_TITLES: dict[Reason, str] = {
    "unanswered": "没答上",
    "low_confidence": "把握低",
    "clarified_in_vain": "反问没用",
    "badly_rated": "评价差",
    "asked_again": "又问一遍",
}


@dataclass(frozen=True)
class PoorQuestion:
    """One question of one citizen.

    Attributes:
        turn: the turn's id; the same turn comes once.
        citizen: who asked, an opaque id: it is counted, never shown.
        text: masked.
        reason: what was wrong with the answer.
        at: when it was asked.
        region: the citizen's region, where it is known.
    """

    turn: str
    citizen: str
    text: str
    reason: Reason
    at: datetime
    region: str | None = None


class PoorQuestionSource(Protocol):
    """Where they come from; put in by the composition root, for the ledger is a sibling package."""

    def poor_questions(self, since: datetime, most: int) -> Sequence[PoorQuestion]:
        """Give the questions asked since a moment that were not answered well, the newest `most`."""
