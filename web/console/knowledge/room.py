"""What the pages of knowledge work with: the live snapshot, an answerer on it, the encoder, and the replays under way.

The encoder and the index are loaded when the first page needs them, in a thread: most of the console does without.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from knowledge_base import (
    Answerer,
    Asked,
    Content,
    Draft,
    EntryInvalid,
    Knowledge,
    Publisher,
    QuestionSource,
    make_publisher,
    own_questions,
    read_golden,
    replay_draft,
    wordings_of,
)
from knowledge_base.gaps import Reader, read_nothing
from knowledge_base.question_vectors import encoded
from language import Encoder, load_encoder, normalise
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger
from qinwen.settings import Settings

log = logger(__name__)
MOST_REAL_QUESTIONS = 3000


class NoQuestions:
    """Stands in where nobody gives real questions: the replay asks the golden ones alone."""

    def recent_questions(self, most: int) -> list[Asked]:
        """Give none."""
        del most
        return []


@dataclass
class Run:
    """A replay that is under way, or how it failed."""

    done: int = 0
    total: int = 0
    failed: str = ""


class Loaded(Protocol):
    """What takes long to load."""

    encoder: Encoder | None
    knowledge: Knowledge
    answerer: Answerer


@dataclass(frozen=True)
class _Loaded:
    encoder: Encoder | None
    knowledge: Knowledge
    answerer: Answerer


class KnowledgeRoom:
    """Everything behind the pages of knowledge in this process.

    Args:
        database: the main database.
        encoder: loads the encoder, or gives None.
        source: real questions for the replay.
        golden: the installation's own golden questions, a file that may be missing.
        reader: gives what the engine's classifier makes of a text.
    """

    def __init__(
        self,
        database: Database,
        encoder: Callable[[], Encoder | None],
        source: QuestionSource,
        golden: Path,
        reader: Reader = read_nothing,
    ) -> None:
        self.database, self.reader = database, reader
        self._encoder, self._source, self._golden = encoder, source, golden
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._runs: dict[tuple[str, int], Run] = {}

    def encoder(self) -> Encoder | None:
        """Load the encoder alone; call it off the event loop."""
        with self._lock:
            return self._encoder()

    def load(self) -> _Loaded:
        """Give snapshot, answerer and encoder, loading them the first time; call it off the event loop."""
        with self._lock:
            if self._loaded is None:
                encoder = self._encoder()
                knowledge = Knowledge(self.database, encoder.name if encoder else "none")
                self._loaded = _Loaded(encoder, knowledge, Answerer(knowledge, encoder))
        self._loaded.knowledge.refresh()
        return self._loaded

    def publisher_for(self, content: Content | None = None) -> Publisher:
        """Give a publisher; what it will have to encode is encoded now, before any transaction."""
        encoder = self.load().encoder
        if encoder is not None and content is not None:
            encoder.encode([wording.text for wording in wordings_of(content)], "question")
        return make_publisher(encoder)

    def run_of(self, draft: Draft) -> Run | None:
        """Give the replay of a draft that is under way or failed, if any."""
        return self._runs.get((draft.entry, draft.revision))

    def start_replay(self, draft: Draft) -> None:
        """Replay questions against a draft in a thread, unless that is under way already."""
        key = (draft.entry, draft.revision)
        with self._lock:
            if key in self._runs and not self._runs[key].failed:
                return
            run = self._runs[key] = Run()
        threading.Thread(target=self._replay, args=(draft, run, key), name="replay", daemon=True).start()

    def prepare_replay(self) -> int:
        """Encode the questions of the next replay ahead, at night: then a reviewer waits for the answers alone."""
        held = self.load()
        questions = [
            *own_questions(held.knowledge),
            *read_golden(self._golden),
            *self._source.recent_questions(MOST_REAL_QUESTIONS),
        ]
        return sum(1 for _ in encoded(self.database, held.encoder, [normalise(asked.text) for asked in questions]))

    def _replay(self, draft: Draft, run: Run, key: tuple[str, int]) -> None:
        def tell(done: int, total: int) -> None:
            run.done, run.total = done, total

        try:
            held = self.load()
            golden = [*own_questions(held.knowledge, draft.entry), *read_golden(self._golden)]
            tell(0, len(golden))
            replay_draft(
                self.database,
                held.answerer,
                held.knowledge,
                held.encoder,
                draft,
                golden,
                self._source,
                MOST_REAL_QUESTIONS,
                now(),
                tell,
            )
        except EntryInvalid as error:
            run.failed = error.message
        except Exception:
            log.exception("replay_failed", entry=draft.entry)
            run.failed = "影响分析没有做成，请再试一次；还不行请联系管理员。"
        else:
            self._runs.pop(key, None)


ROOM = web.AppKey("knowledge_room", KnowledgeRoom)


def make_room(
    settings: Settings,
    database: Database,
    source: QuestionSource | None = None,
    encoder: Callable[[], Encoder | None] | None = None,
    reader: Reader = read_nothing,
) -> KnowledgeRoom:
    """Give the room of an installation; `encoder` loads one that others share."""
    return KnowledgeRoom(
        database,
        encoder or (lambda: load_encoder(settings.encoder).encoder),
        source or NoQuestions(),
        settings.var / "golden.jsonl",
        reader,
    )
