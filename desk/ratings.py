"""Ratings of the chat in five levels, each tied to what it is about: a bot turn, an entry's version, or an agent.

A chat rating is not a case rating: the national record of 好差评 needs a case number (design §2). Bad ones get a follow-up
in `bad_ratings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from desk.bad_ratings import BadRating, close_case, open_case
from desk.changing import mask_words
from desk.errors import AlreadyTaken, DeskRefused, DeskUnknown
from desk.models import HandlingRow, RatingRow
from desk.vocabulary import HandlingState, RatingLevel, RatingTarget

_LONGEST_COMMENT = 500


@dataclass(frozen=True)
class RatingGiven:
    """What a citizen said about the chat.

    Attributes:
        citizen: the citizen's id.
        conversation: the conversation's id.
        target: what it is about.
        target_id: the turn's id, the entry's id, or the handling's id.
        level: one of five.
        reasons: codes of `data/rating_reasons.yml` that fit target and level.
        comment: in the citizen's own words; masked here.
        version: the entry's version, needed for entries.
        turn: the turn in which the entry was shown.
    """

    citizen: str
    conversation: str
    target: RatingTarget
    target_id: str
    level: RatingLevel
    reasons: tuple[str, ...] = ()
    comment: str = ""
    version: int | None = None
    turn: str | None = None


def rate(session: Session, given: RatingGiven, moment: datetime) -> int:
    """Write a rating; the same citizen rating the same thing again replaces what they said. Gives its number.

    Raises:
        DeskRefused: a reason does not fit, the comment is too long, or the version is missing.
        DeskUnknown: there is no such service by an agent, or it was somebody else's.
        AlreadyTaken: the earlier rating's follow-up is done, so it can't be changed.
    """
    allowed = {code for code, _ in reasons_for(given.target, given.level)}
    if not set(given.reasons) <= allowed:
        raise DeskRefused("评价原因和评价对象、等级对不上。")
    if (given.target is RatingTarget.ENTRY) != (given.version is not None):
        raise DeskRefused("评价知识条目要带版本号，其他不带。")
    comment = mask_words(given.comment, _LONGEST_COMMENT, needed=False)
    handling = _rated_handling(session, given) if given.target is RatingTarget.AGENT else None
    row = _find_or_make(session, given, moment)
    row.version, row.level, row.reasons, row.comment, row.at = (
        given.version,
        given.level.value,
        list(given.reasons),
        comment,
        moment,
    )
    row.agent, row.desk = (handling.agent, handling.desk) if handling else (None, None)
    row.turn_id = given.turn or (given.target_id if given.target is RatingTarget.TURN else None)
    session.flush()
    if given.level.is_bad:
        open_case(session, row.id, moment)
    else:
        close_case(session, row.id)
    return row.id


@cache
def reasons_for(target: RatingTarget, level: RatingLevel) -> tuple[tuple[str, str], ...]:
    """Give the reasons to choose from, code and title."""
    table = yaml.safe_load((Path(__file__).parent / "data" / "rating_reasons.yml").read_text(encoding="utf-8"))
    rows = table[target.value]["bad" if level.is_bad else "good"]
    return tuple((row["code"], row["title"]) for row in rows)


def reason_titles(given: BadRating) -> list[str]:
    """Give the reasons of a bad rating as the citizen chose them."""
    known = dict(reasons_for(given.target, given.level))
    return [known.get(code, code) for code in given.reasons]


def read_level(text: str) -> RatingLevel | None:
    """Read a level out of what the rating's buttons send: 评价：满意."""
    words = text.strip().removeprefix("评价").lstrip(":： ")
    return next((level for level in RatingLevel if level.label == words), None)


def ratable_handling(session: Session, conversation: str) -> str | None:
    """Give the service by an agent that a rating in a conversation is about: the last that an agent closed."""
    return session.scalar(
        select(HandlingRow.id)
        .where(
            HandlingRow.conversation_id == conversation,
            HandlingRow.state == HandlingState.CLOSED.value,
            HandlingRow.agent.is_not(None),
        )
        .order_by(HandlingRow.closed_at.desc())
        .limit(1)
    )


def ratings_of(session: Session, target: RatingTarget, target_ids: Sequence[str]) -> dict[str, list[RatingLevel]]:
    """Give the levels that some things got, by thing."""
    found: dict[str, list[RatingLevel]] = {}
    query = select(RatingRow).where(RatingRow.target == target.value, RatingRow.target_id.in_(target_ids))
    for row in session.scalars(query.order_by(RatingRow.id)):
        found.setdefault(row.target_id, []).append(RatingLevel(row.level))
    return found


def badly_rated_turns(session: Session, since: datetime) -> set[str]:
    """Give the ids of the bot's turns that citizens rated badly since a moment."""
    bad = [level.value for level in RatingLevel if level.is_bad]
    query = select(RatingRow.target_id).where(
        RatingRow.target == RatingTarget.TURN.value, RatingRow.level.in_(bad), RatingRow.at >= since
    )
    return set(session.scalars(query))


def _rated_handling(session: Session, given: RatingGiven) -> HandlingRow:
    row = session.get(HandlingRow, given.target_id)
    if row is None or row.citizen_id != given.citizen or row.agent is None:
        raise DeskUnknown("没有这次人工服务。")
    return row


def _find_or_make(session: Session, given: RatingGiven, moment: datetime) -> RatingRow:
    query = select(RatingRow).where(
        RatingRow.citizen_id == given.citizen,
        RatingRow.target == given.target.value,
        RatingRow.target_id == given.target_id,
    )
    row = RatingRow(
        citizen_id=given.citizen,
        conversation_id=given.conversation,
        target=given.target.value,
        target_id=given.target_id,
        level=given.level.value,
        reasons=[],
        comment="",
        at=moment,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        known = session.scalar(query)
        if known is None:
            raise AlreadyTaken("评价正在保存，请稍等。") from None
        return known
    return row
