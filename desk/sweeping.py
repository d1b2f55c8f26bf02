"""The desk's background task: does every few seconds what time has made due.

Any number of processes may run one; each handling is looked at again under its lock.
"""

from __future__ import annotations

import asyncio

from conversations import LedgerUnavailable
from desk.service import ServiceDesk
from qinwen.log import logger

log = logger(__name__)
SWEEP_EVERY = 3.0


class Sweeper:
    """Sweeps until it is cancelled.

    Args:
        desk: whose handlings it looks through.
        pause: seconds between two sweeps.
    """

    def __init__(self, desk: ServiceDesk, pause: float = SWEEP_EVERY) -> None:
        self._desk = desk
        self._pause = pause

    async def run(self) -> None:
        """Sweep for ever; a database that is gone for a while is no reason to stop."""
        while True:
            try:
                await self._desk.sweep()
            except LedgerUnavailable:
                pass
            except Exception:
                log.exception("desk_sweep_failed")
            await asyncio.sleep(self._pause)
