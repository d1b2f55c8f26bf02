"""What the hub asks of a channel whose answers do not simply return with the request: a carrier.

Implemented by `channels/<name>/carrier.py`, chosen in `manage.py`, called by `delivery` and `courier`. A *part* is one
outgoing message of the channel: a small JSON object that the channel made and alone understands, but for its `"text"`,
the words a citizen would see, which the staff's list of deliveries shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from conversations.errors import ConversationError
from conversations.turns import Response

Part = Mapping[str, Any]


class DeliveryFailed(ConversationError):
    """A pushed message did not go out; `kind` says what to do with it.

    Attributes:
        kind: "retry" (nothing was sent, try again after `delay` seconds) · "park" (keep it until the citizen writes next)
            · "give_up" (it can never be delivered) · "unknown" (it may have been sent: never send it again by itself).
        reason: a short code for the list, such as "45015" or "timeout".
    """

    code = "delivery_failed"

    def __init__(
        self, kind: Literal["retry", "park", "give_up", "unknown"], reason: str, message: str, delay: float = 0
    ) -> None:
        super().__init__(message)
        self.kind, self.reason, self.delay = kind, reason, delay


@dataclass(frozen=True)
class Merged:
    """Several parts as one: the part to send, and how many of those given it holds (at least 1)."""

    part: Part
    count: int


class Carrier(Protocol):
    """How a channel's messages are made and pushed."""

    @property
    def channel(self) -> str:
        """The channel's name in the ledger."""

    @property
    def pushes(self) -> bool:
        """Whether the account may push messages; without, an answer can only return with a request."""

    def make_parts(self, response: Response) -> tuple[Part, ...]:
        """Turn a response into the messages to send, in order; never empty."""

    def merge(self, parts: Sequence[Part]) -> Merged:
        """Put as many of the first parts together as fit into one message (for a reply that may be one only)."""

    @property
    def notifies(self) -> bool:
        """Whether a citizen can be notified of a part with a `notice` when nothing may be pushed to them any more."""

    async def notify(self, address: str, part: Part) -> None:
        """Notify a citizen of a part that can't be pushed; the part itself waits until they write.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """

    async def send(self, address: str, part: Part) -> None:
        """Push one part to a citizen's address.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
