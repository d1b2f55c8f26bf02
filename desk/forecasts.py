"""The waiting range of a desk from its rows, what was told about it, and how well that held. Arithmetic: `waiting`.

Estimating takes some milliseconds, so it is done while no row is held.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from desk.handling import count_ahead
from desk.models import HandlingRow
from desk.presence import agents_of
from desk.vocabulary import CloseOutcome, HandlingState, Presence
from desk.waiting import COVERAGE, LEVELS, QueueNow, Seen, Wait, estimate

_RECENT = 400
_RECENT_DAYS = timedelta(days=60)
_LEAST_MINUTE = 60.0
_REMEMBERED = timedelta(seconds=15)
_SHOWN_FOR = timedelta(seconds=30)
_MOST_SHOWN = 1000


@dataclass(frozen=True)
class QueuePlace:
    """Where somebody stands: how many are served before them, and the waiting range if anybody is there."""

    ahead: int
    wait: Wait | None
    free: bool

    @property
    def position(self) -> int:
        """Their number in the queue, from 1."""
        return self.ahead + 1


@dataclass(frozen=True)
class Calibration:
    """How often the told range was right, at a level, over some waits; and how the waits of the last ones compare."""

    level: float
    observed: float
    n: int


@dataclass(frozen=True)
class Past:
    """What lately happened at a desk: seconds of conversations and of reactions, leaving (see `QueueNow`), waits."""

    read_at: datetime
    handlings: tuple[float, ...]
    reactions: tuple[float, ...]
    leaving: float
    seen: tuple[Seen, ...]


class Forecaster:
    """Estimates waits, remembering each desk's past for some seconds."""

    def __init__(self) -> None:
        self._past: dict[str, Past] = {}
        self._looked: dict[str, tuple[datetime, QueuePlace]] = {}

    def look_again(self, session: Session, citizen: str, moment: datetime) -> QueuePlace | None:
        """Tell where a citizen who waits stands by now, for their page; None: they wait no more.

        The range that they were told first stays what the method is judged by. It is estimated anew when somebody in front is
        gone, and else twice a minute, for it is played forward by chance and a range that flickers helps nobody.
        """
        row = session.scalar(
            select(HandlingRow)
            .where(HandlingRow.citizen_id == citizen, HandlingRow.state == HandlingState.QUEUED.value)
            .limit(1)
        )
        if row is None:
            return None
        known = self._looked.get(row.id)
        if known and abs(moment - known[0]) < _SHOWN_FOR and known[1].ahead == count_ahead(session, citizen):
            return known[1]
        place = find_place(session, row.desk, row.rank_at, row.id, self._past_of(session, row.desk, moment), moment)
        if len(self._looked) > _MOST_SHOWN:
            self._looked = {key: one for key, one in self._looked.items() if abs(moment - one[0]) < _SHOWN_FOR}
        self._looked[row.id] = (moment, place)
        return place

    def tell_place(self, session: Session, handling: str, moment: datetime) -> QueuePlace | None:
        """Tell where a waiting handling stands, and keep what its citizen is told first; None: it waits no more."""
        row = session.get(HandlingRow, handling, populate_existing=True)
        if row is None or row.state != HandlingState.QUEUED.value:
            return None
        place = find_place(session, row.desk, row.rank_at, row.id, self._past_of(session, row.desk, moment), moment)
        if place.wait is not None and row.wait is None:
            session.execute(
                update(HandlingRow)
                .where(HandlingRow.id == handling, HandlingRow.claimed_at.is_(None))
                .values(wait={**place.wait.to_json(), "free": place.free})
                .execution_options(synchronize_session=False)
            )
        return place

    def _past_of(self, session: Session, desk: str, moment: datetime) -> Past:
        past = self._past.get(desk)
        if past is None or abs(moment - past.read_at) > _REMEMBERED:
            past = self._past[desk] = read_past(session, desk, moment)
        return past


