"""The carrier of this channel: makes its messages, and pushes them through whoever can call the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from channels.wechat import rendering
from conversations import DeliveryFailed, Merged, Part, Response

CHANNEL = "wechat"


class Sender(Protocol):
    """Pushes customer messages: `channels.wechat.server_api`."""

    async def send_customer_message(self, openid: str, part: Part) -> None:
        """Push one part to a citizen.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """


# Sends a subscription notice with facts (item, state, time, number) to an openid; raises `DeliveryFailed`.
Notifier = Callable[[str, Mapping[str, str]], Awaitable[None]]


class WechatCarrier:
    """Makes and pushes messages of the Official Account.

    Args:
        sender: pushes; `None` where the account may not, so that answers return with a request only.
        menus: whether choices may be menu messages.
        notifier: reaches citizens who wrote more than 48 hours ago; `None` where the account has no template for it.
    """

    channel = CHANNEL

    def __init__(self, sender: Sender | None, *, menus: bool = False, notifier: Notifier | None = None) -> None:
        self._sender = sender
        self._notifier = notifier
        self._menus = menus

    @property
    def pushes(self) -> bool:
        """Whether the account may push."""
        return self._sender is not None

    @property
    def notifies(self) -> bool:
        """Whether the account has a template for notices."""
        return self._notifier is not None

    async def notify(self, address: str, part: Part) -> None:
        """Send a subscription notice of a part to an openid.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
        if self._notifier is None:
            raise DeliveryFailed("park", "allowance", "这个公众号没有订阅通知的模板，等市民下次说话时再给。")
        await self._notifier(address, part["notice"])

    def make_parts(self, response: Response) -> tuple[Part, ...]:
        """Turn a response into the messages to send."""
        return rendering.make_parts(response, menus=self._menus and self.pushes)

    def merge(self, parts: Sequence[Part]) -> Merged:
        """Put as many of the first parts together as fit into one passive reply."""
        return rendering.merge(parts)

    async def send(self, address: str, part: Part) -> None:
        """Push one part to an openid.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
        if self._sender is None:
            raise DeliveryFailed("park", "no_customer_messages", "这个公众号不能发客服消息，等市民下次说话时再给。")
        await self._sender.send_customer_message(address, part)
