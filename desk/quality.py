"""Quality sampling: closed conversations drawn by chance, scored by a supervisor with a form, shown to the agent.

Owns `desk_quality_review`. Chance decides what is looked at, so that nobody is picked out; each conversation is drawn once.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from desk.changing import mask_words
from desk.errors import AlreadyTaken, DeskRefused, DeskUnknown
from desk.models import HandlingRow, QualityReviewRow
from desk.vocabulary import BY_AGENT, HandlingState

MOST_DRAWN = 50
GRADES = (("2", "好"), ("1", "一般"), ("0", "不好"))
_BEST = 2


@dataclass(frozen=True)
class Criterion:
    """What is looked at, and how many of the hundred points it has."""

    code: str
    title: str
    about: str
    weight: int


@dataclass(frozen=True)
class QualityReview:
    """A drawn conversation with its score; `score` is None until it is scored, `seen_at` until its agent has read it."""

    id: int
    handling: str
    desk: str
    agent: str
    drawn_by: str
    drawn_at: datetime
    reviewer: str | None
    grades: Mapping[str, int]
    score: int | None
    note: str
    done_at: datetime | None
    seen_at: datetime | None


@cache
def criteria() -> tuple[Criterion, ...]:
    """Give what the form asks for."""
    rows = yaml.safe_load((Path(__file__).parent / "data" / "quality_criteria.yml").read_text(encoding="utf-8"))
    return tuple(Criterion(**row) for row in rows)


def draw(
    session: Session,
    desks: Sequence[str],
    start: datetime,
    end: datetime,
    count: int,
    by: str,
    moment: datetime,
    seed: int | None = None,
) -> list[int]:
    """Draw closed conversations by chance, as evenly over the agents as there are; gives the reviews' numbers.

    Args:
        session: an open session.
        desks: the desks whose conversations may be drawn.
        start: conversations that ended from here on,
        end: and before this.
        count: how many.
        by: who draws; their own conversations are left out.
        moment: now.
        seed: for a draw that can be repeated.

    Raises:
        DeskRefused: the number can't be, or there is nothing left to draw.
    """
    if not 1 <= count <= MOST_DRAWN:
        raise DeskRefused(f"一次抽 1 到 {MOST_DRAWN} 个。")
    drawn = select(QualityReviewRow.handling_id)
    rows = session.scalars(
        select(HandlingRow)
        .where(
            HandlingRow.desk.in_(desks),
            HandlingRow.state == HandlingState.CLOSED.value,
            HandlingRow.outcome.in_([outcome.value for outcome in BY_AGENT]),
            HandlingRow.closed_at >= start,
            HandlingRow.closed_at < end,
            HandlingRow.agent != by,
            HandlingRow.id.not_in(drawn),
        )
        .order_by(HandlingRow.id)
    ).all()
    if not rows:
        raise DeskRefused("这段时间没有可以抽的会话：都抽过了，或者没有坐席结束的会话。")
    chance = random.Random(seed)  # noqa: S311  (a sample, no secret)
    of_agent: dict[str, list[HandlingRow]] = defaultdict(list)
    for row in rows:
        of_agent[row.agent or ""].append(row)
    agents = list(of_agent)
    chance.shuffle(agents)
    for several in of_agent.values():
        chance.shuffle(several)
    # One of each agent, then a second of each, and so on.
    rounds = [
        of_agent[agent][n] for n in range(max(map(len, of_agent.values()))) for agent in agents if n < len(of_agent[agent])
    ]
    made = [
        QualityReviewRow(
            handling_id=row.id, desk=row.desk, agent=row.agent or "", drawn_by=by, drawn_at=moment, grades={}, note=""
        )
        for row in rounds[:count]
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return [row.id for row in made]


def score_review(
    session: Session, review: int, reviewer: str, grades: Mapping[str, int], note: str, moment: datetime
) -> QualityReview:
    """Score a drawn conversation, once; a note is needed where a point is bad. Nobody scores themselves.

    Raises:
        DeskUnknown: there is none with this number.
        AlreadyTaken: it is scored.
        DeskRefused: a point is missing or can't be, the note is missing or too long, or it is one's own conversation.
    """
    row = _hold(session, review)
    if row.score is not None:
        raise AlreadyTaken("这个会话已经评过分了。")
    if row.agent == reviewer:
        raise DeskRefused("不能给自己的会话评分。")
    if set(grades) != {one.code for one in criteria()} or not all(0 <= grade <= _BEST for grade in grades.values()):
        raise DeskRefused("每一项都要选。")
    row.note = mask_words(note, needed=min(grades.values()) == 0)
    row.grades, row.reviewer, row.done_at = dict(grades), reviewer, moment
    row.score = round(sum(one.weight * grades[one.code] / _BEST for one in criteria()))
    session.flush()
    return _to_review(row)


def drop_review(session: Session, review: int) -> None:
    """Take a drawn conversation back that is not scored; it may be drawn again.

    Raises:
        DeskUnknown: there is none with this number.
        AlreadyTaken: it is scored.
    """
    row = _hold(session, review)
    if row.score is not None:
        raise AlreadyTaken("这个会话已经评过分了，不能撤回。")
    session.delete(row)


def read_review(session: Session, review: int) -> QualityReview:
    """Give one.

    Raises:
        DeskUnknown: there is none with this number.
    """
    row = session.get(QualityReviewRow, review)
    if row is None:
        raise DeskUnknown("没有这条质检。")
    return _to_review(row)


def list_reviews(
    session: Session,
    *,
    desks: Sequence[str] | None = None,
    agent: str | None = None,
    done: bool | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[list[QualityReview], int]:
    """Give a page of reviews, the newest first, and how many there are."""
    query = select(QualityReviewRow)
    if desks is not None:
        query = query.where(QualityReviewRow.desk.in_(desks))
    if agent is not None:
        query = query.where(QualityReviewRow.agent == agent)
    if done is not None:
        query = query.where(QualityReviewRow.score.is_not(None) if done else QualityReviewRow.score.is_(None))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(QualityReviewRow.id.desc()).limit(size).offset((page - 1) * size))
    return [_to_review(row) for row in rows], total


def note_seen(session: Session, agent: str, moment: datetime) -> None:
    """Note that an agent has read what was said about them."""
    session.execute(
        update(QualityReviewRow)
        .where(QualityReviewRow.agent == agent, QualityReviewRow.score.is_not(None), QualityReviewRow.seen_at.is_(None))
        .values(seen_at=moment)
    )


def _hold(session: Session, review: int) -> QualityReviewRow:
    # A write that changes nothing: it locks the row (see `changing`).
    session.execute(
        update(QualityReviewRow)
        .where(QualityReviewRow.id == review)
        .values(note=QualityReviewRow.note)
        .execution_options(synchronize_session=False)
    )
    row = session.get(QualityReviewRow, review, populate_existing=True)
    if row is None:
        raise DeskUnknown("没有这条质检。")
    return row


def _to_review(row: QualityReviewRow) -> QualityReview:
    return QualityReview(
        id=row.id,
        handling=row.handling_id,
        desk=row.desk,
        agent=row.agent,
        drawn_by=row.drawn_by,
        drawn_at=row.drawn_at,
        reviewer=row.reviewer,
        grades=row.grades,
        score=row.score,
        note=row.note,
        done_at=row.done_at,
        seen_at=row.seen_at,
    )
