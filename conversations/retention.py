"""How long words are kept, and the daily run of the job that erases what is older (`retention.py` at the root composes it).

What is older is erased, or only counted in a dry run. The times and outcomes of turns stay, for the figures; they hold no
word of a citizen. The one writer of `retention_run`: a day's run belongs to the process that claims it, and is taken over
when its lease ends, so any number of `web` processes may try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from conversations.deliveries import OPEN
from conversations.ledger import ERASED
from conversations.models import Citizen, Delivery, Message, RetentionRun, Turn

RUN_LEASE = timedelta(minutes=30)


@dataclass(frozen=True)
class Run:
    """A day's run: what it erased, by class; `finished_at` is None while it runs, or where it broke off."""

    day: date
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]


def purge_words(session: Session, before: datetime, *, dry_run: bool) -> dict[str, int]:
    """Erase the words of messages and of pushed messages that are older than a moment; returns how many, by table."""
    classes: dict[str, tuple[type[Any], Any, dict[str, Any]]] = {
        "message": (Message, (Message.created_at < before) & (Message.text != ""), {"text": "", "payload": None}),
        "delivery": (
            Delivery,
            (Delivery.created_at < before) & Delivery.state.not_in(OPEN) & (Delivery.reason.is_distinct_from("retention")),
            {"part": {"text": ""}, "reason": "retention"},
        ),
    }
    counts = {}
    for name, (model, rule, values) in classes.items():
        counts[name] = session.scalar(select(func.count()).select_from(model).where(rule)) or 0
        if counts[name] and not dry_run:
            session.execute(update(model).where(rule).values(**values).execution_options(synchronize_session=False))
    return counts


def find_silent(session: Session, before: datetime, limit: int) -> list[str]:
    """List citizens who have not written since a moment and can still be reached."""
    spoke = exists().where(Turn.citizen_id == Citizen.id, Turn.started_at >= before)
    rule = (Citizen.created_at < before) & ~Citizen.address.startswith(ERASED) & ~spoke
    return list(session.scalars(select(Citizen.id).where(rule).order_by(Citizen.created_at).limit(limit)))


def claim_run(session: Session, day: date, runner: str, moment: datetime) -> bool:
    """Take the run of a day. True for one process, unless it dies."""
    again = session.execute(
        update(RetentionRun)
        .where(RetentionRun.day == day, RetentionRun.state == "running", RetentionRun.lease_until < moment)
        .values(runner=runner, lease_until=moment + RUN_LEASE, started_at=moment)
    )
    if isinstance(again, CursorResult) and again.rowcount:
        return True
    if session.get(RetentionRun, day) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(
                RetentionRun(
                    day=day, state="running", runner=runner, lease_until=moment + RUN_LEASE, started_at=moment, counts={}
                )
            )
            session.flush()
    except IntegrityError:
        return False  # another process was faster
    return True


def end_run(session: Session, day: date, runner: str, moment: datetime, counts: Mapping[str, int]) -> None:
    """Note what a run erased."""
    session.execute(
        update(RetentionRun)
        .where(RetentionRun.day == day, RetentionRun.runner == runner)
        .values(state="done", finished_at=moment, counts=dict(counts))
    )


def last_run(session: Session) -> Run | None:
    """Give the newest run."""
    row = session.scalar(select(RetentionRun).order_by(RetentionRun.day.desc()).limit(1))
    return Run(row.day, row.started_at, row.finished_at, row.counts) if row else None
