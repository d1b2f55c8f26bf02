"""Finds regions as entities; the value is the six-digit code."""

from collections.abc import Iterator

from language.entities.entity import Entity, EntityKind
from language.regions import find_regions


def find_places(text: str) -> Iterator[Entity]:
    """Yield the regions named in a normalised text."""
    for mention in find_regions(text):
        yield Entity(EntityKind.REGION, mention.text, mention.region.code, mention.start, mention.end)
