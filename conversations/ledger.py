"""The ledger: the durable truth about citizens, conversations, turns and messages. The one writer of its tables.

All functions take a `Session`; the hub opens it and commits. Sources of the claim-by-unique-key way: `wechat.md` §2.4
asks that a repeated message id answer the same and do nothing twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from conversations.models import Citizen, Conversation, Message, Turn
from conversations.turns import CitizenMessage, FinishedTurn, Response
from language import mask_personal
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome


@dataclass(frozen=True)
class Claim:
    """A turn that is ours to run, or one that somebody ran or runs (`finished` tells which)."""

    turn: str
    conversation: str
    region: str | None
    new: bool
    finished: FinishedTurn | None = None


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
    return session.scalar(select(Citizen.id).where(Citizen.channel == channel, Citizen.address == address))


def claim_turn(session: Session, message: CitizenMessage, idle: float) -> Claim:
    """Claim a message: the first call with its id makes the turn and writes the message, later calls find it.

    Args:
        session: an open session.
        message: the citizen's message.
        idle: seconds without a word after which a new conversation begins.
    """
    known = _find_turn(session, message)
    if known:
        return known
    # A write that changes nothing holds the citizen's row (on SQLite: the file) until the commit, so that messages that
    # come at once are claimed one after another, in one conversation; and on SQLite it begins the transaction.
    session.execute(update(Citizen).where(Citizen.id == message.citizen).values(channel=Citizen.channel))
    known = _find_turn(session, message)
    if known:
        return known
    conversation = _open_conversation(session, message.citizen, idle)
    turn = Turn(
        id=new_id(),
        conversation_id=conversation.id,
        citizen_id=message.citizen,
        message_id=message.message_id,
        state="running",
        started_at=now(),
    )
    session.add(turn)
    session.flush()
    _write(session, conversation.id, message.citizen, turn.id, "in", "citizen", mask_personal(message.text), None)
    return Claim(turn.id, conversation.id, conversation.region, new=True)


def take_over(session: Session, turn: str, stale_before: datetime) -> bool:
    """Take a turn whose runner died (running since before `stale_before`). True for exactly one caller."""
    result = session.execute(
        update(Turn).where(Turn.id == turn, Turn.state == "running", Turn.started_at < stale_before).values(started_at=now())
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def finish_turn(session: Session, claim: Claim, citizen: str, response: Response) -> FinishedTurn:
    """Write how a turn ended, with its replies. A turn is finished once; a second call finds the first's end."""
    result = session.execute(
        update(Turn)
        .where(Turn.id == claim.turn, Turn.state == "running")
        .values(
            state="done",
            outcome=response.outcome.value,
            item=response.item,
            facet=response.facet,
            region=response.region,
            intent=response.intent,
            confidence=response.confidence,
            finished_at=now(),
        )
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        return _finished(session, session.get_one(Turn, claim.turn))
    last = 0
    for reply in response.replies:
        last = _write(session, claim.conversation, citizen, claim.turn, "out", "bot", reply.text, reply.to_json())
    values: dict[str, Any] = {"last_at": now()}
    if response.region:
        values["region"] = response.region
    session.execute(update(Conversation).where(Conversation.id == claim.conversation).values(**values))
    return FinishedTurn(claim.conversation, claim.turn, response, last)


def messages_after(session: Session, citizen: str, after: int | None, limit: int = 100) -> list[dict[str, Any]]:
    """List a citizen's messages above an id, oldest first, `limit` at most; without `after`, the last ones.

    Each is `{"id", "conversation", "turn", "message_id", "outcome", "direction", "author", "at", "reply"}`; `message_id` is
    the sender's id of the message that the turn answers, `outcome` how the turn ended.
    """
    statement = (
        select(Message, Turn.message_id, Turn.outcome)
        .outerjoin(Turn, Turn.id == Message.turn_id)
        .where(Message.citizen_id == citizen)
        .limit(limit)
    )
    if after is None:
        rows = session.execute(statement.order_by(Message.id.desc())).all()[::-1]
    else:
        rows = session.execute(statement.where(Message.id > after).order_by(Message.id)).all()
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


def _open_conversation(session: Session, citizen: str, idle: float) -> Conversation:
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


def _find_turn(session: Session, message: CitizenMessage) -> Claim | None:
    turn = session.scalar(select(Turn).where(Turn.citizen_id == message.citizen, Turn.message_id == message.message_id))
    if turn is None:
        return None
    finished = _finished(session, turn) if turn.state == "done" else None
    region = session.get_one(Conversation, turn.conversation_id).region
    return Claim(turn.id, turn.conversation_id, region, new=False, finished=finished)


def _finished(session: Session, turn: Turn) -> FinishedTurn:
    session.refresh(turn)
    records = list(
        session.scalars(select(Message).where(Message.turn_id == turn.id, Message.direction == "out").order_by(Message.id))
    )
    response = Response(
        outcome=Outcome(turn.outcome),
        replies=tuple(Reply.from_json(r.payload or {}) for r in records),
        item=turn.item,
        facet=turn.facet,
        region=turn.region,
        intent=turn.intent,
        confidence=turn.confidence,
    )
    return FinishedTurn(turn.conversation_id, turn.id, response, records[-1].id if records else 0)


def _write(
    session: Session,
    conversation: str,
    citizen: str,
    turn: str | None,
    direction: str,
    author: str,
    text: str,
    payload: dict[str, Any] | None,
) -> int:
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
