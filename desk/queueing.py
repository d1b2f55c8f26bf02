"""Getting to the desk: who may queue, where, in what order, and how they leave again. The edge is `service`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations import change_holder
from desk.briefs import make_snapshot
from desk.changing import new_id, note_event
from desk.desks import Desk, Desks, active_desks, find_staffing
from desk.errors import AlreadyTaken
from desk.forecasts import QueuePlace
from desk.handling import find_open
from desk.models import CoolDown, HandlingRow
from desk.presence import agents_of, nearest_open
from desk.routing import Router
from desk.signs import minutes_forward, urgency_of
from desk.transcript import hold_citizen, lately_said
from desk.vocabulary import BY_AGENT, CloseOutcome, HandlingState, HandoffReason
from language import SafetyKind, detect_safety
from qinwen.vocabulary import Holder

SAME_AGENT_WITHIN = timedelta(minutes=30)
SAME_AGENT_KEPT = timedelta(minutes=2)
SECOND_TIME_WITHIN = timedelta(days=1)


class Placed(str, Enum):
    """What became of somebody who asked for a person."""

    QUEUED = "queued"
    CLOSED = "closed"
    EMERGENCY = "emergency"
    COOLING_DOWN = "cooling_down"
    WITH_AGENT = "with_agent"


@dataclass(frozen=True)
class HandoffRequest:
    """Somebody asks for a person, or the bot gives up.

    Attributes:
        conversation: the conversation's id.
        citizen: the citizen's id.
        reason: why.
        text: what the citizen wrote just now.
        item: the item's code, if known; facet and region likewise.
        department: the department, where somebody named it.
        facts: what was collected, by name.
        elder: whether the dialogue is in the simple mode for elders.
        only_open: whether to do nothing where no desk is open, rather than to ask for a message.
    """

    conversation: str
    citizen: str
    reason: HandoffReason
    text: str = ""
    item: str | None = None
    facet: str | None = None
    region: str | None = None
    department: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    elder: bool = False
    only_open: bool = False


@dataclass(frozen=True)
class Placement:
    """What became of it.

    Attributes:
        placed: which case it is; the other fields are set where they make sense.
        handling: the handling's id.
        desk: the desk that has it.
        place: position and waiting range; the edge adds it, after the transaction.
        opens_at: when the desk opens next.
        number: the number to call in an emergency.
        until: until when the citizen may not come.
    """

    placed: Placed
    handling: str | None = None
    desk: Desk | None = None
    place: QueuePlace | None = None
    opens_at: datetime | None = None
    number: str | None = None
    until: datetime | None = None


def enqueue(session: Session, router: Router, request: HandoffRequest, moment: datetime) -> Placement:
    """Take a conversation to the desk; asking again changes nothing. An emergency never queues.

    Where no desk is open, the citizen is asked to leave a message (`HandlingState.LEAVING_MESSAGE`).

    Raises:
        DeskUnknown: there is no active desk.
        AlreadyTaken: the conversation is over, or was taken elsewhere.
    """
    safety = detect_safety(request.text)
    if safety and safety.kind is SafetyKind.EMERGENCY:
        return Placement(Placed.EMERGENCY, number=safety.number)
    # What takes long comes before the first lock: reading the text may mean to train the classifier.
    desks = active_desks(session)
    said = lately_said(session, request.citizen, request.conversation)
    texts = [line.reply.text for line in said] or [request.text]
    route = router.route(desks, item=request.item, department=request.department, region=request.region, texts=texts)
    hold_citizen(session, request.citizen)
    if known := find_open(session, request.conversation):
        return _placement(desks, session.get_one(HandlingRow, known, populate_existing=True), moment)
    if (cooling := session.get(CoolDown, request.citizen)) and cooling.until > moment:
        return Placement(Placed.COOLING_DOWN, until=cooling.until)
    last = _last_contact(session, request.citizen, moment)
    friend = last.agent if last and _is_there(session, last, desks, moment) else None
    code = last.desk if last and friend else nearest_open(desks, route.desk.code, moment) or route.desk.code
    is_open = desks.by_code[code].hours.is_open(moment)
    if request.only_open and not is_open:
        desk = desks.by_code[code]
        return Placement(Placed.CLOSED, desk=desk, opens_at=desk.hours.next_opening(moment))
    urgency = urgency_of(
        texts, elder=request.elder, second_time=_came_before(session, request.citizen, moment)
    )  # fmt: skip
    row = HandlingRow(
        id=new_id(),
        conversation_id=request.conversation,
        citizen_id=request.citizen,
        desk=code,
        state=(HandlingState.QUEUED if is_open else HandlingState.LEAVING_MESSAGE).value,
        version=0,
        reason=request.reason.value,
        urgency=urgency,
        rank_at=moment - timedelta(minutes=minutes_forward(urgency)),
        brief=make_snapshot(
            item=request.item,
            facet=request.facet,
            region=request.region,
            department=route.department,
            routed_by=route.by,
            facts=request.facts,
            said=said,
        ),
        asked_at=moment,
        queued_at=moment,
        citizen_at=moment,
        preferred_agent=friend,
        preferred_until=moment + SAME_AGENT_KEPT if friend else None,
    )
    session.add(row)
    session.flush()
    if not change_holder(session, request.conversation, Holder.BOT, Holder.QUEUED):
        raise AlreadyTaken("这个会话已经结束，或者已经转走了。")
    note_event(session, "queued", row)
    return _placement(desks, row, moment)


def leave_queue(session: Session, row: HandlingRow, outcome: CloseOutcome, moment: datetime) -> None:
    """Take a held, waiting handling out of the queue and give the conversation back to the bot.

    Raises:
        AlreadyTaken: the conversation is not waiting any more.
    """
    hold_citizen(session, row.citizen_id)
    row.state, row.outcome, row.closed_at = HandlingState.CLOSED.value, outcome.value, moment
    row.waiting_since = None
    session.flush()
    if not change_holder(session, row.conversation_id, Holder.QUEUED, Holder.BOT):
        raise AlreadyTaken("这个会话已经转走了。")
    note_event(session, "left", row)


def cool_down(session: Session, citizen: str, until: datetime, by: str, kind: str) -> None:
    """Keep a citizen from the desk for a while; the bot goes on answering them."""
    session.merge(CoolDown(citizen_id=citizen, until=until, by=by, kind=kind))
    session.flush()


def _placement(desks: Desks, row: HandlingRow, moment: datetime) -> Placement:
    desk = desks.by_code.get(row.desk)
    if row.state == HandlingState.WITH_AGENT.value:
        return Placement(Placed.WITH_AGENT, row.id, desk)
    if row.state == HandlingState.LEAVING_MESSAGE.value:
        return Placement(Placed.CLOSED, row.id, desk, opens_at=desk.hours.next_opening(moment) if desk else None)
    return Placement(Placed.QUEUED, row.id, desk)


def _last_contact(session: Session, citizen: str, moment: datetime) -> HandlingRow | None:
    """Give the handling that an agent closed just before, if any."""
    return session.scalar(
        select(HandlingRow)
        .where(
            HandlingRow.citizen_id == citizen,
            HandlingRow.closed_at > moment - SAME_AGENT_WITHIN,
            HandlingRow.agent.is_not(None),
            HandlingRow.outcome.in_([outcome.value for outcome in BY_AGENT]),
        )
        .order_by(HandlingRow.closed_at.desc())
        .limit(1)
    )


def _is_there(session: Session, last: HandlingRow, desks: Desks, moment: datetime) -> bool:
    desk = desks.by_code.get(last.desk)
    if desk is None or not desk.hours.is_open(moment) or not find_staffing(session, [last.desk], last.agent):
        return False
    return any(now.agent == last.agent and now.room > 0 for now in agents_of(session, [last.desk], moment))


def _came_before(session: Session, citizen: str, moment: datetime) -> bool:
    query = select(HandlingRow.id).where(
        HandlingRow.citizen_id == citizen,
        HandlingRow.asked_at > moment - SECOND_TIME_WITHIN,
        HandlingRow.closed_at.is_not(None),
        HandlingRow.outcome != CloseOutcome.SPAM.value,
    )
    return session.scalar(query.limit(1)) is not None
