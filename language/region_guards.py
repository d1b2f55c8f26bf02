"""Owns the context rules that tell a region's short name from the same everyday word; `regions` asks it.

The rules are data: `guards` and the word lists in `data/regions.yml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

_OFFICIAL_SUFFIXES: Final = ("省", "市", "区", "县")


class Nearness(str, Enum):
    """Which neighbour a short name needs before it counts as a place."""

    PLACE = "place"
    OFFICE = "office"


@dataclass(frozen=True)
class Guard:
    """The rule of one name: words that rule it out right before or after it, and the neighbour it needs."""

    unless_after: tuple[str, ...] = ()
    unless_before: tuple[str, ...] = ()
    near: Nearness | None = None


@dataclass(frozen=True)
class GuardBook:
    """All guards with the word lists they share."""

    guards: Mapping[str, Guard]
    never_before: tuple[str, ...]
    place_words_before: tuple[str, ...]
    place_words_after: tuple[str, ...]
    office_words_after: tuple[str, ...]

    def needs_neighbour(self, name: str) -> bool:
        """Tell whether the name alone means something else (延长, 白水)."""
        return name in self.guards and self.guards[name].near is not None

    def allows(self, name: str, text: str, start: int, *, follows_parent: bool) -> bool:
        """Tell whether the name at `start` of the text is a place.

        `follows_parent` says that the words right before it named a region above it.
        """
        end = start + len(name)
        if not name.endswith(_OFFICIAL_SUFFIXES) and text.startswith(self.never_before, end):
            return False
        guard = self.guards.get(name)
        if guard is None:
            return True
        # `endswith` with an end is a look to the left that copies nothing.
        if text.endswith(guard.unless_after, 0, start) or text.startswith(guard.unless_before, end):
            return False
        # A one-word answer to "which region?" is a place whatever else the word means.
        if guard.near is None or follows_parent or len(text) == len(name):
            return True
        if guard.near is Nearness.OFFICE:
            return text.startswith(self.office_words_after, end)
        return (
            text.endswith(self.place_words_before, 0, start)
            or text.startswith(self.place_words_after, end)
            or text.startswith(self.office_words_after, end)
        )


def read_guards(table: Mapping[str, Any]) -> GuardBook:
    """Return the guards of a table as read from `data/regions.yml`.

    Raises:
        KeyError: a word list is missing.
        TypeError: a guard has an unknown key.
        ValueError: a `near` is neither place nor office.
    """
    return GuardBook(
        guards={name: _read_guard(**fields) for name, fields in table["guards"].items()},
        never_before=tuple(table["never_before"]),
        place_words_before=tuple(table["place_words_before"]),
        place_words_after=tuple(table["place_words_after"]),
        office_words_after=tuple(table["office_words_after"]),
    )


def _read_guard(unless_after: Sequence[str] = (), unless_before: Sequence[str] = (), near: str | None = None) -> Guard:
    return Guard(tuple(unless_after), tuple(unless_before), None if near is None else Nearness(near))
