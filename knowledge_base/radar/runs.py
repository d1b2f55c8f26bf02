"""The radar's runs: the nightly one, that one process of several does, and those on demand. The one writer of `radar_run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.errors import EditRefused
from knowledge_base.radar.checks import look
from knowledge_base.radar.findings import merge
from knowledge_base.seeding import AUTHOR
from knowledge_base.snapshot import Knowledge
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger

log = logger(__name__)
DEAD_AFTER = timedelta(minutes=15)
"""A run that has not ended after so long died with its process."""


@dataclass(frozen=True)
class Run:
    """A run: when, by whom, and what came of it."""

    name: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    words: str


def nightly_name(day: date) -> str:
    """Name the nightly run of a day; there is one."""
    return f"night {day}"


def begin_run(session: Session, name: str, actor: str, at: datetime) -> bool:
    """Begin a run; False when another process has begun that one.

    Raises:
        EditRefused: another run is under way.
    """
    r = models.RadarRun
    busy = session.scalar(select(r.name).where(r.finished_at.is_(None), r.started_at > at - DEAD_AFTER).limit(1))
    if busy == name or session.get(r, name) is not None:
        return False
    if busy is not None:
        raise EditRefused("正在检查，请等几分钟再看。")
    session.add(
        r(name=name, actor=actor, started_at=at, finished_at=None, beat_at=at, knowledge_revision=0, counts={}, words="")
    )
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        return False
    return True


def run_radar(
    database: Database,
    name: str,
    clock: Callable[[], datetime] = now,
    hold: Callable[[Session], None] | None = None,
    after: Callable[[Session, dict[str, int]], None] | None = None,
) -> dict[str, int]:
    """Look through what is live, and remember what was found; gives the counts.

    Args:
        database: the main database.
        name: of the run, that `begin_run` has begun.
        clock: the present moment.
        hold: takes the audit log's lock, at the beginning of the transaction that writes the findings.
        after: called at its end.
    """
    r = models.RadarRun
    words, counts = "", {}
    try:
        # A snapshot of its own, given up afterwards; with the vectors that are stored, so the encoder is not needed.
        with database.session() as session:
            encoder = session.scalar(select(models.SearchRow.encoder).order_by(models.SearchRow.id.desc()).limit(1))
        knowledge = Knowledge(database, encoder or "none", clock)
        knowledge.refresh()
        seen = look(knowledge, clock())
        with database.session() as session:
            # What is written comes before what is read: SQLite can't make a reader a writer once somebody else has written.
            if hold is not None:
                hold(session)
            session.execute(update(r).where(r.name == name).values(beat_at=clock()))
            counts = merge(session, seen, clock(), {AUTHOR, ""})
            if after is not None:
                after(session, counts)
    except Exception:
        log.exception("radar_failed", run=name)
        words = "检查没有做完，已经记入日志。"
        raise
    finally:
        with database.session() as session:
            values = {"finished_at": clock(), "counts": counts, "words": words, "beat_at": clock()}
            session.execute(update(r).where(r.name == name).values(**values))
    return counts


def latest_runs(session: Session, limit: int = 10) -> list[Run]:
    """Give the last runs, the newest first."""
    r = models.RadarRun
    found = session.scalars(select(r).order_by(r.started_at.desc()).limit(limit))
    return [Run(x.name, x.actor, x.started_at, x.finished_at, x.counts, x.words) for x in found]
