"""Troubles that a test orders: the next calls fail, or those about one citizen, or some by a seeded chance.

An interface is named by its path after `/cgi-bin/` or `/sns/`: `message/custom/send`, `stable_token`, `media/get`; `*` is any.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

KINDS = {
    "errcode": "an error code in the JSON answer; the call is not carried out",
    "http": "an HTTP error with a page of HTML",
    "html": "status 200 with a page of HTML, as from a proxy in between",
    "broken_json": "status 200 with half a JSON object",
    "text_plain": "carried out and answered rightly, but as text/plain",
    "hang": "no answer, and not carried out",
    "hang_after": "no answer, although the call was carried out",
    "drop": "the connection is closed before the call was carried out",
    "drop_after": "the connection is closed after the call was carried out",
}
AFTER = frozenset({"text_plain", "hang_after", "drop_after"})


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: a kind of `KINDS`, with the error code or HTTP status as `code`."""

    kind: str
    code: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown trouble: {self.kind}")


def errcode(code: int) -> Trouble:
    """An answer with an error code of the platform."""
    return Trouble("errcode", code)


@dataclass
class _Order:
    call: str
    trouble: Trouble
    times: int | None = None
    openid: str | None = None
    chance: float = 1.0


class Troubles:
    """Takes orders and says which trouble strikes a call. The earliest matching order wins."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(f"{seed}/troubles")
        self._orders: list[_Order] = []

    def next(self, call: str, trouble: Trouble, times: int = 1) -> None:
        """Let the next calls of an interface fail."""
        self._orders.append(_Order(call, trouble, times=times))

    def for_citizen(self, openid: str, trouble: Trouble, call: str = "message/custom/send", times: int | None = None) -> None:
        """Let the calls about one citizen fail, for good or a number of times."""
        self._orders.append(_Order(call, trouble, times=times, openid=openid))

    def sometimes(self, call: str, trouble: Trouble, chance: float) -> None:
        """Let calls fail by chance, the same ones for the same seed and order of calls."""
        self._orders.append(_Order(call, trouble, chance=chance))

    def clear(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    def strike(self, call: str, openid: str | None = None) -> Trouble | None:
        """Give the trouble that befalls this call, using up the order it was taken from."""
        for order in self._orders:
            if order.times == 0 or order.call not in ("*", call) or order.openid not in (None, openid):
                continue
            if order.chance < 1.0 and self._random.random() >= order.chance:
                continue
            if order.times is not None:
                order.times -= 1
            return order.trouble
        return None
