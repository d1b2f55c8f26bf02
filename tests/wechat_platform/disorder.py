"""How badly the network treats pushes, drawn from the seed for each push."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Luck:
    """What befalls one push: seconds until it is delivered again (None: never), seconds it leaves late, answers lost."""

    again: float | None
    delay: float
    lose: int


@dataclass(frozen=True)
class Disorder:
    """Shares of pushes from 0 to 1: `duplicated` are delivered twice, perhaps overlapping; `delayed` leave late and so out
    of order; of `lost` the first answer never comes back. A delay is at most `longest` seconds of the platform.
    """

    duplicated: float = 0.0
    delayed: float = 0.0
    lost: float = 0.0
    longest: float = 2.0

    def draw(self, seed: int | str, number: int) -> Luck:
        """Give the luck of a push: always the same for the same seed and number."""
        chance = random.Random(f"{seed}/disorder/{number}")
        duplicated, delayed, lost, again, delay = (chance.random() for _ in range(5))
        return Luck(
            again * self.longest if duplicated < self.duplicated else None,
            delay * self.longest if delayed < self.delayed else 0.0,
            int(lost < self.lost),
        )
