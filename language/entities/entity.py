"""Owns what an entity is and which of two overlapping ones stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class EntityKind(str, Enum):
    """The kinds of entity, the surest first: of two that overlap the earlier kind stays."""

    ID_NUMBER = "id_number"
    PHONE = "phone"
    CASE_NUMBER = "case_number"
    DATE = "date"
    AMOUNT = "amount"
    DOCUMENT = "document"
    REGION = "region"


@dataclass(frozen=True)
class Entity:
    """Something named in a text at `text[start:end]` (offsets in characters).

    `value` is the normalised form, `None` where the words are too vague to have one: a region's code; a date in
    ISO 8601 (2026-03-05, 2026-03, 2026, or an interval 2026-03-07/2026-03-08); a number without separators; for an
    identity number all 18 signs, or just 4 when only its end was told; an amount in yuan; a document's proper name.
    """

    kind: EntityKind
    text: str
    value: str | None
    start: int
    end: int


def resolve_overlaps(candidates: Iterable[Entity]) -> list[Entity]:
    """Return the entities that stay, in order of place: none overlaps another.

    The surer kind wins, then the longer text, then the earlier place.
    """
    rank = {kind: place for place, kind in enumerate(EntityKind)}
    kept: list[Entity] = []
    for each in sorted(candidates, key=lambda each: (rank[each.kind], each.start - each.end, each.start)):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)
