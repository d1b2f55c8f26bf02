"""Supervisors' figures over a time, a desk, an agent. Each figure's definition stands in `DEFINITIONS`, and in the page.

All of them look at handlings by when the citizen asked, so that the figures of one day add up. A figure without anything to
look at is None, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.bad_ratings import upheld_ratings
from desk.models import HandlingMove, HandlingRow, RatingRow
from desk.vocabulary import BY_AGENT, CloseOutcome, MoveKind, RatingLevel, RatingTarget

SAME_AGAIN_WITHIN = timedelta(hours=24)

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
    query = select(HandlingRow).where(HandlingRow.asked_at >= start, HandlingRow.asked_at < end)
    if desk is not None:
        query = query.where(HandlingRow.desk == desk)
    if desks is not None:
        query = query.where(HandlingRow.desk.in_(desks))
    if agent is not None:
        query = query.where(HandlingRow.agent == agent)
    rows = session.scalars(query).all()
    served = [row for row in rows if row.claimed_at]
    ended = [row for row in served if row.outcome in {outcome.value for outcome in BY_AGENT}]
    transferred = _transferred(session, [row.id for row in served])
    levels = _levels(session, [row.id for row in rows])
    firsts = [(row.first_reply_at - row.asked_at).total_seconds() for row in served if row.first_reply_at]
    handlings = [(row.closed_at - row.claimed_at).total_seconds() for row in served if row.closed_at and row.claimed_at]
    return Figures(
        asked=len(rows),
        served=len(served),
        left=sum(row.outcome == CloseOutcome.LEFT.value for row in rows if not row.claimed_at),
        messages=sum(row.outcome == CloseOutcome.MESSAGE.value for row in rows),
        first_response=median(firsts) if firsts else None,
        handling=median(handlings) if handlings else None,
        resolution=_share(_resolved(session, ended), len(ended)),
        transfers=_share(len(transferred), len(served)),
        rated=len(levels),
        rating=sum(levels) / len(levels) if levels else None,
        satisfied=_share(sum(level >= RatingLevel.FAIR for level in levels), len(levels)),
    )


def agents_with_handlings(session: Session, start: datetime, end: datetime, desks: Sequence[str]) -> list[str]:
    """Give the agents whom a report of some desks has something to say about."""
    query = select(HandlingRow.agent).where(
        HandlingRow.asked_at >= start, HandlingRow.asked_at < end, HandlingRow.desk.in_(desks), HandlingRow.agent.is_not(None)
    )
    return sorted(agent for agent in session.scalars(query.distinct()) if agent)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _resolved(session: Session, ended: Sequence[HandlingRow]) -> int:
    good = [row for row in ended if row.outcome == CloseOutcome.RESOLVED.value and row.closed_at]
    citizens = {row.citizen_id for row in good}
    asked: dict[str, list[datetime]] = {}
    query = select(HandlingRow.citizen_id, HandlingRow.asked_at).where(HandlingRow.citizen_id.in_(citizens))
    for citizen, moment in session.execute(query):
        asked.setdefault(citizen, []).append(moment)
    return sum(
        not any(row.closed_at < again <= row.closed_at + SAME_AGAIN_WITHIN for again in asked[row.citizen_id])
        for row in good
        if row.closed_at
    )


def _transferred(session: Session, handlings: Sequence[str]) -> set[str]:
    query = select(HandlingMove.handling_id).where(
        HandlingMove.handling_id.in_(handlings), HandlingMove.kind == MoveKind.TRANSFER.value
    )
    return set(session.scalars(query))


def _levels(session: Session, handlings: Sequence[str]) -> list[int]:
    query = select(RatingRow.id, RatingRow.level).where(
        RatingRow.target == RatingTarget.AGENT.value, RatingRow.target_id.in_(handlings)
    )
    rated = [(number, level) for number, level in session.execute(query)]
    taken_out = upheld_ratings(session, [number for number, _ in rated])
    return [level for number, level in rated if number not in taken_out]
