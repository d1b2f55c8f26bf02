"""The collection of gaps as a job that one process does: claimed by conditional update, and lost in time by who dies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.gaps.collecting import Collected
from qinwen.clock import SHAANXI

_LEASE = timedelta(minutes=15)
_ONLY = 1


@dataclass(frozen=True)
class GapRun:
    """The last collection: whether one is under way, when it ended, and what came of it."""

    running: bool
    finished_at: datetime | None
    words: str


def claim_run(session: Session, runner: str, at: datetime, *, nightly: bool) -> bool:
    """Take the collection for a process; False where another has it, or where this night's is done."""
    run = models.GapRun
    if session.get(run, _ONLY) is None:
        session.merge(run(id=_ONLY, runner="", words=""))
        session.flush()
    free = or_(run.lease_until.is_(None), run.lease_until < at)
    today = at.astimezone(SHAANXI).date()
    claim = update(run).where(run.id == _ONLY, free)
    if nightly:
        claim = claim.where(or_(run.night.is_(None), run.night < today)).values(night=today)
    result = session.execute(claim.values(runner=runner, lease_until=at + _LEASE))
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def finish_run(session: Session, runner: str, at: datetime, collected: Collected | None, rechecked: int = 0) -> None:
    """Give the collection back with what came of it; None where it failed."""
    words = "没有做成，请看日志。"
    if collected:
        words = (
            f"看了 {collected.questions} 句没答好的话：新的缺口 {collected.new} 个，原有的 {collected.known} 个，"
            f"又没答好的 {collected.reopened} 个；再问了 {rechecked} 个已发布的。"
        )
    run = models.GapRun
    mine = update(run).where(run.id == _ONLY, run.runner == runner)
    session.execute(mine.values(lease_until=None, finished_at=at, words=words))


def last_run(session: Session, at: datetime) -> GapRun:
    """Give how the collection stands."""
    found = session.get(models.GapRun, _ONLY)
    if found is None:
        return GapRun(running=False, finished_at=None, words="")
    return GapRun(found.lease_until is not None and found.lease_until >= at, found.finished_at, found.words)
