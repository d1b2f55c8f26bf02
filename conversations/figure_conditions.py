"""What each figure of the dashboard counts, as conditions on the ledger's rows: used to count them (`figures`) and to list them
(`figure_rows`), so that a figure and its rows can't differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased

from conversations.models import Conversation, Turn
from conversations.sql_time import seconds_between
from qinwen.vocabulary import Outcome

ANSWERS = (Outcome.ANSWERED, Outcome.CASE_STATUS, Outcome.CASE_NOT_FOUND, Outcome.EMERGENCY)
NO_ANSWERS = (Outcome.CLARIFY, Outcome.ASK_SLOT, Outcome.NOT_FOUND, Outcome.ERROR)
FACTUAL = (Outcome.ANSWERED, Outcome.CASE_STATUS)
HANDOFFS = (Outcome.HANDED_OFF, Outcome.DESK_QUEUED, Outcome.DESK_CLOSED)
AGAIN_WITHIN = timedelta(hours=24)
SLOW = 4.0


@dataclass(frozen=True)
class Window:
    """Which turns are looked at: from `start` up to `end`, of a channel or of all."""

    start: datetime
    end: datetime
    channel: str | None = None


def turn_condition(code: str) -> ColumnElement[bool] | None:
    """Give the condition of a figure that counts turns, besides the window; None where there is no such figure.

    Besides those of `DEFINITIONS` there are `outcome:…`, `item:…` and `facet:…`.
    """
    kind, _, value = code.partition(":")
    if kind == "outcome":
        return Turn.outcome == value
    if kind == "item":
        return Turn.item == value
    if kind == "facet":
        return Turn.facet == value
    known = {
        "turns": Turn.state == "done",
        "answered": ended(Turn, ANSWERS),
        "unanswered": ended(Turn, NO_ANSWERS),
        "in_vain": in_vain(),
        "reasked": asked_again(Turn),
        "timed": timed(),
        "slow": and_(timed(), seconds_between(Turn.started_at, Turn.finished_at) > SLOW),
    }
    return known.get(code)


def judged_in(window: Window, moment: datetime) -> ColumnElement[bool]:
    """Give the condition of the conversations of a window that can be judged."""
    return and_(
        opened_in(window),
        Conversation.last_at <= moment - AGAIN_WITHIN,
        _has_turn(ended(Turn, (*ANSWERS, *NO_ANSWERS, *HANDOFFS))),
    )


def why_not_resolved() -> dict[str, ColumnElement[bool]]:
    """Give the conditions by which a judged conversation is not resolved, but for ratings, which the ledger does not know."""
    return {
        "no_answer": ~_has_turn(ended(Turn, FACTUAL)),
        "handoff": _has_turn(ended(Turn, HANDOFFS)),
        "reasked": _has_turn(asked_again(Turn)),
    }


def in_window(window: Window) -> ColumnElement[bool]:
    """Give the condition of the turns of a window."""
    of_channel = [Turn.channel == window.channel] if window.channel else []
    return and_(Turn.started_at >= window.start, Turn.started_at < window.end, Turn.state == "done", *of_channel)


def opened_in(window: Window) -> ColumnElement[bool]:
    """Give the condition of the conversations that began in a window."""
    of_channel = [_has_turn(Turn.channel == window.channel)] if window.channel else []
    return and_(Conversation.opened_at >= window.start, Conversation.opened_at < window.end, *of_channel)


def _has_turn(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Turn.conversation_id == Conversation.id, condition).correlate(Conversation)


def ended(turn: Any, outcomes: Collection[Outcome]) -> ColumnElement[bool]:
    """Give the condition of turns that ended in one of some ways."""
    condition: ColumnElement[bool] = turn.outcome.in_([outcome.value for outcome in outcomes])
    return condition


def in_vain() -> ColumnElement[bool]:
    """Give the condition of turns that were asked back in vain."""
    later = aliased(Turn)
    answered_later = exists().where(
        later.conversation_id == Turn.conversation_id, later.number > Turn.number, ended(later, ANSWERS)
    )
    return and_(ended(Turn, (Outcome.CLARIFY, Outcome.ASK_SLOT)), ~answered_later)


def asked_again(turn: Any) -> ColumnElement[bool]:
    """Give the condition of answers after which the same was asked again."""
    later = aliased(Turn)
    return and_(
        ended(turn, FACTUAL),
        turn.item.is_not(None),
        exists().where(
            later.citizen_id == turn.citizen_id,
            later.number > turn.number,
            later.item == turn.item,
            ended(later, (*ANSWERS, *NO_ANSWERS)),
            or_(
                later.conversation_id != turn.conversation_id,
                func.coalesce(later.facet, "") == func.coalesce(turn.facet, ""),
            ),
            seconds_between(turn.started_at, later.started_at) <= AGAIN_WITHIN.total_seconds(),
        ),
    )


def timed() -> ColumnElement[bool]:
    """Give the condition of turns whose time counts: not those that a person answers."""
    return and_(Turn.finished_at.is_not(None), ~ended(Turn, HANDOFFS))


def chunks(ids: Iterable[str], size: int) -> Iterable[list[str]]:
    """Cut ids into lists that fit into one statement."""
    rest = iter(sorted(set(ids)))
    while some := list(islice(rest, size)):
        yield some
