"""Finds all dates of a text, by the calendar and from today; of two that overlap the longer stays."""

from collections.abc import Iterator
from datetime import date

from language.entities.calendar_dates import find_calendar_dates
from language.entities.entity import Entity, resolve_overlaps
from language.entities.relative_dates import find_relative_dates


def find_dates(text: str, today: date | None = None) -> Iterator[Entity]:
    """Yield the dates in a text, resolved against `today` where the words need it."""
    yield from resolve_overlaps([*find_calendar_dates(text, today), *find_relative_dates(text, today)])
