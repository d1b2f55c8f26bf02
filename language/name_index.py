"""Owns finding many fixed names in a text in one pass; `regions` and the document rule look their names up here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True)
class NameMatch(Generic[V]):
    """A name that stands at a place of the text, with what it stands for."""

    name: str
    value: V


class NameIndex(Generic[V]):
    """Names by their first character, so that most places of a text cost one dictionary look-up."""

    def __init__(self, names: Mapping[str, V]) -> None:
        """Index the names; an empty name is ignored."""
        self._by_first: dict[str, list[NameMatch[V]]] = {}
        for name in sorted(filter(None, names), key=len, reverse=True):
            self._by_first.setdefault(name[0], []).append(NameMatch(name, names[name]))

    def matches_at(self, text: str, start: int) -> Iterator[NameMatch[V]]:
        """Yield the names that stand at `start`, the longest first."""
        for match in self._by_first.get(text[start], ()):
            if text.startswith(match.name, start):
                yield match
