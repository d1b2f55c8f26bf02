"""Pictures and voices that citizens sent beside their messages: noted with the message, fetched from the platform once a person
has the conversation. The one writer of `attachment`; called by `claims`, by `fetching` and by the staff's pages.

Before a person has the conversation only the platform's own name of the file is kept, and nothing is fetched: nobody would
look at it. The platform keeps a file for three days (`wechat.md` §2.10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from conversations.models import AttachmentRow, Conversation, Message
from conversations.turns import MediaKind, SentMedia
from qinwen.vocabulary import Holder

PLATFORM_KEEPS = timedelta(days=3)
TOO_OLD = "发来超过三天，微信那边已经不保存，取不到了。"
_LEASE = timedelta(minutes=2)
_LONGEST_ID = 256


class AttachmentState(str, Enum):
    """How far a file is: noted (nobody needs it yet), being fetched, stored, or not to be had."""

    NOTED = "noted"
    FETCHING = "fetching"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message. `name` is that of the stored file, `reason` why there is none."""

    message: int
    kind: MediaKind
    state: AttachmentState
    name: str
    type: str
    reason: str


@dataclass(frozen=True)
class Wanted:
    """A file to be fetched now; `attempts` counts this one."""

    message: int
    citizen: str
    kind: MediaKind
    media_id: str
    attempts: int


def note_attachment(session: Session, citizen: str, message: int, sent: SentMedia, moment: datetime) -> None:
    """Write down that a file came with a message."""
    if not sent.media_id or len(sent.media_id) > _LONGEST_ID:
        return
    session.add(
        AttachmentRow(
            message_id=message,
            citizen_id=citizen,
            kind=sent.kind,
            media_id=sent.media_id,
            state=AttachmentState.NOTED.value,
            name="",
            type="",
            reason="",
            attempts=0,
            next_at=moment,
            created_at=moment,
        )
    )


def attachments_of(session: Session, messages: Sequence[int], moment: datetime) -> dict[int, Attachment]:
    """Give the files that came with some messages, by the message's id."""
    rows = session.scalars(select(AttachmentRow).where(AttachmentRow.message_id.in_(messages))) if messages else ()
    return {row.message_id: _to_attachment(row, moment) for row in rows}


def find_attachment(session: Session, conversation: str, message: int, moment: datetime) -> Attachment | None:
    """Give the file that came with a message of a conversation."""
    row = session.scalar(
        select(AttachmentRow)
        .join(Message, Message.id == AttachmentRow.message_id)
        .where(AttachmentRow.message_id == message, Message.conversation_id == conversation)
    )
    return _to_attachment(row, moment) if row else None


def take_wanted(session: Session, moment: datetime, limit: int = 5) -> list[Wanted]:
    """Take the files that a person with the conversation waits for; each is taken by one process, until it dies."""
    due = select(AttachmentRow).join(Message, Message.id == AttachmentRow.message_id)
    due = due.join(Conversation, Conversation.id == Message.conversation_id).where(
        AttachmentRow.state.in_([AttachmentState.NOTED.value, AttachmentState.FETCHING.value]),
        AttachmentRow.next_at <= moment,
        AttachmentRow.created_at > moment - PLATFORM_KEEPS,
        Conversation.holder == Holder.WITH_AGENT.value,
    )
    wanted = []
    for row in session.scalars(due.order_by(AttachmentRow.message_id.desc()).limit(limit)).all():
        taken = session.execute(
            update(AttachmentRow)
            .where(AttachmentRow.message_id == row.message_id, AttachmentRow.next_at == row.next_at)
            .values(state=AttachmentState.FETCHING.value, next_at=moment + _LEASE, attempts=AttachmentRow.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        if _count(taken):
            wanted.append(Wanted(row.message_id, row.citizen_id, _kind(row.kind), row.media_id, row.attempts + 1))
    return wanted


def keep_attachment(session: Session, message: int, name: str, file_type: str) -> bool:
    """Note that a file is stored. False: the citizen was erased meanwhile, so it must not stay."""
    return _write(session, message, state=AttachmentState.STORED.value, name=name, type=file_type, reason="")


def fail_attachment(session: Session, message: int, reason: str, again_at: datetime | None) -> None:
    """Note why a file was not fetched, and when to try again; None: never."""
    if again_at:
        _write(session, message, reason=reason, next_at=again_at)
    else:
        _write(session, message, state=AttachmentState.FAILED.value, reason=reason)


def erase_attachments(session: Session, citizen: str) -> None:
    """Forget what a citizen sent; the files are erased by who keeps them (`conversations.Eraser`)."""
    session.execute(delete(AttachmentRow).where(AttachmentRow.citizen_id == citizen))


def drop_attachments(session: Session, before: datetime, *, dry_run: bool) -> int:
    """Drop what was noted before a moment; gives how many (would go, in a dry run)."""
    rule = AttachmentRow.created_at < before
    if dry_run:
        return session.scalar(select(func.count()).select_from(AttachmentRow).where(rule)) or 0
    return _count(session.execute(delete(AttachmentRow).where(rule).execution_options(synchronize_session=False)))


def _to_attachment(row: AttachmentRow, moment: datetime) -> Attachment:
    state, reason = AttachmentState(row.state), row.reason
    if state in {AttachmentState.NOTED, AttachmentState.FETCHING} and row.created_at <= moment - PLATFORM_KEEPS:
        state, reason = AttachmentState.FAILED, TOO_OLD
    return Attachment(row.message_id, _kind(row.kind), state, row.name, row.type, reason)


def _kind(text: str) -> MediaKind:
    return "voice" if text == "voice" else "image"


def _write(session: Session, message: int, **values: Any) -> bool:
    return _count(session.execute(update(AttachmentRow).where(AttachmentRow.message_id == message).values(**values))) == 1


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
