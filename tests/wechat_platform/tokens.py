"""Access tokens: the classic interface and the stable one, each with its own tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .clock import Clock
from .errors import ApiRefused

LIFE = 7200
OVERLAP = 300  # an old token lives on this long beside its successor; the platform renews as long before the end
FORCED_A_DAY = 20
FORCED_GAP = 30


@dataclass
class _Token:
    text: str
    until: float
    revoked: bool = False


class Tokens:
    """Issues tokens and tells whether one is good. Time is the platform's clock."""

    def __init__(self, clock: Clock, seed: int | str, life: float = LIFE) -> None:
        self.life = life
        self.issued = 0
        self._clock = clock
        self._random = random.Random(f"{seed}/tokens")
        self._tokens: dict[str, _Token] = {}
        self._current: dict[str, _Token] = {}
        self._forced: list[float] = []

    def classic(self) -> tuple[str, int]:
        """Issue a token by `/cgi-bin/token`; the one before dies in five minutes. Gives the token and its seconds."""
        return self._renew("classic")

    def stable(self, *, force: bool = False) -> tuple[str, int]:
        """Give the token of `/cgi-bin/stable_token`: the same while it is good, a new one near its end or by force.

        Raises:
            ApiRefused: 45009 or 45011, forced too often.
        """
        current = self._current.get("stable")
        now = self._clock.now()
        if force:
            self._forced = [at for at in self._forced if at > now - 86400]
            if len(self._forced) >= FORCED_A_DAY:
                raise ApiRefused(45009)
            if self._forced and now - self._forced[-1] < FORCED_GAP:
                raise ApiRefused(45011)
            self._forced.append(now)
            if current:
                current.revoked = True
            return self._renew("stable")
        if current and not current.revoked and current.until - now > min(OVERLAP, self.life / 2):
            return current.text, int(current.until - now)
        return self._renew("stable")

    def check(self, text: str) -> None:
        """Tell whether a call may be made with this token.

        Raises:
            ApiRefused: 41001 without one, 40014 for no token of ours, 42001 expired, 40001 replaced.
        """
        if not text:
            raise ApiRefused(41001)
        token = self._tokens.get(text)
        if token is None:
            raise ApiRefused(40014 if len(text) < 64 else 40001)
        if token.revoked:
            raise ApiRefused(40001)
        if token.until <= self._clock.now():
            raise ApiRefused(42001)

    def expire_all(self) -> None:
        """Let every token be past its end now, earlier than was said (42001)."""
        for token in self._tokens.values():
            token.until = 0.0

    def revoke_all(self) -> None:
        """Let every token be replaced by somebody else's (40001)."""
        for token in self._tokens.values():
            token.revoked = True

    def _renew(self, kind: str) -> tuple[str, int]:
        now = self._clock.now()
        if before := self._current.get(kind):
            before.until = min(before.until, now + OVERLAP)
        token = _Token(f"{self._random.getrandbits(8):02d}_" + f"{self._random.getrandbits(512):0128x}", now + self.life)
        self._tokens[token.text] = self._current[kind] = token
        self.issued += 1
        return token.text, int(self.life)