def find_place(session: Session, desk: str, rank_at: datetime, handling: str, past: Past, moment: datetime) -> QueuePlace:
    """Tell where somebody stands in a desk's queue, and how long it will take."""
    ahead = session.scalar(
        select(func.count()).where(
            HandlingRow.desk == desk,
            HandlingRow.state == HandlingState.QUEUED.value,
            HandlingRow.id != handling,
            (HandlingRow.rank_at < rank_at) | ((HandlingRow.rank_at == rank_at) & (HandlingRow.id < handling)),
        )
    )
    agents = [agent for agent in agents_of(session, [desk], moment) if agent.presence is Presence.ONLINE]
    names = [agent.agent for agent in agents]
    claimed = session.scalars(
        select(HandlingRow.claimed_at).where(HandlingRow.agent.in_(names), HandlingRow.state == HandlingState.WITH_AGENT.value)
    )
    queue = QueueNow(
        ahead=ahead or 0,
        free=sum(agent.room for agent in agents),
        running=tuple(max(0.0, (moment - began).total_seconds()) for began in claimed if began),
        handlings=past.handlings,
        reactions=past.reactions,
        leaving=past.leaving,
    )
    wait = estimate(queue, past.seen, np.random.default_rng())
    return QueuePlace(queue.ahead, wait, queue.free > queue.ahead)


def read_past(session: Session, desk: str, moment: datetime) -> Past:
    """Give what lately happened at a desk."""
    rows = _recent(session, desk, moment)
    return Past(
        read_at=moment,
        handlings=_handlings(rows),
        reactions=tuple(seconds for row in rows if (row.wait or {}).get("free") and (seconds := _waited(row)) is not None),
        leaving=_leaving(rows),
        seen=tuple(_seen(rows)),
    )


def note_waited(row: HandlingRow, moment: datetime) -> None:
    """Keep how long it really was, at the first claim."""
    if row.wait is not None and "waited" not in row.wait:
        row.wait = {**row.wait, "waited": (moment - row.asked_at).total_seconds()}


def read_calibration(session: Session, since: datetime, desks: Sequence[str] | None = None) -> list[Calibration]:
    """Tell for each level how often the range was right since a moment; the page's plot and table show it."""
    query = select(HandlingRow.wait).where(HandlingRow.asked_at >= since, HandlingRow.claimed_at.is_not(None))
    if desks is not None:
        query = query.where(HandlingRow.desk.in_(desks))
    told = [_to_seen(wait) for wait in session.scalars(query) if wait and "waited" in wait]
    if not told:
        return []
    return [
        Calibration(level, sum(one.told.covers(one.waited, level) for one in told) / len(told), len(told)) for level in LEVELS
    ]


def calibration_to_json(rows: Sequence[Calibration]) -> dict[str, Any]:
    """Give the shape of `bench/desk_waiting.py`, so that one page shows both."""
    told = next((row for row in rows if row.level == COVERAGE), None)
    return {
        "target": COVERAGE,
        "coverage": told.observed if told else None,
        "n": told.n if told else 0,
        "calibration": [{"level": row.level, "observed": row.observed} for row in rows],
    }


def simulated_calibration() -> dict[str, Any]:
    """Give what `bench/desk_waiting.py` measured over simulated desks, load by load, for the page beside the real waits."""
    shape: dict[str, Any] = json.loads(
        (Path(__file__).parent / "data" / "waiting_calibration.json").read_text(encoding="utf-8")
    )
    return shape


def _recent(session: Session, desk: str, moment: datetime) -> list[HandlingRow]:
    """Give a desk's last handlings that were claimed or left, oldest first."""
    query = (
        select(HandlingRow)
        .where(
            HandlingRow.desk == desk,
            HandlingRow.asked_at > moment - _RECENT_DAYS,
            (HandlingRow.claimed_at.is_not(None)) | (HandlingRow.outcome == CloseOutcome.LEFT.value),
        )
        .order_by(func.coalesce(HandlingRow.claimed_at, HandlingRow.closed_at).desc())
        .limit(_RECENT)
    )
    return list(session.scalars(query))[::-1]


def _handlings(past: Sequence[HandlingRow]) -> tuple[float, ...]:
    return tuple((row.closed_at - row.claimed_at).total_seconds() for row in past if row.claimed_at and row.closed_at)


def _waited(row: HandlingRow) -> float | None:
    return (row.wait or {}).get("waited")


def _leaving(past: Sequence[HandlingRow]) -> float:
    left = [row for row in past if row.claimed_at is None]
    waited = sum(((row.claimed_at or row.closed_at or row.asked_at) - row.asked_at).total_seconds() for row in past)
    return len(left) / max(waited, _LEAST_MINUTE)


def _seen(past: Sequence[HandlingRow]) -> list[Seen]:
    return [_to_seen(row.wait) for row in past if row.wait and "waited" in row.wait]


def _to_seen(shape: dict[str, Any]) -> Seen:
    return Seen(Wait.from_json(shape), float(shape["waited"]))
