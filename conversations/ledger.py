"""The ledger: the durable truth about citizens, conversations and messages, and the one writer of their tables.

Turns are claimed and finished in `claims`, pushed messages kept in `deliveries`. All functions take a `Session`; the hub
opens it and commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Integer, Row, Select, String, bindparam, delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from conversations.errors import ConversationUnknown
from conversations.models import Citizen, CitizenAlias, Conversation, Message, Turn
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Holder

ERASED = "erased:"
# So many messages one look gives; a page that lags further behind looks again.
MOST_AT_ONCE = 100


def new_id() -> str:
    """Make an id for a row: 24 characters, not guessable."""
    return secrets.token_hex(12)


def open_citizen(session: Session, channel: str, address: str) -> str:
    """Find or make the citizen with this address on a channel. Returns the citizen's id."""
    found = find_citizen(session, channel, address)
    if found:
        return found
    citizen = Citizen(id=new_id(), channel=channel, address=address, created_at=now())
    try:
        with session.begin_nested():
            session.add(citizen)
            session.flush()
    except IntegrityError:
        # Somebody else made the same citizen in between.
        found = find_citizen(session, channel, address)
        if found is None:
            raise
        return found
    return citizen.id


def find_citizen(session: Session, channel: str, address: str) -> str | None:
    """Give the id of the citizen with this address on a channel."""
    own = session.scalar(select(Citizen.id).where(Citizen.channel == channel, Citizen.address == address))
    return own or session.scalar(
        select(CitizenAlias.citizen_id).where(CitizenAlias.channel == channel, CitizenAlias.address == address)
    )


def alias_citizen(session: Session, citizen: str, channel: str, address: str) -> None:
    """Give a citizen a second address: whoever comes from there is the same person, with the same conversation."""
    session.merge(CitizenAlias(channel=channel, address=address, citizen_id=citizen, created_at=now()))


def erase_words(session: Session, citizen: str) -> None:
    """Erase a citizen's words and end their conversations; the turns stay, without a word, for the figures."""
    hold_citizen(session, citizen)
    session.execute(update(Message).where(Message.citizen_id == citizen).values(text="", payload=None))
    session.execute(
        update(Conversation).where(Conversation.citizen_id == citizen).values(holder=Holder.CLOSED.value, region=None)
    )


def erase_citizen(session: Session, citizen: str) -> None:
    """Erase a citizen's words, addresses and what was still to be sent.

    Source: the platform asks to erase a follower's data when they leave (`wechat.md` §2.2). Erasing twice does no harm.
    """
    erase_words(session, citizen)
    session.execute(delete(CitizenAlias).where(CitizenAlias.citizen_id == citizen))
    session.execute(
        update(Citizen).where(Citizen.id == citizen).values(address=f"{ERASED}{citizen}", push_left=0, push_until=None)
    )


def messages_after(session: Session, citizen: str, after: int | None, limit: int = MOST_AT_ONCE) -> list[dict[str, Any]]:
    """List a citizen's messages above an id, oldest first, `limit` at most; without `after`, the last ones.

    Each is `{"id", "conversation", "turn", "message_id", "outcome", "direction", "author", "at", "reply"}`; `message_id` is
    the sender's id of the message that the turn answers, `outcome` how the turn ended.
    """
    if after is None:
        rows = session.execute(_messages(citizen).limit(limit).order_by(Message.id.desc())).all()[::-1]
    else:
        rows = session.execute(_NEWER, {"citizen": citizen, "after": after, "limit": limit}).all()
    return _shapes(rows)


def messages_of(session: Session, citizen: str, conversation: str, limit: int = 500) -> list[dict[str, Any]]:
    """List the last messages of one conversation, oldest first, in the shape of `messages_after`."""
    statement = _messages(citizen).where(Message.conversation_id == conversation)
    return _shapes(session.execute(statement.order_by(Message.id.desc()).limit(limit)).all()[::-1])


def words_by(session: Session, author: str, conversations: Sequence[str]) -> list[tuple[str, str]]:
    """List what one kind of author wrote in some conversations: the conversation and the masked text, oldest first."""
    statement = (
        select(Message.conversation_id, Message.text)
        .where(Message.author == author, Message.conversation_id.in_(conversations), Message.text != "")
        .order_by(Message.id)
    )
    return [(conversation, text) for conversation, text in session.execute(statement)]


def _messages(citizen: str | BindParameter[str]) -> Select[tuple[Message, str, str | None]]:
    return (
        select(Message, Turn.message_id, Turn.outcome)
        .outerjoin(Turn, Turn.id == Message.turn_id)
        .where(Message.citizen_id == citizen, Message.text != "")  # what was erased has no words
    )


