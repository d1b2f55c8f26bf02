"""Ids, nonces and tickets, all drawn from the seed."""

from __future__ import annotations

import random


class Serials:
    """Hands out what must be new. The order of the calls decides, so a test that acts in the same order gets the same ids."""

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._random = random.Random(f"{seed}/ids")
        # Of its own: answers of the server API draw from it at any moment, and must not shift the ids of messages.
        self._others = random.Random(f"{seed}/others")
        self._message_id = 23_000_000_000_000_000 + self._random.getrandbits(48)
        self._pushes = 0

    def next_push(self) -> int:
        """Give the number of the next push."""
        self._pushes += 1
        return self._pushes

    def next_message_id(self) -> int:
        """Give a MsgId: 64 bits, growing."""
        self._message_id += self._random.randint(1, 9999)
        return self._message_id

    def draw_nonce(self) -> str:
        """Give the nonce of a push."""
        return str(self._random.getrandbits(31))

    def draw_id(self) -> str:
        """Give a new id for anything."""
        return f"{self._others.getrandbits(64):016x}"

    def ticket_of(self, scene: str | None) -> str:
        """Give the ticket of a scene's QR code: always the same for the same scene."""
        return "gQ" + f"{random.Random(f'{self._seed}/{scene}').getrandbits(256):064X}"
