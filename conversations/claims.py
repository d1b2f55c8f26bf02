"""Who runs a turn: claiming a message once, in the citizen's order, under a lease that others take over when it ends.
The one writer of `turn`; called by the hub, which opens the sessions.

Sources of the claim-by-unique-key way: `wechat.md` §2.4 asks that a repeated message id answer the same and do nothing
twice; a turn's answer is written by the process that holds it and by no other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from conversations.attachments import note_attachment
from conversations.ledger import hold_citizen, new_id, open_conversation, touch_conversation, write_message
from conversations.models import Citizen, Conversation, Message, Turn
from conversations.turns import CitizenMessage, FinishedTurn, Response
from conversations.vault import Vault
from language import SaidSecrets, hide_secrets
from qinwen.clock import now
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

LEASE = timedelta(seconds=8)


@dataclass(frozen=True)
class Claim:
    """A turn as somebody found it.

    Attributes:
        turn: its id.
        conversation: the conversation's id.
        citizen: the citizen's id.
        message_id: the sender's id of the message.
        channel: the channel it came by.
        region: the region that the conversation remembers.
        text: the masked text.
        said: what proved an identity in the text, only for who claimed it and only in memory.
        origin: an opaque reference of the network address, likewise.
        prepared: the channel's own answer, if it came with one.
        mine: whether the caller is to run it.
        started: whether it runs already, since no earlier one of the citizen was open when it was claimed.
        finished: how it ended, if it did.
    """

    turn: str
    conversation: str
    citizen: str
    message_id: str
    channel: str
    region: str | None
    text: str
    prepared: Response | None
    mine: bool = False
    started: bool = False
    finished: FinishedTurn | None = None
    said: SaidSecrets = field(default=SaidSecrets(), repr=False)
    origin: str = ""


def claim_turn(
    session: Session,
    message: CitizenMessage,
    channel: str,
    runner: str,
    idle: float,
    *,
    expects_secret: bool = False,
    vault: Vault | None = None,
) -> Claim:
    """Claim a message: the first call with its id makes the turn and writes the message, later calls find it.

    Args:
        session: an open session.
        message: the citizen's message.
        channel: the channel that brought it.
        runner: the process that will run it.
        idle: seconds without a word after which a new conversation begins.
        expects_secret: whether the bot just asked for a number that proves an identity.
        vault: keeps the personal data of the message; without one it is hidden and not kept.
    """
    # Messages that come at once are claimed one after another, in one conversation.
    hold_citizen(session, message.citizen)
    known = find_claim(session, message.citizen, message.message_id)
    if known:
        return known
    conversation = open_conversation(session, message.citizen, idle)
    last = session.execute(
        select(Turn.number, Turn.state).where(Turn.citizen_id == message.citizen).order_by(Turn.number.desc()).limit(1)
    ).first()
    # Turns run in their order, so before one that is done there is none that is open.
    number, started = (last.number + 1, last.state == "done") if last else (1, True)
    turn = Turn(
        id=new_id(),
        conversation_id=conversation.id,
        citizen_id=message.citizen,
        message_id=message.message_id,
        channel=channel,
        number=number,
        state="running" if started else "queued",
        runner=runner,
        lease_until=now() + LEASE,
        prepared=_response_to_json(message.prepared) if message.prepared else None,
        started_at=now(),
    )
    session.add(turn)
    session.flush()
    hidden = hide_secrets(message.text, expected=expects_secret)
    text = hidden.text
    number = write_message(session, conversation.id, message.citizen, turn.id, "in", "citizen", text, None)
    if vault and hidden.personal:
        vault.keep(session, message.citizen, number, hidden.personal)
    if message.sent:
        note_attachment(session, message.citizen, number, message.sent, now())
    if message.allowance:
        values = {"push_left": message.allowance.messages, "push_until": now() + timedelta(seconds=message.allowance.seconds)}
        _allow(session, message.citizen, values)
    return Claim(
        turn=turn.id,
        conversation=conversation.id,
        citizen=message.citizen,
        message_id=message.message_id,
        channel=channel,
        region=conversation.region,
        text=text,
        prepared=message.prepared,
        mine=True,
        started=started,
        said=hidden.said,
        origin=message.origin,
    )


def begin_turn(session: Session, turn: str, runner: str) -> bool:
    """Start a queued turn of ours, if no earlier one of the citizen is open. False: not yet, or not ours any more."""
    earlier = aliased(Turn)
    blocked = exists().where(earlier.citizen_id == Turn.citizen_id, earlier.number < Turn.number, earlier.state != "done")
    return _changed(
        session,
        update(Turn)
        .where(Turn.id == turn, Turn.runner == runner, Turn.state != "done", ~blocked)
        .values(state="running", lease_until=now() + LEASE),
    )


def renew_leases(session: Session, turns: Collection[str], runner: str) -> None:
    """Say that this process still runs its turns."""
    session.execute(
        update(Turn).where(Turn.id.in_(turns), Turn.runner == runner, Turn.state != "done").values(lease_until=now() + LEASE)
    )


def take_abandoned(session: Session, runner: str, limit: int = 50) -> list[Claim]:
    """Take the open turns whose runner died, oldest first; each is taken by one process."""
    found = session.execute(
        select(Turn.id, Turn.citizen_id, Turn.message_id)
        .where(Turn.state != "done", Turn.lease_until < now())
        .order_by(Turn.citizen_id, Turn.number)
        .limit(limit)
    ).all()
    return [
        claim
        for turn, citizen, message_id in found
        if take_over(session, turn, runner) and (claim := find_claim(session, citizen, message_id, mine=True))
    ]


def take_over(session: Session, turn: str, runner: str) -> bool:
    """Take one turn whose lease is over. True for exactly one caller."""
    return _changed(
        session,
        update(Turn)
        .where(Turn.id == turn, Turn.state != "done", Turn.lease_until < now())
        .values(runner=runner, lease_until=now() + LEASE),
    )


def finish_turn(session: Session, claim: Claim, runner: str, response: Response) -> FinishedTurn | None:
    """Write how a turn ended, with its replies. None: somebody else holds it now, and will."""
    mine = _changed(
        session,
        update(Turn)
        .where(Turn.id == claim.turn, Turn.state == "running", Turn.runner == runner)
        .values(
            state="done",
            outcome=response.outcome.value,
            item=response.item,
            facet=response.facet,
            region=response.region,
            intent=response.intent,
            confidence=response.confidence,
            finished_at=now(),
            prepared=None,
        ),
    )
    if not mine:
        return None
    last = 0
    for reply in response.replies:
        last = write_message(
            session, claim.conversation, claim.citizen, claim.turn, "out", response.author, reply.text, reply.to_json()
        )
    touch_conversation(session, claim.conversation, response.region)
    return FinishedTurn(claim.conversation, claim.turn, response, last)


def find_claim(session: Session, citizen: str, message_id: str, *, mine: bool = False) -> Claim | None:
    """Find the turn of a message, with its end if it has one."""
    turn = session.scalar(select(Turn).where(Turn.citizen_id == citizen, Turn.message_id == message_id))
    if turn is None:
        return None
    text = session.scalar(select(Message.text).where(Message.turn_id == turn.id, Message.direction == "in")) or ""
    return Claim(
        turn=turn.id,
        conversation=turn.conversation_id,
        citizen=citizen,
        message_id=message_id,
        channel=turn.channel,
        region=session.get_one(Conversation, turn.conversation_id).region,
        text=text,
        prepared=_response_from_json(turn.prepared) if turn.prepared else None,
        mine=mine,
        finished=_finished(session, turn) if turn.state == "done" else None,
    )


def close_open_turns(session: Session, citizen: str) -> None:
    """End a citizen's open turns without an answer; whoever runs one can't write to it any more."""
    session.execute(
        update(Turn)
        .where(Turn.citizen_id == citizen, Turn.state != "done")
        .values(state="done", outcome=Outcome.ACKNOWLEDGED.value, finished_at=now(), prepared=None)
    )


def last_item(session: Session, conversation: str) -> str | None:
    """Give the item that the turn before was about, whoever answered it: the bot itself, or the case side for it."""
    turn = select(Turn.item).where(Turn.conversation_id == conversation, Turn.state == "done")
    return session.scalar(turn.order_by(Turn.number.desc()).limit(1))


def last_choices(session: Session, conversation: str) -> Sequence[Choice]:
    """Give the choices that the citizen was offered last, if the last answer offered any."""
    last = session.scalar(
        select(Turn.id).where(Turn.conversation_id == conversation, Turn.state == "done").order_by(Turn.number.desc()).limit(1)
    )
    payloads = session.scalars(
        select(Message.payload).where(Message.turn_id == last, Message.direction == "out").order_by(Message.id)
    )
    return [choice for payload in payloads if payload for choice in Reply.from_json(payload).choices]


def _allow(session: Session, citizen: str, values: dict[str, Any]) -> None:
    """Give the larger of what is left and what the trigger brings (`wechat.md` §2.6)."""
    found = session.get_one(Citizen, citizen)
    left = found.push_left if found.push_until and found.push_until > now() else 0
    if values["push_left"] >= left:
        session.execute(update(Citizen).where(Citizen.id == citizen).values(**values))


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
        author=records[-1].author if records else "bot",
    )
    return FinishedTurn(turn.conversation_id, turn.id, response, records[-1].id if records else 0)


def _response_to_json(response: Response) -> dict[str, Any]:
    return {"outcome": response.outcome.value, "replies": [reply.to_json() for reply in response.replies]}


def _response_from_json(shape: dict[str, Any]) -> Response:
    return Response(Outcome(shape["outcome"]), tuple(Reply.from_json(reply) for reply in shape["replies"]))


def _changed(session: Session, statement: Any) -> bool:
    result = session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
