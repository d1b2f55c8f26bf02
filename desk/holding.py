"""Holding a conversation: claiming it, bringing somebody in, closing it. Each is one short transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from conversations import change_holder
from desk.changing import hold_agent, hold_handling, hold_held, load_of, make_agent, note_event
from desk.desks import find_staffing, read_desk
from desk.errors import AlreadyTaken, DeskRefused, NoRoom, NotHolding, Reserved, UnseenMessages
from desk.forecasts import note_waited
from desk.handling import Handling, to_handling
from desk.models import HandlingGuest, HandlingRow
from desk.presence import presence_of
from desk.queueing import cool_down
from desk.returned import ReturnedFacts, accept_facts
from desk.transcript import hold_citizen, unseen
from desk.vocabulary import BY_AGENT, CloseOutcome, HandlingState, Presence
from qinwen.vocabulary import Holder

_LONGEST_COOL_DOWN = timedelta(days=7)


@dataclass(frozen=True)
class Closing:
    """How an agent ends a conversation.

    Attributes:
        outcome: one of `BY_AGENT`.
        seen: the id of the last message that the agent's page showed; a later one of the citizen stops the closing.
        item: the item it was about, if the agent corrects it.
        entry: the knowledge entry used, if any.
        follow_up_on: the date to come back to it, needed with `FOLLOW_UP`.
        facts: what was told, by facet.
    """

    outcome: CloseOutcome
    seen: int
    item: str | None = None
    entry: str | None = None
    follow_up_on: date | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Claimed:
    """A handling that an agent has now; `fresh` unless they had it before."""

    handling: Handling
    fresh: bool


def claim(session: Session, handling: str, agent: str, moment: datetime) -> Claimed:
    """Take a waiting conversation. Of two agents at once one wins; the same agent twice changes nothing.

    Raises:
        DeskUnknown: there is no such handling.
        AlreadyTaken: somebody else has it, or the citizen left.
        Reserved: it is kept a moment for the agent who knows it.
        NoRoom: the agent is not of this desk, not online, or has as many as they may have.
    """
    row = hold_handling(session, handling)
    if row.state == HandlingState.WITH_AGENT.value and row.agent == agent:
        return Claimed(to_handling(row), fresh=False)
    _require_waiting(row)
    if row.preferred_agent not in {None, agent} and row.preferred_until and row.preferred_until > moment:
        raise Reserved("市民刚和另一位坐席聊过，先留给那位坐席两分钟。")
    require_room(session, row.desk, agent, moment)
    return Claimed(_take(session, row, agent, moment), fresh=True)


def take_over(session: Session, handling: str, supervisor: str, moment: datetime) -> Claimed:
    """Let a supervisor take a conversation, waiting or from another agent, whatever their number; twice changes nothing.

    Raises:
        DeskUnknown: there is no such handling.
        AlreadyTaken: it is over.
    """
    row = hold_handling(session, handling)
    if row.state == HandlingState.WITH_AGENT.value and row.agent == supervisor:
        return Claimed(to_handling(row), fresh=False)
    if row.state == HandlingState.WITH_AGENT.value:
        # The page of whoever had it hears that it is gone.
        note_event(session, "moved", row)
        row.agent, row.waiting_since = supervisor, row.waiting_since or moment
        make_agent(session, supervisor, moment)
        note_event(session, "taken_over", row)
        return Claimed(to_handling(row), fresh=True)
    _require_waiting(row)
    make_agent(session, supervisor, moment)
    return Claimed(_take(session, row, supervisor, moment), fresh=True)


def require_room(session: Session, desk: str, agent: str, moment: datetime) -> None:
    """Lock an agent's row and check that they can take one more conversation of a desk.

    Raises:
        NoRoom: they can't.
    """
    staffing = find_staffing(session, [desk], agent)
    if not staffing:
        raise NoRoom("您不是这个服务台的坐席。")
    state = hold_agent(session, agent)
    if presence_of(state, moment) is not Presence.ONLINE:
        raise NoRoom("先把状态改成「在线」，再接待市民。")
    if load_of(session, agent) >= staffing[0].capacity:
        raise NoRoom(f"同时最多接待 {staffing[0].capacity} 位市民，请先结束一个。")


def bring_in(session: Session, handling: str, agent: str, guest: str, moment: datetime) -> None:
    """Bring a second agent into a conversation; the first goes on holding it.

    Raises:
        NotHolding: the first does not hold it.
        DeskRefused: it is the same person.
    """
    row = hold_held(session, handling, agent)
    if guest == agent:
        raise DeskRefused("不能邀请自己。")
    session.merge(HandlingGuest(handling_id=handling, agent=guest, joined_at=moment))
    note_event(session, "joined", row)
    note_event(session, "invited", row, agent=guest)


def leave_as_guest(session: Session, handling: str, guest: str) -> None:
    """Let a second agent go again."""
    row = hold_handling(session, handling)
    if found := session.get(HandlingGuest, (handling, guest)):
        session.delete(found)
        note_event(session, "joined", row)


def is_guest(session: Session, handling: str, agent: str) -> bool:
    """Tell whether an agent was brought into a conversation."""
    return session.get(HandlingGuest, (handling, agent)) is not None


def close(session: Session, handling: str, agent: str, closing: Closing, moment: datetime) -> ReturnedFacts:
    """End a conversation with a person and give it back to the bot, with what the person said; twice is refused.

    Raises:
        DeskUnknown: there is no such handling.
        NotHolding: the agent does not hold it (any more).
        UnseenMessages: the citizen wrote something that the agent's page had not shown.
        DeskRefused: the closing form is not right.
    """
    if closing.outcome not in BY_AGENT:
        raise DeskRefused("请选择处理结果。")
    if (closing.outcome is CloseOutcome.FOLLOW_UP) != (closing.follow_up_on is not None):
        raise DeskRefused("「需要后续跟进」要写跟进日期，其他结果不写。")
    facts = accept_facts(closing.facts)
    row = hold_held(session, handling, agent)
    # What the citizen sends is either before this, and then the agent must have seen it, or finds the bot again.
    hold_citizen(session, row.citizen_id)
    if unseen(session, row.citizen_id, row.conversation_id, closing.seen):
        raise UnseenMessages("市民刚又发来了消息，请看过再结束。")
    returned = ReturnedFacts(
        conversation=row.conversation_id,
        handling=row.id,
        desk=read_desk(session, row.desk).name,
        outcome=closing.outcome,
        item=closing.item or row.brief.get("item"),
        region=row.brief.get("region"),
        entry=closing.entry,
        facts=facts,
        at=moment,
    )
    row.entry, row.follow_up_on, row.returned = closing.entry, closing.follow_up_on, returned.to_json()
    _end(session, row, closing.outcome, moment)
    return returned


def mark_spam(
    session: Session, handling: str, agent: str, lasting: timedelta, moment: datetime, kind: str = "spam"
) -> datetime:
    """End a conversation as spam or abuse (`kind`), and keep the citizen from the desk for a while; gives until when.

    Raises:
        NotHolding: the agent does not hold it.
        DeskRefused: the while is not between a minute and a week.
    """
    if not timedelta(minutes=1) <= lasting <= _LONGEST_COOL_DOWN or kind not in {"spam", "abuse"}:
        raise DeskRefused("暂停时间要在一分钟到七天之间。")
    row = hold_held(session, handling, agent)
    cool_down(session, row.citizen_id, moment + lasting, agent, kind)
    _end(session, row, CloseOutcome.SPAM, moment)
    return moment + lasting


def _take(session: Session, row: HandlingRow, agent: str, moment: datetime) -> Handling:
    row.state, row.agent, row.waiting_since = HandlingState.WITH_AGENT.value, agent, moment
    note_waited(row, moment)
    row.claimed_at = row.claimed_at or moment
    session.flush()
    give_to_person(session, row)
    note_event(session, "claimed", row)
    return to_handling(row)


def give_to_person(session: Session, row: HandlingRow) -> None:
    """Give a held handling's conversation from the queue to a person.

    The citizen's row is held, so that an answer to them is written either before this or, finding a person there, not at all.

    Raises:
        AlreadyTaken: the conversation is not waiting any more.
    """
    hold_citizen(session, row.citizen_id)
    if not change_holder(session, row.conversation_id, Holder.QUEUED, Holder.WITH_AGENT):
        raise AlreadyTaken("这个会话已经转走了。")


def _end(session: Session, row: HandlingRow, outcome: CloseOutcome, moment: datetime) -> None:
    row.state, row.outcome, row.closed_at = HandlingState.CLOSED.value, outcome.value, moment
    row.waiting_since = None
    session.flush()
    if not change_holder(session, row.conversation_id, Holder.WITH_AGENT, Holder.BOT):
        raise NotHolding("这个会话已经不归坐席了。")
    note_event(session, "closed", row)


def _require_waiting(row: HandlingRow) -> None:
    if row.state == HandlingState.WITH_AGENT.value:
        raise AlreadyTaken("慢了一步，这个会话别的坐席已经接了。")
    if row.state == HandlingState.LEAVING_MESSAGE.value:
        raise AlreadyTaken("市民正在留言，没有在排队。")
    if row.state == HandlingState.CLOSED.value:
        raise AlreadyTaken("市民已经离开，这个会话结束了。")
