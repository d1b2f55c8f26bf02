"""Collects gaps every night and on demand, and asks again what was published: a task in `web`, in any number of processes.

Who collects is decided by a conditional update (`knowledge_base.gaps.runs`): a process that dies loses its claim in time.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta

from knowledge_base.gaps import (
    Collected,
    PoorQuestionSource,
    Reader,
    claim_run,
    collect_gaps,
    finish_run,
    gaps_to_recheck,
    read_gap,
    read_nothing,
    recheck_gap,
)
from qinwen.clock import SHAANXI, now
from qinwen.log import logger
from web.console.knowledge.room import KnowledgeRoom

log = logger(__name__)
_EVERY = 60.0
_NIGHT_HOUR = 3
_LOOKED_BACK = timedelta(days=30)
_MOST = 50_000


class GapKeeper:
    """The job, with what it works with."""

    def __init__(self, room: KnowledgeRoom, source: PoorQuestionSource, reader: Reader = read_nothing) -> None:
        self._room, self._source, self._reader = room, source, reader
        self._runner = uuid.uuid4().hex
        self._tasks: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Look once a minute whether the night's collection is due, or something was published that must be asked again."""
        while True:
            try:
                await asyncio.to_thread(self.step, now())
            except Exception:
                log.exception("gap_step_failed")  # the next minute tries again
            await asyncio.sleep(_EVERY)

    def step(self, at: datetime) -> None:
        """Do what is due at a moment."""
        if at.astimezone(SHAANXI).hour >= _NIGHT_HOUR:
            self.collect(at, nightly=True)
        self.recheck(at)

    def start(self) -> None:
        """Collect now, in the background."""
        task = asyncio.create_task(asyncio.to_thread(self.collect, now(), nightly=False))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def collect(self, at: datetime, *, nightly: bool) -> bool:
        """Collect gaps, unless somebody does or did already; tells whether it was done here."""
        database = self._room.database
        with database.session() as session:
            if not claim_run(session, self._runner, at, nightly=nightly):
                return False
        collected: Collected | None = None
        rechecked = 0
        try:
            held = self._room.load()
            questions = self._source.poor_questions(at - _LOOKED_BACK, _MOST)
            collected = collect_gaps(database, questions, held.answerer, held.knowledge, held.encoder, at, self._reader)
            rechecked = self.recheck(at)
            self._room.prepare_replay()
        except Exception:
            log.exception("gaps_not_collected")
        finally:
            with database.session() as session:
                finish_run(session, self._runner, now(), collected, rechecked)
        return collected is not None

    def recheck(self, at: datetime) -> int:
        """Ask the gaps again whose entries were published; gives how many."""
        database = self._room.database
        with database.session() as session:
            gaps = [read_gap(session, number) for number in gaps_to_recheck(session)]
        if gaps:
            held = self._room.load()
            for gap in gaps:
                recheck_gap(database, held.answerer, gap, at, self._reader)
        return len(gaps)

    def recheck_one(self, number: int, at: datetime) -> None:
        """Ask one gap again because somebody wants it.

        Raises:
            GapNotFound: there is no such gap.
        """
        with self._room.database.session() as session:
            gap = read_gap(session, number)
        recheck_gap(self._room.database, self._room.load().answerer, gap, at, self._reader)
