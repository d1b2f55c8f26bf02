"""What the desk reads in the ledger; the only module here that does. Texts there are masked already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from conversations.ledger import hold_citizen, messages_after, messages_of, words_by
from qinwen.replies import Reply

__all__ = [
    "Line",
    "agent_words",
    "hold_citizen",
    "last_line",
    "lately_said",
    "read_conversation_lines",
    "read_lines",
    "unseen",
]
_A_FEW = 6


@dataclass(frozen=True)
class Line:
    """A message of the ledger: its id, the sender's id of the turn's message, who wrote it, and what."""

    id: int
    conversation: str
    turn: str | None
    message_id: str | None
    author: str
    outcome: str | None
    at: str
    reply: Reply


def read_lines(session: Session, citizen: str, after: int | None = None) -> list[Line]:
    """Give a citizen's messages above an id, or the last hundred."""
    return [_to_line(shape) for shape in messages_after(session, citizen, after)]


def read_conversation_lines(session: Session, citizen: str, conversation: str) -> list[Line]:
    """Give the messages of one conversation, oldest first; the last five hundred of a very long one."""
    return [_to_line(shape) for shape in messages_of(session, citizen, conversation)]


def agent_words(session: Session, conversations: Sequence[str]) -> list[tuple[str, str]]:
    """Give what agents wrote in some conversations: the conversation and the text, oldest first."""
    return words_by(session, "agent", conversations)


def last_line(session: Session, citizen: str) -> Line | None:
    """Give the last message of a citizen's, from whomever; what only tells that somebody came or went is passed over."""
    said = [shape for shape in messages_after(session, citizen, None, _A_FEW) if shape["author"] != "system"]
    return _to_line(said[-1]) if said else None


def lately_said(session: Session, citizen: str, conversation: str, count: int = 6) -> list[Line]:
    """Give the last messages that a citizen wrote in a conversation, oldest first."""
    lines = [line for line in read_lines(session, citizen) if line.conversation == conversation and line.author == "citizen"]
    return lines[-count:]


def unseen(session: Session, citizen: str, conversation: str, seen: int) -> Sequence[Line]:
    """Give what a citizen wrote in a conversation after the message with id `seen`."""
    lines = read_lines(session, citizen, seen)
    return [line for line in lines if line.conversation == conversation and line.author == "citizen"]


def _to_line(shape: dict[str, Any]) -> Line:
    return Line(
        id=shape["id"],
        conversation=shape["conversation"],
        turn=shape["turn"],
        message_id=shape["message_id"],
        author=shape["author"],
        outcome=shape["outcome"],
        at=shape["at"],
        reply=Reply.from_json({"type": "text", **shape["reply"]}),
    )
