"""When an answer is given, clarified or withheld: data in `data/thresholds.json`, with what each number means here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Thresholds:
    """All between 0 and 1 unless said otherwise.

    Attributes:
        scope: least probability that the question is about something we know.
        scope_expected: the same when the likeliest item is the conversation's, or one just offered.
        item: least share of the likeliest item for an answer without asking back.
        item_short: the same for a question of at most `short_length` characters.
        short_length: in characters.
        rival: least share for an item to be offered when asking back.
        facet: least share of a facet within its item for it to count as asked.
        faq_same: least likeness (cosine of centred vectors) for an FAQ of another facet than the asked one to answer.
        faq_margin: by how much the FAQ must be nearer than the facet's own wordings.
        context_bonus: added to the score of the conversation's item (natural logarithm of odds).
        topic_bonus: added to the score of an item of the same topic.
        option_bonus: added to the score of an item just offered.
        ellipsis_length: most characters of a question that may only name an item and mean the facet asked before.
    """

    scope: float
    scope_expected: float
    item: float
    item_short: float
    short_length: int
    rival: float
    facet: float
    faq_same: float
    faq_margin: float
    context_bonus: float
    option_bonus: float
    ellipsis_length: int
    topic_bonus: float


@cache
def load_thresholds() -> Thresholds:
    """Read the shipped thresholds."""
    data = json.loads((Path(__file__).parent / "data" / "thresholds.json").read_text(encoding="utf-8"))
    return Thresholds(**data)
