"""Supervisors' figures over a time, a desk, an agent. Each figure's definition stands in `DEFINITIONS`, and in the page.

All of them look at handlings by when the citizen asked, so that the figures of one day add up. A figure without anything to
look at is None, never zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.orm import Session

from desk.bad_ratings import was_upheld
from desk.models import HandlingMove, HandlingRow, RatingRow
from desk.vocabulary import BY_AGENT, CloseOutcome, MoveKind, RatingLevel, RatingTarget

SAME_AGAIN_WITHIN = timedelta(hours=24)
_ENDED_BY_AGENT = frozenset(outcome.value for outcome in BY_AGENT)

DEFINITIONS = {
    "asked": "要求人工的次数：进入服务台的会话，每次算一个，留言和中途离开的也算。",
    "served": "接待数：有坐席接入过的会话。",
    "left": "离开排队：没等到坐席、自己走了的会话。",
    "messages": "留言：改为留言的会话。",
    "first_response": "首次响应（秒，中位数）：从市民要求人工，到坐席发出第一条消息；没有坐席消息的不算。",
    "handling": "处理时长（秒，中位数）：从坐席第一次接入，到会话结束；没结束的不算。",
    "resolution": "解决率：坐席选「已解决」、并且同一位市民 24 小时内没有再次要求人工，占坐席结束的会话的比例。",
    "transfers": "转交率：有坐席转交（到别的服务台或坐席）的会话，占接待数的比例；自动转移和班长调派不算。",
    "rated": "评价数：对人工服务的评价，申诉成立的不算。",
    "rating": "平均评价：五级记 1 到 5 分。",
    "satisfied": "满意率：基本满意及以上，占评价数的比例。",
}


@dataclass(frozen=True)
class Seen:
    """A handling as the figures look at it; `levels` are its ratings that stand, `again` whether the citizen came back soon."""

    id: str
    desk: str
    agent: str | None
    asked_at: datetime
    claimed_at: datetime | None
    first_reply_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    transferred: bool
    levels: tuple[int, ...]
    again: bool


@dataclass(frozen=True)
class Figures:
    """The figures; `DEFINITIONS` says what each is."""

    asked: int
    served: int
    left: int
    messages: int
    first_response: float | None
    handling: float | None
    resolution: float | None
    transfers: float | None
    rated: int
    rating: float | None
    satisfied: float | None

    def to_json(self) -> dict[str, Any]:
        """Give the figures by name, for pages and export."""
        return asdict(self)


def measure(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    desk: str | None = None,
    desks: Sequence[str] | None = None,
    agent: str | None = None,
) -> Figures:
    """Give the figures of the handlings that were asked for from `start` up to `end`.

    An agent's figures cover what they hold or closed; a desk's (or some desks') what it has or ended with.
    """
    conditions = [HandlingRow.asked_at >= start, HandlingRow.asked_at < end]
    if desk is not None:
        conditions.append(HandlingRow.desk == desk)
    if desks is not None:
        conditions.append(HandlingRow.desk.in_(desks))
    if agent is not None:
        conditions.append(HandlingRow.agent == agent)
    return _figures(_read(session, conditions))


def measure_each(
    session: Session, start: datetime, end: datetime, desks: Sequence[str], part: Callable[[Seen], str | None]
) -> tuple[dict[str, Figures], Figures]:
    """Give the figures of each part of the handlings of some desks, and of all together, in one look.

    Args:
        session: an open session.
        start: from when the citizens asked.
        end: up to when.
        desks: the desks' codes.
        part: names what a handling counts for: a desk, an agent, a day; None: for nothing but the whole.
    """
    seen = _read(session, [HandlingRow.asked_at >= start, HandlingRow.asked_at < end, HandlingRow.desk.in_(desks)])
    parts: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        if (name := part(one)) is not None:
            parts[name].append(one)
    return {name: _figures(parts[name]) for name in sorted(parts)}, _figures(seen)


def _read(session: Session, conditions: Sequence[ColumnElement[bool]]) -> list[Seen]:
    """Read what the figures look at; by joins, since a year of handlings is more than one statement takes as a list."""
    h = HandlingRow
    columns = (h.id, h.desk, h.agent, h.citizen_id, h.asked_at, h.claimed_at, h.first_reply_at, h.closed_at, h.outcome)
    moved = set(
        session.scalars(
            select(HandlingMove.handling_id)
            .join(h, h.id == HandlingMove.handling_id)
            .where(HandlingMove.kind == MoveKind.TRANSFER.value, *conditions)
        )
    )
    levels: dict[str, list[int]] = defaultdict(list)
    rated = (
        select(RatingRow.target_id, RatingRow.level)
        .join(h, h.id == RatingRow.target_id)
        .where(RatingRow.target == RatingTarget.AGENT.value, not_(was_upheld(RatingRow.id)), *conditions)
    )
    for handling, level in session.execute(rated):
        levels[handling].append(level)
    asked: dict[str, list[datetime]] = defaultdict(list)
    citizens = select(h.citizen_id).where(*conditions)
    for citizen, moment in session.execute(select(h.citizen_id, h.asked_at).where(h.citizen_id.in_(citizens))):
        asked[citizen].append(moment)
    return [
        Seen(
            id=row.id,
            desk=row.desk,
            agent=row.agent,
            asked_at=row.asked_at,
            claimed_at=row.claimed_at,
            first_reply_at=row.first_reply_at,
            closed_at=row.closed_at,
            outcome=row.outcome,
            transferred=row.id in moved,
            levels=tuple(levels[row.id]),
            again=_again(row.closed_at, asked[row.citizen_id]),
        )
        for row in session.execute(select(*columns).where(*conditions))
    ]


def _again(closed: datetime | None, asked: Sequence[datetime]) -> bool:
    return closed is not None and any(closed < moment <= closed + SAME_AGAIN_WITHIN for moment in asked)


def _figures(seen: Sequence[Seen]) -> Figures:
    served = [one for one in seen if one.claimed_at]
    ended = [one for one in served if one.outcome in _ENDED_BY_AGENT]
    solved = [one for one in ended if one.outcome == CloseOutcome.RESOLVED.value and one.closed_at and not one.again]
    levels = [level for one in seen for level in one.levels]
    firsts = [(one.first_reply_at - one.asked_at).total_seconds() for one in served if one.first_reply_at]
    handlings = [(one.closed_at - one.claimed_at).total_seconds() for one in served if one.closed_at and one.claimed_at]
    return Figures(
        asked=len(seen),
        served=len(served),
        left=sum(one.outcome == CloseOutcome.LEFT.value for one in seen if not one.claimed_at),
        messages=sum(one.outcome == CloseOutcome.MESSAGE.value for one in seen),
        first_response=median(firsts) if firsts else None,
        handling=median(handlings) if handlings else None,
        resolution=_share(len(solved), len(ended)),
        transfers=_share(sum(one.transferred for one in served), len(served)),
        rated=len(levels),
        rating=sum(levels) / len(levels) if levels else None,
        satisfied=_share(sum(level >= RatingLevel.FAIR for level in levels), len(levels)),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


NO_FIGURES = _figures(())
