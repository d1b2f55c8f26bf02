"""The rows of a `PairIndex`: which item, facet and entry each speaks of. Held in arrays; a row is made when it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from knowledge_base.search.row_vectors import RowVectors, part_of
from knowledge_base.snapshot import Rows
from qinwen.vocabulary import Facet

FACETS = tuple(Facet)
FACET_PLACE = {facet: number for number, facet in enumerate(FACETS)}
NAMES = frozenset({"name", "alias", "wording"})
NAMING = frozenset({"name", "alias"})


@dataclass(frozen=True, slots=True)
class RankedRow:
    """A row of knowledge as it is ranked: which item and facet it speaks of, and of which entry it is."""

    item: str
    facet: Facet | None
    owner: str
    kind: str
    text: str


class RankedRows(Sequence[RankedRow]):
    """The rows that are ranked, all but the answers, owner after owner.

    Args:
        owned: the rows with the item that each owner belongs to.

    Attributes:
        items: the items, in their order.
        item_of: the number of each row's item, int64 [rows].
        facet_of: the place of each row's facet in `FACETS`, -1 without one, int64 [rows].
        is_name: whether a row is a name or a whole question for the item, bool [rows].
        is_naming: whether it is a name, bool [rows].
        is_faq: whether it is an FAQ's, bool [rows].
        spans: owner → where its rows begin and end.
    """

    def __init__(self, owned: Sequence[tuple[str, Rows]]) -> None:
        self._owned = list(owned)
        self._used = [used_rows(rows) for _, rows in owned]
        counts = np.array([len(used) for used in self._used], dtype=np.int64)
        self._ends = np.cumsum(counts)
        self.items = list(dict.fromkeys(item for item, _ in owned))
        place = {item: number for number, item in enumerate(self.items)}
        of_owner = [place[item] for item, _ in owned]
        self.item_of = np.repeat(np.array(of_owner, dtype=np.int64), counts)
        self.is_faq = np.repeat(np.array([rows.owner.startswith("faq:") for _, rows in owned], dtype=bool), counts)
        total = int(counts.sum())
        used = ((rows.wordings[n]) for (_, rows), places in zip(owned, self._used, strict=True) for n in places)
        self.facet_of = np.full(total, -1, dtype=np.int64)
        self.is_name, self.is_naming = np.zeros(total, dtype=bool), np.zeros(total, dtype=bool)
        for number, wording in enumerate(used):
            if wording.facet is not None:
                self.facet_of[number] = FACET_PLACE[wording.facet]
            self.is_name[number], self.is_naming[number] = wording.kind in NAMES, wording.kind in NAMING
        starts = self._ends - counts
        owners = (rows.owner for _, rows in owned)
        self.spans = dict(zip(owners, zip(starts.tolist(), self._ends.tolist(), strict=True), strict=True))

    def vectors(self, width: int) -> RowVectors | None:
        """Give their vectors where they lie; None where some row has none."""
        parts = []
        for (_, rows), used in zip(self._owned, self._used, strict=True):
            if rows.vectors is None and len(used):
                return None
            if rows.vectors is not None:
                parts.append(part_of(rows.vectors, used))
        return RowVectors(parts, width)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, number: int) -> RankedRow: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[RankedRow]: ...
    def __getitem__(self, number: int | slice) -> RankedRow | Sequence[RankedRow]:
        """Make a row."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        place = int(np.searchsorted(self._ends, number, side="right"))
        item, rows = self._owned[place]
        used = self._used[place]
        wording = rows.wordings[used[int(number) - int(self._ends[place])]]
        return RankedRow(item, wording.facet, rows.owner, wording.kind, wording.text)

    def __iter__(self) -> Iterator[RankedRow]:
        """Make all rows, one after the other."""
        for (item, rows), used in zip(self._owned, self._used, strict=True):
            for number in used:
                wording = rows.wordings[number]
                yield RankedRow(item, wording.facet, rows.owner, wording.kind, wording.text)


class Joined(Sequence[RankedRow]):
    """The rows of two, one after the other."""

    def __init__(self, first: Sequence[RankedRow], second: Sequence[RankedRow]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._first) + len(self._second)

    @overload
    def __getitem__(self, number: int) -> RankedRow: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[RankedRow]: ...
    def __getitem__(self, number: int | slice) -> RankedRow | Sequence[RankedRow]:
        """Make a row."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        old = len(self._first)
        return self._first[number] if number < old else self._second[number - old]


def used_rows(rows: Rows) -> Sequence[int]:
    """Give the places of the rows that are ranked, all but the answers, among an owner's."""
    answers = [number for number, wording in enumerate(rows.wordings) if wording.kind == "answer"]
    count = len(rows.wordings)
    if not answers:
        return range(count)
    if answers == [count - 1]:
        return range(count - 1)
    return [number for number in range(count) if number not in answers]
