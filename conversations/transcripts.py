"""Staff's view of the conversations: a list to search, and what was said in one, masked. Called by the staff's pages.

What the vault has is marked in the text and stays sealed; the page reveals one datum at a time (`vault.Vault.reveal`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from conversations.models import Citizen, Conversation, Message, Turn
from conversations.vault import Sealed, sealed_in
from qinwen.replies import Choice, Reply

_REGION_DIGITS = 6


@dataclass(frozen=True)
class TranscriptFilter:
    """Which conversations: all that fit everything given.

    Attributes:
        since, until: when they began, from and before.
        outcome: one of their turns ended so.
        item: one of their turns was about this service item.
        citizen: the beginning of the citizen's id.
        regions: only of these regions and what belongs to them, or of none; empty for all.
    """

    since: datetime | None = None
    until: datetime | None = None
    outcome: str = ""
    item: str = ""
    citizen: str = ""
    regions: Collection[str] = ()


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list."""

    id: str
    citizen: str
    channel: str
    region: str | None
    holder: str
    opened_at: datetime
    last_at: datetime
    turns: int
    outcomes: Sequence[str]
    items: Sequence[str]


@dataclass(frozen=True)
class Piece:
    """A part of a text: words, or a placeholder that the vault can fill."""

    text: str
    sealed: Sealed | None = None


@dataclass(frozen=True)
class Speech:
    """One message; `pieces` are empty where its words were erased. How its turn ended stands at the citizen's message."""

    id: int
    author: str
    at: datetime
    pieces: Sequence[Piece]
    choices: Sequence[Choice]
    outcome: str | None
    item: str | None
    facet: str | None


def find_conversations(
    session: Session, wanted: TranscriptFilter, before: str = "", limit: int = 50
) -> Sequence[ConversationRow]:
    """List conversations, the latest begun first, after the one with id `before`."""
    statement = select(Conversation, Citizen.channel).join(Citizen).where(*_rules(wanted))
    if before:
        edge = select(Conversation.opened_at).where(Conversation.id == before).scalar_subquery()
        earlier = and_(Conversation.opened_at == edge, Conversation.id < before)
        statement = statement.where(or_(Conversation.opened_at < edge, earlier))
    found = session.execute(statement.order_by(Conversation.opened_at.desc(), Conversation.id.desc()).limit(limit)).all()
    return _rows(session, [(conversation, channel) for conversation, channel in found])


def read_conversation(session: Session, conversation: str, regions: Collection[str] = ()) -> ConversationRow | None:
    """Give one conversation, if it is of one of the regions."""
    found = session.execute(
        select(Conversation, Citizen.channel).join(Citizen).where(Conversation.id == conversation, *_within(regions))
    ).one_or_none()
    return _rows(session, [(found[0], found[1])])[0] if found else None


def read_speeches(session: Session, conversation: str, after: int = 0, limit: int = 200) -> Sequence[Speech]:
    """Give the messages of a conversation above an id, oldest first."""
    rows = session.execute(
        select(Message, Turn)
        .outerjoin(Turn, Turn.id == Message.turn_id)
        .where(Message.conversation_id == conversation, Message.id > after)
        .order_by(Message.id)
        .limit(limit)
    ).all()
    sealed = sealed_in(session, [message.id for message, _ in rows])
    return [_speech(message, turn, sealed.get(message.id, ())) for message, turn in rows]


def _speech(message: Message, turn: Turn | None, sealed: Sequence[Sealed]) -> Speech:
    asked = turn if message.direction == "in" else None
    return Speech(
        id=message.id,
        author=message.author,
        at=message.created_at,
        pieces=_pieces(message.text, sealed),
        choices=Reply.from_json(message.payload).choices if message.payload else (),
        outcome=asked.outcome if asked else None,
        item=asked.item if asked else None,
        facet=asked.facet if asked else None,
    )


def _pieces(text: str, sealed: Sequence[Sealed]) -> Sequence[Piece]:
    pieces, end = [], 0
    for datum in sealed:
        shown = f"[{datum.kind}]"
        if text.startswith(shown, datum.start):
            pieces += [Piece(text[end : datum.start]), Piece(shown, datum)]
            end = datum.start + len(shown)
    return [piece for piece in (*pieces, Piece(text[end:])) if piece.text]


def _rows(session: Session, found: Sequence[tuple[Conversation, str]]) -> Sequence[ConversationRow]:
    ids = [conversation.id for conversation, _ in found]
    figures = session.execute(
        select(Turn.conversation_id, Turn.outcome, Turn.item, func.count())
        .where(Turn.conversation_id.in_(ids))
        .group_by(Turn.conversation_id, Turn.outcome, Turn.item)
    ).all()
    rows = []
    for one, channel in found:
        mine = [(outcome, item, count) for conversation, outcome, item, count in figures if conversation == one.id]
        outcomes = sorted({outcome for outcome, _, _ in mine if outcome})
        items = sorted({item for _, item, _ in mine if item})
        turns = sum(count for _, _, count in mine)
        rows.append(
            ConversationRow(
                one.id, one.citizen_id, channel, one.region, one.holder, one.opened_at, one.last_at, turns, outcomes, items
            )
        )
    return rows


def _rules(wanted: TranscriptFilter) -> list[ColumnElement[bool]]:
    rules = _within(wanted.regions)
    if wanted.since:
        rules.append(Conversation.opened_at >= wanted.since)
    if wanted.until:
        rules.append(Conversation.opened_at < wanted.until)
    if wanted.citizen:
        rules.append(Conversation.citizen_id.startswith(wanted.citizen, autoescape=True))
    turn = []
    if wanted.outcome:
        turn.append(Turn.outcome == wanted.outcome)
    if wanted.item:
        turn.append(Turn.item == wanted.item)
    if turn:
        rules.append(exists().where(Turn.conversation_id == Conversation.id, *turn))
    return rules


def _within(regions: Collection[str]) -> list[ColumnElement[bool]]:
    """Limit to regions: a code's own pairs of digits are the beginning of all codes below it (GB/T 2260)."""
    if not regions:
        return []
    heads = [_head(code) for code in regions]
    return [or_(Conversation.region.is_(None), *(Conversation.region.startswith(head) for head in heads))]


def _head(code: str) -> str:
    while code.endswith("00") and len(code) > 2:  # noqa: PLR2004
        code = code[:-2]
    return code[:_REGION_DIGITS]
