"""The work of knowledge that goes on beside the requests of the `web` process: imports, and the radar every night.

Started by `serving`. Every process runs it: a job is claimed by one, and of a night's run there is one. At a shutdown the job
under way is given back and goes on after the restart.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from datetime import date

from knowledge_base import EditRefused
from knowledge_base.import_jobs import ImportJobs
from knowledge_base.radar import begin_run, nightly_name, run_radar
from qinwen.clock import SHAANXI, now
from qinwen.log import logger
from qinwen.patience import at_most
from staff import hold_log
from web.console.knowledge.audit import ImportAudit, radar_done
from web.console.knowledge.room import KnowledgeRoom

log = logger(__name__)
RADAR = "radar"
_IDLE = 2.0
_SETTLING = 600.0  # what a start needs comes first; a night that was missed is made up for afterwards
_AFTER_FAULT = 15.0
_PATIENCE = 20.0


class Background:
    """Looks for work again and again; `stop` waits until what is under way has let go."""

    def __init__(self, room: KnowledgeRoom, radar_hour: int = 3) -> None:
        self._room, self._radar_hour = room, radar_hour
        worker = f"{socket.gethostname()[:40]}-{os.getpid()}"
        self._jobs = ImportJobs(room.database, lambda: room.load().encoder, worker, ImportAudit())
        self._stopping = asyncio.Event()
        self._watched: date | None = None
        self._awake_at = time.monotonic() + _SETTLING
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End: the job under way stops at its next sign of life."""
        self._jobs.stopping = True
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_PATIENCE)
            self._task.cancel()

    def watch_at_night(self) -> bool:
        """Look through all knowledge if it is the hour for it and nobody has tonight; tells whether this process did."""
        at = now().astimezone(SHAANXI)
        if at.hour < self._radar_hour or self._watched == at.date() or time.monotonic() < self._awake_at:
            return False
        name = nightly_name(at.date())
        try:
            with self._room.database.session() as session:
                begun = begin_run(session, name, RADAR, now())
        except EditRefused:
            return False  # somebody's run on demand is under way: the next look at the clock comes in two seconds
        self._watched = at.date()
        if begun:
            run_radar(self._room.database, name, hold=hold_log, after=radar_done(RADAR))
        return begun

    async def _run(self) -> None:
        while not self._stopping.is_set():
            pause = _IDLE
            try:
                if await asyncio.to_thread(self._jobs.run_next) is not None:
                    pause = 0.0
                await asyncio.to_thread(self.watch_at_night)
            except Exception:
                log.exception("background_work_failed")
                pause = _AFTER_FAULT
            try:
                await at_most(pause, self._stopping.wait()) if pause else await asyncio.sleep(0)
            except asyncio.TimeoutError:
                continue
