"""Customer messages: pushes one part to a citizen who wrote within 48 hours (wechat.md §2.6), and shows that we are typing.

What WeChat refuses for its form alone is sent once more in plainer form; everything else is told to the courier as
`DeliveryFailed`. `openid` never reaches a log or an error.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from channels.wechat.replies import customer_message
from channels.wechat.server_api.apis import read_apis
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.deliveries import delivery_failed
from channels.wechat.server_api.errors import CallFailed
from channels.wechat.splitting import size, split_text
from conversations import DeliveryFailed, Part
from qinwen.log import logger

log = logger(__name__)
_MOST_CITIZENS = 10_000
_SMALLEST = 64
# No further message begins later than this: whoever gave the part out would think it lost.
_LAST_START = 8.0


class CustomerMessages:
    """Pushes parts, to one citizen never two at once and never without a gap: they would arrive in any order.

    Args:
        api: the server API.
        clock: seconds that only grow.
        sleep: how to wait for the gap.
    """

    def __init__(
        self,
        api: ServerApi,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._clock = clock
        self._sleep = sleep
        self._last: OrderedDict[str, float] = OrderedDict()

    async def send(self, openid: str, part: Part) -> None:
        """Push one part.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
        if not str(part["text"]).strip() and part["kind"] in {"text", "transfer"}:
            # The platform's own desk can only be called in a passive reply, so the citizen's next message gets it.
            raise DeliveryFailed("park", "not_pushable", "这条消息没有文字，只能等市民下次说话时再给。")
        began = self._clock()
        try:
            await self._push(openid, part)
        except CallFailed as failure:
            late = self._clock() - began > _LAST_START
            pieces = _plainer(part, failure)
            if late and pieces:
                raise DeliveryFailed("retry", failure.reason, failure.message, 1) from None
            if not pieces:
                raise delivery_failed(failure) from None
        else:
            return
        log.info("wechat_message_simplified", kind=part["kind"], pieces=len(pieces))
        for number, piece in enumerate(pieces):
            try:
                await self._push(openid, {"kind": "text", "text": piece})
            except CallFailed as failure:
                # Once a piece has gone out, sending the part again would double it.
                raise delivery_failed(failure, partly=number > 0) from None

    async def show_typing(self, openid: str) -> bool:
        """Show the citizen that an answer is being written; an ornament, so a failure is only told by False."""
        try:
            await self._api.call("typing", {"touser": openid, "command": "Typing"})
        except CallFailed:
            return False
        return True

    async def _push(self, openid: str, part: Part) -> None:
        await self._keep_gap(openid)
        message = customer_message(openid, part)
        await self._api.call("customer_message", message, variant=str(message["msgtype"]))

    async def _keep_gap(self, openid: str) -> None:
        """Take the next moment at which this citizen may get a message, and wait for it."""
        gap = read_apis().message_gap
        moment = self._clock()
        due = max(moment, self._last.pop(openid, moment - gap) + gap)
        self._last[openid] = due
        if len(self._last) > _MOST_CITIZENS:
            self._last.popitem(last=False)
        if due > moment:
            await self._sleep(due - moment)


def _plainer(part: Part, failure: CallFailed) -> list[str]:
    """Give the texts to send in place of a part that WeChat refused for its form; none where that would not help."""
    text = str(part["text"]).strip()
    if not failure.fault.plain_text or not text:
        return []
    if part["kind"] != "text":
        return split_text(text)
    if failure.fault.action != "split":
        return []
    pieces = split_text(text, max(_SMALLEST, size(text) * 2 // 3))
    return pieces if len(pieces) > 1 else []
