"""The jobs of imports: looking a file through, and applying what was approved. Called by `web`'s task and the command line.

Encoding takes ten to twenty milliseconds a sentence: it is done before the write transaction, a batch at a time, and what is
done is kept (`question_vectors`), so that a job that was interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.batches import (
    Batch,
    accept_at_once,
    beat,
    claim,
    file_of,
    keep_plan,
    let_go,
    mark_applied,
    read_batch,
    refuse,
)
from knowledge_base.content import Review, read_body
from knowledge_base.errors import EntryInvalid, EntryNotFound, FileRefused, ImportRefused
from knowledge_base.events import note_many
from knowledge_base.import_plan import make_plan
from knowledge_base.many import chunks
from knowledge_base.publishing import Approval, entry_id_of
from knowledge_base.publishing_many import Work, prepare_many, write_many
from knowledge_base.question_vectors import read_vectors, write_vectors
from knowledge_base.sheets import read_entries_file
from knowledge_base.wordings import wordings_of
from language import Encoder
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from qinwen.log import logger

log = logger(__name__)
_BATCH = 32
_BEATS_EVERY = 4


class Audit(Protocol):
    """Writes down who did what, in the transaction in which it is done; packages beside this one own the log."""

    def hold(self, session: Session) -> None:
        """Take the log's lock, before anything is changed."""

    def record(self, session: Session, actor: str, action: str, batch: int, detail: dict[str, int]) -> None:
        """Write one row."""


class NoAudit:
    """Stands in where nothing is written down: in tests."""

    def hold(self, session: Session) -> None:
        """Take nothing."""

    def record(self, session: Session, actor: str, action: str, batch: int, detail: dict[str, int]) -> None:
        """Write nothing."""


class Stopped(Exception):
    """The process is being shut down, or the job is another's now."""


class ImportJobs:
    """Runs the jobs of imports in a process, one after the other.

    Args:
        database: the main database.
        encoder: gives the encoder when it is needed; it may be None.
        worker: names this process.
        audit: writes the audit log.
        clock: the present moment.
    """

    def __init__(
        self,
        database: Database,
        encoder: Callable[[], Encoder | None],
        worker: str,
        audit: Audit,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database, self._encoder, self._worker, self._audit, self._clock = database, encoder, worker, audit, clock
        self.stopping = False

    def finish(self, number: int) -> Batch:
        """Look a batch that was begun by this worker through and apply it at once; gives what became of it."""
        self._do(number, "reading")
        with self._database.session() as session:
            planned = read_batch(session, number).state == "planned"
            if planned:
                accept_at_once(session, number, self._worker, self._clock())
        if planned:
            self._do(number, "applying")
        with self._database.session() as session:
            return read_batch(session, number)

    def run_next(self) -> int | None:
        """Do the oldest job that is open; gives its number, or None when there is none.

        What goes wrong with the file or the import is written down with the batch; only faults of ours are raised.
        """
        with self._database.session() as session:
            job = claim(session, self._worker, self._clock())
        if job is None:
            return None
        self._do(*job)
        return job[0]

    def _do(self, number: int, doing: str) -> None:
        try:
            if doing == "reading":
                self._look_through(number)
            else:
                self._apply(number)
        except (FileRefused, ImportRefused, EntryInvalid, EntryNotFound) as error:
            self._refuse(number, error.message)
        except Stopped:
            with self._database.session() as session:
                let_go(session, number, self._worker)
        except Exception:
            log.exception("import_failed", batch=number)
            self._refuse(number, "系统出了故障，什么都没有导入。请再传一次；还不行请联系管理员。")

    def _refuse(self, number: int, words: str) -> None:
        try:
            with self._database.session() as session:
                refuse(session, number, self._worker, words, self._clock())
        except ImportRefused:
            log.warning("import_taken_over", batch=number)

    def _look_through(self, number: int) -> None:
        with self._database.session() as session:
            name, data, whole, scope = file_of(session, number)
        contents = read_entries_file(data, name)
        with self._database.session() as session:
            plan = make_plan(
                session,
                contents,
                self._clock(),
                whole=whole,
                scope=scope,
                progress=lambda done, total: self._tell(number, done, total),
            )
        with self._database.session() as session:
            keep_plan(session, number, self._worker, plan, self._clock())

    def _apply(self, number: int) -> None:
        works = self._works(number)
        encoder = self._encoder()
        vectors = self._vectors(number, encoder, works) if encoder else {}
        moment = self._clock()
        with self._database.session() as session:
            batch = read_batch(session, number)
            review = Review(moment.astimezone(SHAANXI).date() if batch.approver else None, batch.review_due_on)
            approval = Approval(batch.author, batch.approver, batch.reason, review=review, batch=number)
            prepared = prepare_many(session, works, approval, encoder.name if encoder else "none", vectors.get, moment)
        with self._database.session() as session:
            self._audit.hold(session)
            mark_applied(session, number, self._worker, moment)
            published = write_many(session, prepared)
            note_many(session, published, batch.approver or batch.author, "imported", moment, f"第 {number} 批：{batch.reason}")
            detail = {name: batch.counts[name] for name in ("added", "changed")}
            self._audit.record(session, batch.approver or batch.author, "import_applied", number, detail)

    def _works(self, number: int) -> list[Work]:
        r = models.ImportRow
        query = select(r.entry_id, r.body, r.before).where(r.batch == number, r.act.in_(("added", "changed")))
        with self._database.session() as session:
            return [Work(read_body(entry.partition(":")[0], body or {}, entry), before) for entry, body, before in
                    session.execute(query.order_by(r.number))]  # fmt: skip

    def _vectors(self, number: int, encoder: Encoder, works: Sequence[Work]) -> dict[str, bytes]:
        """Give the vectors of all wordings: those that are known, and the others made now."""
        texts = list(dict.fromkeys(wording.text for work in works for wording in wordings_of(work.content)))
        known = self._known(encoder.name, works, texts)
        missing = [text for text in texts if text not in known]
        total = len(texts)
        self._tell(number, total - len(missing), total)
        for count, start in enumerate(range(0, len(missing), _BATCH), 1):
            batch = missing[start : start + _BATCH]
            made = encoder.encode(batch, "question")
            write_vectors(self._database, encoder.name, dict(zip(batch, made, strict=True)))
            known.update((text, made[n].astype(np.float16).tobytes()) for n, text in enumerate(batch))
            if count % _BEATS_EVERY == 0:
                self._tell(number, total - len(missing) + start + len(batch), total)
        self._tell(number, total, total)
        return known

    def _known(self, encoder: str, works: Sequence[Work], texts: Sequence[str]) -> dict[str, bytes]:
        """Give the vectors that earlier versions of the entries have, and those that were made before an interruption."""
        r, wanted = models.SearchRow, set(texts)
        found: dict[str, bytes] = {}
        with self._database.session() as session:
            for chunk in chunks([entry_id_of(work.content) for work in works if work.before]):
                query = select(r.text, r.vector).where(r.owner.in_(chunk), r.encoder == encoder, r.vector.is_not(None))
                found.update((text, vector) for text, vector in session.execute(query) if text in wanted and vector)
        kept = read_vectors(self._database, encoder, [text for text in texts if text not in found])
        found.update((text, vector.astype(np.float16).tobytes()) for text, vector in kept.items())
        return found

    def _tell(self, number: int, done: int, total: int) -> None:
        if self.stopping:
            raise Stopped
        with self._database.session() as session:
            if not beat(session, number, self._worker, done, total, self._clock()):
                raise Stopped
