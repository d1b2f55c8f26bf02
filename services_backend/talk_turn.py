"""One turn of the conversation about cases: the question, where the talk stands, and what it works with."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from qinwen.database import Database
from qinwen.sealing import Sealer
from services_backend import keeping
from services_backend.backend import ServicesBackend
from services_backend.talk_state import CaseQuestion, Talk
from services_backend.try_limits import TryLimits

T = TypeVar("T")
PURPOSE = "case-access"


@dataclass(frozen=True)
class CaseRoom:
    """What all turns work with. `item_title` gives an item's title by its code; empty where there is none."""

    backend: ServicesBackend
    database: Database
    sealer: Sealer
    limits: TryLimits
    item_title: Callable[[Session, str], str] = lambda _, code: code

    async def keep(self, work: Callable[[Session], T]) -> T:
        """Do a unit of work in the main database, in a thread."""

        def run() -> T:
            with self.database.session() as session:
                return work(session)

        return await asyncio.to_thread(run)


@dataclass
class TalkTurn:
    """A turn. `binding` is the opened access of a bound citizen, empty without; `kept` is the talk as it is stored."""

    room: CaseRoom
    question: CaseQuestion
    talk: Talk
    binding: str = ""
    applicant: str = ""
    kept: dict[str, Any] | None = None

    async def keep_talk(self) -> None:
        """Store where the talk stands, if that changed."""
        stands = self.talk.to_json()
        if stands != self.kept:
            await self.room.keep(lambda s: keeping.write_talk(s, self.citizen, stands))
            self.kept = stands

    @property
    def backend(self) -> ServicesBackend:
        """Give the case system."""
        return self.room.backend

    @property
    def citizen(self) -> str:
        """Give the citizen's id."""
        return self.question.citizen

    def key(self, *parts: str) -> str:
        """Make the key of something that is to be done once, however often it is tried."""
        return hashlib.sha256("|".join((self.citizen, *parts)).encode()).hexdigest()[:40]