# Built once: every open page asks for these again and again.
_NEWER = (
    _messages(bindparam("citizen", type_=String))
    .where(Message.id > bindparam("after", type_=Integer))
    .order_by(Message.id)
    .limit(bindparam("limit", type_=Integer))
)
_LAST_HOLDER = (
    select(Conversation.holder)
    .where(Conversation.citizen_id == bindparam("citizen"))
    .order_by(Conversation.last_at.desc())
    .limit(1)
)


def _shapes(rows: Sequence[Row[tuple[Message, str, str | None]]]) -> list[dict[str, Any]]:
    return [
        {
            "id": message.id,
            "conversation": message.conversation_id,
            "turn": message.turn_id,
            "message_id": message_id,
            "outcome": outcome,
            "direction": message.direction,
            "author": message.author,
            "at": message.created_at.isoformat(),
            "reply": message.payload or Reply("text", message.text).to_json(),
        }
        for message, message_id, outcome in rows
    ]


def hold_citizen(session: Session, citizen: str) -> None:
    """Hold a citizen's row until the commit, so that what happens to one citizen happens one after another.

    It is a write that changes nothing: it locks the row on PostgreSQL, and on SQLite it begins the transaction as a
    writing one, which waits for its turn instead of failing later.
    """
    session.execute(update(Citizen).where(Citizen.id == citizen).values(channel=Citizen.channel))


def open_conversation(session: Session, citizen: str, idle: float) -> Conversation:
    """Give the citizen's conversation, a new one after `idle` seconds without a word."""
    moment = now()
    last = session.scalars(
        select(Conversation).where(Conversation.citizen_id == citizen).order_by(Conversation.last_at.desc()).limit(1)
    ).first()
    if last and last.holder != Holder.CLOSED.value and last.last_at > moment - timedelta(seconds=idle):
        return last
    conversation = Conversation(
        id=new_id(),
        citizen_id=citizen,
        holder=Holder.BOT.value,
        region=last.region if last else None,
        opened_at=moment,
        last_at=moment,
    )
    session.add(conversation)
    session.flush()
    return conversation


def find_last_conversation(session: Session, citizen: str) -> str | None:
    """Give the citizen's last conversation."""
    return session.scalar(
        select(Conversation.id).where(Conversation.citizen_id == citizen).order_by(Conversation.last_at.desc()).limit(1)
    )


def find_last_holder(session: Session, citizen: str) -> Holder:
    """Tell who holds the citizen's last conversation: the bot, where there is none."""
    return Holder(session.scalar(_LAST_HOLDER, {"citizen": citizen}) or Holder.BOT)


def last_heard(session: Session, citizen: str) -> datetime | None:
    """Give when a citizen wrote last; None where they never did, or were erased from their channel."""
    address = session.scalar(select(Citizen.address).where(Citizen.id == citizen))
    if address is None or address.startswith(ERASED):
        return None
    return session.scalar(select(Turn.started_at).where(Turn.citizen_id == citizen).order_by(Turn.number.desc()).limit(1))


def change_holder(session: Session, conversation: str, expected: Holder | tuple[Holder, ...], new: Holder) -> bool:
    """Give a conversation from one holder to another. False: somebody else did so first."""
    allowed = expected if isinstance(expected, tuple) else (expected,)
    result = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation, Conversation.holder.in_([holder.value for holder in allowed]))
        .values(holder=new.value)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def find_holder(session: Session, conversation: str) -> Holder:
    """Tell who holds a conversation."""
    return Holder(session.scalar(select(Conversation.holder).where(Conversation.id == conversation)))


def touch_conversation(session: Session, conversation: str, region: str | None) -> None:
    """Note that something was said now, and the region it was about, if any."""
    values: dict[str, Any] = {"last_at": now()}
    if region:
        values["region"] = region
    session.execute(update(Conversation).where(Conversation.id == conversation).values(**values))


def post_message(session: Session, conversation: str, author: str, reply: Reply) -> tuple[str, str, int]:
    """Write a message to the citizen that answers no turn; gives the citizen, their channel, and the message's id.

    Raises:
        ConversationUnknown: there is no such conversation.
    """
    found = session.execute(
        select(Citizen.id, Citizen.channel).join(Conversation).where(Conversation.id == conversation)
    ).one_or_none()
    if found is None:
        raise ConversationUnknown("没有这个会话。")
    hold_citizen(session, found.id)
    number = write_message(session, conversation, found.id, None, "out", author, reply.text, reply.to_json())
    touch_conversation(session, conversation, None)
    return found.id, found.channel, number


def write_message(
    session: Session,
    conversation: str,
    citizen: str,
    turn: str | None,
    direction: str,
    author: str,
    text: str,
    payload: dict[str, Any] | None,
) -> int:
    """Write one message; returns its id."""
    message = Message(
        conversation_id=conversation,
        citizen_id=citizen,
        turn_id=turn,
        direction=direction,
        author=author,
        text=text,
        payload=payload,
        created_at=now(),
    )
    session.add(message)
    session.flush()
    return message.id
