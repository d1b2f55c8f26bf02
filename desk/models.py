"""The desk's tables; each names the module that alone writes it. Private to this package.

Other packages' rows (citizens, conversations, messages, staff members) are named by plain ids, without foreign keys. No
word of a citizen is stored here: what they wrote stays in the ledger, and is found there by message id. What staff write
is masked first.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class DeskRow(Base):
    """A service desk; written by `desks`. `body` holds hours, exceptions, items and times (see `desks.Desk`)."""

    __tablename__ = "desk"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(32))
    region: Mapped[str] = mapped_column(String(6))
    parent: Mapped[str | None] = mapped_column(ForeignKey("desk.code"))
    active: Mapped[bool]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class DeskMember(Base):
    """An agent of a desk; written by `desks`."""

    __tablename__ = "desk_member"

    desk: Mapped[str] = mapped_column(ForeignKey("desk.code"), primary_key=True)
    agent: Mapped[str] = mapped_column(String(32), primary_key=True)
    capacity: Mapped[int | None]


class AgentState(Base):
    """Whether an agent is there; written by `presence`."""

    __tablename__ = "desk_agent"

    agent: Mapped[str] = mapped_column(String(32), primary_key=True)
    presence: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


_IS_OPEN = text("state <> 'closed'")


class HandlingRow(Base):
    """One handed-off conversation; written by `queueing`, `holding` and `moving`, through `changing`.

    `rank_at` orders the queue: the time of asking, less some minutes for who goes first. `waiting_since` is set while
    the citizen waits for the agent's answer. `wait` keeps what the citizen was told about waiting (see `waiting`).
    """

    __tablename__ = "handling"
    __table_args__ = (
        Index("uq_handling_open", "conversation_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_handling_queue", "desk", "state", "rank_at"),
        Index("ix_handling_agent_state", "agent", "state"),
        Index("ix_handling_citizen_closed", "citizen_id", "closed_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(32), index=True)
    citizen_id: Mapped[str] = mapped_column(String(32))
    desk: Mapped[str] = mapped_column(ForeignKey("desk.code"))
    state: Mapped[str] = mapped_column(String(16))
    agent: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int]
    reason: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[list[str]] = mapped_column(JSON)
    rank_at: Mapped[datetime] = mapped_column(UtcDateTime)
    brief: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    citizen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferred_agent: Mapped[str | None] = mapped_column(String(32))
    preferred_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wait: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    outcome: Mapped[str | None] = mapped_column(String(16))
    entry: Mapped[str | None] = mapped_column(String(128))
    follow_up_on: Mapped[date | None]
    returned: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class HandlingGuest(Base):
    """A second agent who was brought in; written by `holding`."""

    __tablename__ = "handling_guest"

    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), primary_key=True)
    agent: Mapped[str] = mapped_column(String(32), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HandlingNote(Base):
    """An internal note, masked; written by `notes`."""

    __tablename__ = "handling_note"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), index=True)
    agent: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HandlingMove(Base):
    """A change of desk or agent; written by `moving`."""

    __tablename__ = "handling_move"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    from_desk: Mapped[str] = mapped_column(String(32))
    to_desk: Mapped[str] = mapped_column(String(32))
    from_agent: Mapped[str | None] = mapped_column(String(32))
    to_agent: Mapped[str | None] = mapped_column(String(32))
    by: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SentMessage(Base):
    """An agent's message by the page's own id, so that a double click sends once; written by `sending`."""

    __tablename__ = "desk_sent"

    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MacroRow(Base):
    """A ready-made text with variables, of a desk or of all; written by `macros`."""

    __tablename__ = "desk_macro"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    desk: Mapped[str | None] = mapped_column(ForeignKey("desk.code"), index=True)
    title: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WorkItemRow(Base):
    """A message that a citizen left, to be answered by a working day; written by `work_items`."""

    __tablename__ = "desk_work_item"
    __table_args__ = (Index("ix_desk_work_item_list", "desk", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    desk: Mapped[str] = mapped_column(ForeignKey("desk.code"))
    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(String(32))
    citizen_id: Mapped[str] = mapped_column(String(32), index=True)
    message_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CoolDown(Base):
    """A citizen who may not come to the desk for a while; written by `queueing`."""

    __tablename__ = "desk_cool_down"

    citizen_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))


class RatingRow(Base):
    """A chat rating, with what it is about; written by `ratings`. `comment` is masked."""

    __tablename__ = "chat_rating"
    __table_args__ = (Index("uq_chat_rating_target", "citizen_id", "target", "target_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    citizen_id: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str] = mapped_column(String(32), index=True)
    target: Mapped[str] = mapped_column(String(8))
    target_id: Mapped[str] = mapped_column(String(160))
    turn_id: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int | None]
    agent: Mapped[str | None] = mapped_column(String(32), index=True)
    desk: Mapped[str | None] = mapped_column(String(32))
    level: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RatingCase(Base):
    """The follow-up of a 差评; written by `bad_ratings`."""

    __tablename__ = "chat_rating_case"

    rating_id: Mapped[int] = mapped_column(ForeignKey("chat_rating.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str | None] = mapped_column(String(32))
    due_on: Mapped[date]
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact: Mapped[str] = mapped_column(Text)
    resolution: Mapped[str] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal: Mapped[str] = mapped_column(String(16))
    appeal_text: Mapped[str] = mapped_column(Text)
    appealed_by: Mapped[str | None] = mapped_column(String(32))
    appeal_decided_by: Mapped[str | None] = mapped_column(String(32))


class DeskEvent(Base):
    """Something changed that a page shows; written by `changing`, in the same transaction. Read by `events`."""

    __tablename__ = "desk_event"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    desk: Mapped[str | None] = mapped_column(String(32))
    agent: Mapped[str | None] = mapped_column(String(32))
    handling_id: Mapped[str | None] = mapped_column(String(32))


class QualityReviewRow(Base):
    """A closed conversation drawn by chance, with its score; written by `quality`. `note` is masked."""

    __tablename__ = "desk_quality_review"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    handling_id: Mapped[str] = mapped_column(ForeignKey("handling.id"), unique=True)
    desk: Mapped[str] = mapped_column(ForeignKey("desk.code"), index=True)
    agent: Mapped[str] = mapped_column(String(32), index=True)
    drawn_by: Mapped[str] = mapped_column(String(32))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewer: Mapped[str | None] = mapped_column(String(32))
    grades: Mapped[dict[str, int]] = mapped_column(JSON)
    score: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
