"""The courier: a background task beside the hub that pushes what is due, keeps our leases, and takes up what a process left
when it died. Any number of processes may run one; the ledger gives each thing to one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from conversations import claims, deliveries
from conversations.carriers import DeliveryFailed
from conversations.deliveries import Parcel
from conversations.errors import LedgerUnavailable
from conversations.hub import Hub
from qinwen.log import logger
from qinwen.patience import at_most

log = logger(__name__)
_AT_ONCE = 16
_IDLE_POLL = 1.0
_SWEEP_EVERY = 2.0


class Courier:
    """Pushes messages and mends what broke.

    Args:
        hub: whose ledger and carriers it works with.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled; then wait for what is on its way."""
        try:
            await asyncio.gather(self._forever(self._push, 0.0), self._forever(self._sweep, _SWEEP_EVERY))
        finally:
            if self._tasks:
                await asyncio.wait(list(self._tasks), timeout=10)

    async def _forever(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        while True:
            try:
                await work()
            except LedgerUnavailable:
                await asyncio.sleep(_IDLE_POLL)
            except Exception:
                log.exception("courier_failed")
                await asyncio.sleep(_IDLE_POLL)
            await asyncio.sleep(pause)

    async def _push(self) -> None:
        runs = self._hub.runs
        self._hub.courier_wake.clear()
        room = _AT_ONCE - len(self._tasks)
        notifying = [name for name, carrier in self._hub.carriers.items() if carrier.notifies]
        parcels = await runs.in_ledger(lambda s: deliveries.take_due(s, runs.runner, room, notifying)) if room > 0 else []
        for parcel in parcels:
            self._begin(self._deliver(parcel))
        if not parcels:
            with contextlib.suppress(asyncio.TimeoutError):
                await at_most(_IDLE_POLL, self._hub.courier_wake.wait())

    async def _deliver(self, parcel: Parcel) -> None:
        failure: DeliveryFailed | None = None
        try:
            carrier = self._hub.carriers.get(parcel.channel)
            if carrier is None:
                failure = DeliveryFailed("park", "channel_off", "这个渠道现在没有开。")
            elif parcel.notice:
                await carrier.notify(parcel.address, parcel.part)
            else:
                await carrier.send(parcel.address, parcel.part)
        except DeliveryFailed as error:
            failure = error
        except Exception:
            log.exception("delivery_broke", delivery=parcel.id)
            failure = DeliveryFailed("unknown", "broke", "发送时出了意外。")
        if failure:
            log.warning("delivery_failed", delivery=parcel.id, kind=failure.kind, reason=failure.reason)
        await self._hub.runs.in_ledger(lambda s: deliveries.finish_delivery(s, parcel, failure))
        self._hub.courier_wake.set()

    async def _sweep(self) -> None:
        runs = self._hub.runs
        await runs.renew_leases()
        if await runs.in_ledger(deliveries.end_leases):
            self._hub.courier_wake.set()
        for claim in await runs.in_ledger(lambda s: claims.take_abandoned(s, runs.runner)):
            log.info("turn_taken_up", turn=claim.turn)
            self._begin(self._resume(claim))

    async def _resume(self, claim: claims.Claim) -> None:
        with contextlib.suppress(LedgerUnavailable):
            await self._hub.resume(claim)

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
