"""Keeps a big index in step with small changes, whatever its size.

A small index is built anew at every change: that is quick, and exact. A big one would keep the citizen waiting, so what
changed is put beside it at once (`grow`), with the big one's own statistics, and a thread builds the whole anew when enough
has come together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

V = TypeVar("V")
T = TypeVar("T")

# Under this many rows an index is built in a quarter of a second.
SMALL: Final = 15_000
# Share of the rows that may stand beside the index before the whole is built anew, and the least number worth it.
_SHARE_BESIDE: Final = 0.02
_LEAST_BESIDE: Final = 2_000


@dataclass(frozen=True)
class Standing(Generic[V, T]):
    """An index that does not change any more, and what it is made of."""

    held: Mapping[str, V]
    ready: T


class Growing(Generic[V, T]):
    """An index and what it is made of, by owner.

    Args:
        build: makes the index of everything.
        grow: puts changes beside an index that `build` made; an owner with None is gone.
        size: the number of rows of one owner.
        small: up to how many rows the index is always built anew.
    """

    def __init__(
        self,
        build: Callable[[Mapping[str, V]], T],
        grow: Callable[[T, Mapping[str, V | None]], T],
        size: Callable[[V], int],
        small: int = SMALL,
    ) -> None:
        self._build, self._grow, self._size, self._small = build, grow, size, small
        self.held: dict[str, V] = {}
        self._lock = threading.Lock()
        self._base: T = build({})
        self._beside: dict[str, V | None] = {}
        self._later: dict[str, V | None] = {}
        self._rows = 0
        self._thread: threading.Thread | None = None
        self.ready: T = self._base

    def update(self, changes: Mapping[str, V | None]) -> T:
        """Replace what owners have (None or nothing: take them out), and give the index of it all."""
        with self._lock:
            known_rows = self._rows
            for owner, value in changes.items():
                self._rows -= self._size(self.held[owner]) if owner in self.held else 0
                if value is not None and self._size(value):
                    self.held[owner] = value  # in its old place: the order decides between equals
                    self._rows += self._size(value)
                else:
                    self.held.pop(owner, None)
            if self._rows <= self._small or not known_rows:
                self._base, self._beside, self._later = self._build(self.held), {}, {}
                self._thread = None
                self.ready = self._base
                return self.ready
            self._beside.update(changes)
            self._later.update(changes)
            self.ready = self._grow(self._base, self._beside)
            if self._thread is None and self._is_much():
                self._later = {}
                self._thread = threading.Thread(target=self._fold, args=(dict(self.held),), name="index", daemon=True)
                self._thread.start()
            return self.ready

    def branch(self, changes: Mapping[str, V | None]) -> Standing[V, T]:
        """Give the index as it would be with some changes, and leave this one alone."""
        with self._lock:
            held = {owner: value for owner, value in {**self.held, **changes}.items() if value is not None}
            if self._rows <= self._small:
                return Standing(held, self._build(held))
            return Standing(held, self._grow(self._base, {**self._beside, **changes}))

    def wait(self) -> None:
        """Wait until a building that is under way is done."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _is_much(self) -> bool:
        beside = sum(self._size(value) if value is not None else 1 for value in self._beside.values())
        return beside > max(_LEAST_BESIDE, self._rows * _SHARE_BESIDE)

    def _fold(self, held: dict[str, V]) -> None:
        try:
            base = self._build(held)
        except BaseException:
            with self._lock:
                self._thread = None  # the next change tries again; until then all is answered from beside
            raise
        with self._lock:
            if self._thread is not threading.current_thread():
                return  # so much went that it is small again, and was built since
            self._base, self._beside, self._thread = base, dict(self._later), None
            self.ready = self._grow(base, self._beside) if self._beside else base
