"""Says what a failed call means for a message on its way to a citizen: the ledger's words for the table's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from channels.wechat.server_api.error_codes import Action
from channels.wechat.server_api.errors import CallFailed
from conversations import DeliveryFailed

Kind: TypeAlias = Literal["retry", "park", "give_up", "unknown"]
_KINDS: Mapping[Action, Kind] = {
    "retry": "retry",
    # Refused before it was sent; by the time it is tried again the token will have been replaced.
    "refresh": "retry",
    "park": "park",
    "alarm": "park",
    "give_up": "give_up",
    "split": "give_up",
    "programmer": "give_up",
    "unknown": "unknown",
}


def delivery_failed(failure: CallFailed, *, partly: bool = False) -> DeliveryFailed:
    """Translate a failed call.

    Args:
        failure: what happened.
        partly: whether a piece of the message has gone out already; then it must not be sent again by itself.
    """
    if partly:
        return DeliveryFailed("unknown", failure.reason, f"前半已经送到，后半没有：{failure.message}")
    delay = max(failure.delay, failure.fault.pause if failure.fault.action == "refresh" else 0)
    return DeliveryFailed(_KINDS[failure.fault.action], failure.reason, failure.message, delay)
