"""Which version of an entry holds when: pure functions over its versions, with no database and no clock.

Versions form a timeline. At a moment the version with the latest `valid_from` before it governs; of two that begin together,
the one recorded later. A governing version whose `valid_to` has passed, or that withdraws the entry, leaves nothing to answer:
what stood before never comes back by itself. A version that `clears` cancels all that was recorded before it and would begin
with it or later; a withdrawal always clears. So a correction made today leaves alone what is planned for July.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar


class Dated(Protocol):
    """What the timeline needs to know of a version."""

    @property
    def number(self) -> int:
        """Its place in the order of recording."""

    @property
    def withdraws(self) -> bool:
        """Whether it ends the entry."""

    @property
    def clears(self) -> bool:
        """Whether it cancels what was planned before."""

    @property
    def valid_from(self) -> datetime:
        """From when it holds."""

    @property
    def valid_to(self) -> datetime | None:
        """When it no longer holds, if that is known."""


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Span:
    """The dates of one version, without its content."""

    number: int
    withdraws: bool
    clears: bool
    valid_from: datetime
    valid_to: datetime | None


def governing(versions: Iterable[D], at: datetime) -> D | None:
    """Give the version that an entry is answered from at a moment, or None."""
    last = max((v for v in _alive(versions) if v.valid_from <= at), key=_order, default=None)
    if last is None or last.withdraws or (last.valid_to is not None and last.valid_to <= at):
        return None
    return last


def next_change(versions: Iterable[D], at: datetime) -> datetime | None:
    """Give the first moment after `at` when another version governs, or none does any more."""
    alive = _alive(versions)
    edges = sorted({edge for v in alive for edge in (v.valid_from, v.valid_to) if edge is not None and edge > at})
    now = _number(governing(alive, at))
    return next((edge for edge in edges if _number(governing(alive, edge)) != now), None)


def still_needed(versions: Iterable[D], at: datetime) -> list[D]:
    """List the versions that govern at a moment or will later, in the order of their beginning."""
    alive = sorted(_alive(versions), key=_order)
    begun = [v for v in alive if v.valid_from <= at]
    return begun[-1:] + [v for v in alive if v.valid_from > at]


def _alive(versions: Iterable[D]) -> list[D]:
    every: Sequence[D] = sorted(versions, key=lambda v: -v.number)
    alive: list[D] = []
    cleared_from: datetime | None = None
    for version in every:
        if cleared_from is None or version.valid_from < cleared_from:
            alive.append(version)
        if (version.clears or version.withdraws) and (cleared_from is None or version.valid_from < cleared_from):
            cleared_from = version.valid_from
    return alive


def _order(version: Dated) -> tuple[datetime, int]:
    return version.valid_from, version.number


def _number(version: Dated | None) -> int:
    return version.number if version else 0
