"""What knowledge learns from conversations: real questions for the replay, and those that were not answered well.

The ledger and the desk are siblings of `knowledge_base`; here, above all three, they are put together. Made in `serving.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from conversations import EngineClient, ResponderUnavailable, poor_turns, recent_questions
from desk import badly_rated_turns
from knowledge_base import Asked
from knowledge_base.gaps import PoorQuestion
from qinwen.database import Database
from qinwen.log import logger

log = logger(__name__)
_LONGEST_READING = 5.0


class LedgerQuestions:
    """Questions out of the ledger, masked as they stand there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent_questions(self, most: int) -> Sequence[Asked]:
        """Give the questions asked last, each text once with how often it was asked."""
        with self._database.session() as session:
            return [Asked(text, times=times) for text, times in recent_questions(session, most)]

    def poor_questions(self, since: datetime, most: int) -> Sequence[PoorQuestion]:
        """Give the questions asked since a moment that were not answered well, the newest `most`."""
        with self._database.session() as session:
            found = poor_turns(session, since, most, badly_rated_turns(session, since))
        return [PoorQuestion(turn.turn, turn.citizen, turn.text, turn.trouble, turn.at, turn.region) for turn in found]


class EngineReader:
    """What the engine's classifier makes of a text; called from threads, while the loop runs the call."""

    def __init__(self, engine: EngineClient, loop: asyncio.AbstractEventLoop) -> None:
        self._engine, self._loop = engine, loop

    def __call__(self, text: str) -> Mapping[str, float]:
        """Give the intents, or nothing where the engine can't be asked."""
        coming = asyncio.run_coroutine_threadsafe(self._engine.read_intents(text), self._loop)
        try:
            return coming.result(_LONGEST_READING)
        except (ResponderUnavailable, asyncio.TimeoutError, TimeoutError) as error:
            coming.cancel()
            log.warning("intents_not_read", reason=type(error).__name__)
            return {}
