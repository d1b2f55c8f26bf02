"""Moving a conversation: to another desk or agent, up to the parent desk, and back to the queue when nobody answers.

`find_due` looks, without locking, for what time has made due; `mend` then does one of them in a transaction of its own,
after looking again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from conversations import change_holder
from desk.changing import hold_handling, hold_held, mask_words, note_event
from desk.desks import Desk, Desks, active_desks, read_desk
from desk.errors import AlreadyTaken, DeskRefused
from desk.handling import Handling, to_handling
from desk.holding import give_to_person, require_room
from desk.models import AgentState, HandlingGuest, HandlingMove, HandlingRow
from desk.presence import desks_with_somebody, presence_of
from desk.queueing import leave_queue
from desk.transcript import hold_citizen
from desk.vocabulary import CloseOutcome, HandlingState, MoveKind, Presence
from qinwen.vocabulary import Holder

# Who was with a person already, or was sent on, does not start again at the end.
_BACK_FORWARD = timedelta(minutes=15)
# How long an agent may be gone until their conversations go back to the queue.
GONE_AFTER = timedelta(minutes=2)
MESSAGE_WITHIN = timedelta(minutes=30)
_LOOKED_AT = (
    HandlingRow.id, HandlingRow.desk, HandlingRow.state, HandlingRow.agent, HandlingRow.asked_at, HandlingRow.queued_at,
    HandlingRow.waiting_since, HandlingRow.citizen_at,
)  # fmt: skip


class Due(str, Enum):
    """What time has made due."""

    SILENT = "silent"
    ABSENT = "absent"
    OVERFLOW = "overflow"
    DESK_CLOSED = "desk_closed"
    NO_MESSAGE = "no_message"


@dataclass(frozen=True)
class Mended:
    """What was done about it: which case, the handling after it, and the desk that has it."""

    due: Due
    handling: Handling
    desk: Desk


def transfer_to_desk(session: Session, handling: str, agent: str, desk: str, note: str, moment: datetime) -> Handling:
    """Send a conversation on to another desk's queue, near its head, with a note for whoever takes it.

    Raises:
        NotHolding: the agent does not hold it.
        DeskUnknown: there is no such desk.
        DeskRefused: the desk is not open now, or the note is missing.
    """
    words = mask_words(note)
    row = hold_held(session, handling, agent)
    target = read_desk(session, desk)
    if not target.active or not target.hours.is_open(moment):
        raise DeskRefused(f"{target.name}现在不在服务时间，转过去没有人接。")
    _requeue(session, row, MoveKind.TRANSFER, target.code, agent, words, moment)
    return to_handling(row)


def transfer_to_agent(
    session: Session, handling: str, agent: str, desk: str, to_agent: str, note: str, moment: datetime
) -> Handling:
    """Give a conversation to another agent, of this desk or another, who is online and has room.

    Raises:
        NotHolding: the agent does not hold it.
        NoRoom: the other can't take it now.
        DeskRefused: it is the same agent, or the note is missing.
    """
    words = mask_words(note)
    if to_agent == agent:
        raise DeskRefused("会话已经在您手上。")
    row = hold_held(session, handling, agent)
    _give(session, row, MoveKind.TRANSFER, desk, to_agent, agent, words, moment)
    return to_handling(row)


def move(
    session: Session, handling: str, supervisor: str, desk: str, to_agent: str | None, moment: datetime, note: str = ""
) -> Handling:
    """Let a supervisor put a conversation to a desk's queue, or to an agent there.

    Raises:
        DeskUnknown: there is no such handling or desk.
        AlreadyTaken: it is over, or the citizen is leaving a message.
        NoRoom: the agent can't take it now.
    """
    words = mask_words(note, needed=False)
    row = hold_handling(session, handling)
    if row.state not in {HandlingState.QUEUED.value, HandlingState.WITH_AGENT.value}:
        raise AlreadyTaken("这个会话已经结束，或者市民正在留言。")
    target = read_desk(session, desk)
    if to_agent:
        _give(session, row, MoveKind.SUPERVISOR, target.code, to_agent, supervisor, words, moment)
    else:
        _requeue(session, row, MoveKind.SUPERVISOR, target.code, supervisor, words, moment)
    return to_handling(row)


def held_by(session: Session, agent: str) -> Sequence[str]:
    """Give the ids of what an agent holds; a supervisor moves them one by one when the agent is absent."""
    return session.scalars(
        select(HandlingRow.id).where(HandlingRow.agent == agent, HandlingRow.state == HandlingState.WITH_AGENT.value)
    ).all()


def find_due(session: Session, moment: datetime) -> list[tuple[str, Due]]:
    """Find what time has made due, first asked first."""
    desks = active_desks(session)
    state = select(AgentState.agent, AgentState.presence, AgentState.since, AgentState.seen_at)
    states = {row.agent: row for row in session.execute(state)}
    there = desks_with_somebody(session, moment)
    # Plain columns: a busy desk has hundreds, and this is asked every other second.
    rows = session.execute(
        select(*_LOOKED_AT).where(HandlingRow.state != HandlingState.CLOSED.value).order_by(HandlingRow.asked_at)
    )
    found = []
    for row in rows:
        due = _due(row, desks, states.get(row.agent or ""), moment, somebody=row.desk in there)
        if due:
            found.append((row.id, due))
    return found


def mend(session: Session, handling: str, due: Due, moment: datetime) -> Mended | None:
    """Do what is due with one handling, if it still is."""
    row = hold_handling(session, handling)
    desks = active_desks(session)
    state = session.get(AgentState, row.agent, populate_existing=True) if row.agent else None
    if _due(row, desks, state, moment, somebody=row.desk in desks_with_somebody(session, moment)) is not due:
        return None
    if due in {Due.SILENT, Due.ABSENT}:
        kind = MoveKind.SILENT if due is Due.SILENT else MoveKind.ABSENT
        _requeue(session, row, kind, row.desk, None, "", moment)
    elif due is Due.OVERFLOW:
        parent = _open_parent(desks, row.desk, moment)
        if parent is None:
            return None
        _requeue(session, row, MoveKind.OVERFLOW, parent.code, None, "", moment)
    elif due is Due.DESK_CLOSED:
        row.state = HandlingState.LEAVING_MESSAGE.value
        row.citizen_at = moment
        note_event(session, "left", row)
    else:
        leave_queue(session, row, CloseOutcome.LEFT, moment)
    session.flush()
    return Mended(due, to_handling(row), read_desk(session, row.desk))


def _due(
    row: HandlingRow | Row[Any], desks: Desks, state: AgentState | Row[Any] | None, moment: datetime, *, somebody: bool
) -> Due | None:
    desk = desks.by_code.get(row.desk)
    if row.state == HandlingState.LEAVING_MESSAGE.value:
        return Due.NO_MESSAGE if (row.citizen_at or row.asked_at) < moment - MESSAGE_WITHIN else None
    if row.state == HandlingState.WITH_AGENT.value:
        gone = presence_of(state, moment) is Presence.OFFLINE and (
            state is None or max(state.seen_at, state.since) < moment - GONE_AFTER
        )
        if gone:
            return Due.ABSENT
        silent_after = timedelta(seconds=desk.silent_after if desk else Desk.silent_after)
        return Due.SILENT if row.waiting_since and row.waiting_since < moment - silent_after else None
    if row.state != HandlingState.QUEUED.value:
        return None
    if desk is None or not desk.hours.is_open(moment):
        return Due.OVERFLOW if _open_parent(desks, row.desk, moment) else Due.DESK_CLOSED
    waited_enough = row.queued_at < moment - timedelta(seconds=desk.overflow_after)
    # Where nobody is there at all, a tenth of the time is enough.
    deserted = not somebody and row.queued_at < moment - timedelta(seconds=desk.overflow_after / 10)
    return Due.OVERFLOW if (waited_enough or deserted) and _open_parent(desks, row.desk, moment) else None


def _open_parent(desks: Desks, code: str, moment: datetime) -> Desk | None:
    return next((desk for desk in desks.ancestors(code) if desk.hours.is_open(moment)), None)


def _give(
    session: Session, row: HandlingRow, kind: MoveKind, desk: str, to_agent: str, by: str, note: str, moment: datetime
) -> None:
    require_room(session, desk, to_agent, moment)
    waiting = row.state == HandlingState.QUEUED.value
    _note_move(session, row, kind, desk, to_agent, by, note, moment)
    row.desk, row.agent, row.state = desk, to_agent, HandlingState.WITH_AGENT.value
    row.claimed_at, row.waiting_since = row.claimed_at or moment, row.waiting_since or moment
    session.execute(delete(HandlingGuest).where(HandlingGuest.handling_id == row.id, HandlingGuest.agent == to_agent))
    session.flush()
    if waiting:
        give_to_person(session, row)
    note_event(session, "moved", row)


def _requeue(
    session: Session, row: HandlingRow, kind: MoveKind, desk: str, by: str | None, note: str, moment: datetime
) -> None:
    held = row.state == HandlingState.WITH_AGENT.value
    hold_citizen(session, row.citizen_id)
    _note_move(session, row, kind, desk, None, by, note, moment)
    if held:
        # The page of whoever had it hears that it is gone.
        note_event(session, "moved", row)
    row.rank_at = min(row.rank_at, row.asked_at - _BACK_FORWARD) if held else row.rank_at
    row.desk, row.agent, row.state, row.queued_at = desk, None, HandlingState.QUEUED.value, moment
    row.waiting_since = row.preferred_agent = row.preferred_until = None
    session.execute(delete(HandlingGuest).where(HandlingGuest.handling_id == row.id))
    session.flush()
    if held and not change_holder(session, row.conversation_id, Holder.WITH_AGENT, Holder.QUEUED):
        raise AlreadyTaken("这个会话已经转走了。")
    note_event(session, "queued", row)


def _note_move(
    session: Session,
    row: HandlingRow,
    kind: MoveKind,
    desk: str,
    to_agent: str | None,
    by: str | None,
    note: str,
    moment: datetime,
) -> None:
    session.add(
        HandlingMove(
            handling_id=row.id,
            kind=kind.value,
            from_desk=row.desk,
            to_desk=desk,
            from_agent=row.agent,
            to_agent=to_agent,
            by=by,
            note=note,
            at=moment,
        )
    )
