"""The ledger's tables. Private to this package; each is written by one module: `ledger`, `claims`, `deliveries`, `attachments`,
`controls`, `vault`, `erasing` or `retention`.

A citizen's text is stored with personal data masked. `Turn` is unique per citizen and message id: the claim that makes
a repeated message answer once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class Citizen(Base):
    """A person on a channel. `address` is the channel's own name for them: a hash of the session token, an openid."""

    __tablename__ = "citizen"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    push_left: Mapped[int] = mapped_column(default=0, server_default="0")
    push_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CitizenAlias(Base):
    """Another address of a known citizen: the web session of somebody who came from WeChat."""

    __tablename__ = "citizen_alias"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(128), primary_key=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Conversation(Base):
    """One service session of a citizen; its id is the engine's sender id. `holder` says who answers now."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("ix_conversation_citizen_last", "citizen_id", "last_at"),
        Index("ix_conversation_opened_at", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"))
    holder: Mapped[str] = mapped_column(String(16))
    region: Mapped[str | None] = mapped_column(String(6))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


_OPEN_TURN = sql("state <> 'done'")
_OPEN_DELIVERY = sql("state IN ('waiting', 'offered', 'due', 'sending', 'parked')")


class Turn(Base):
    """One thing the citizen sent, and how it ended.

    `number` counts a citizen's turns: they run in this order. `state` goes queued → running → done; while it is open,
    `runner` (a process) renews `lease_until`, and whoever finds the lease over takes the turn. `owner` says which way the
    answer goes: "reply" with the request that brought the message, or "push" afterwards.
    """

    __tablename__ = "turn"
    __table_args__ = (
        UniqueConstraint("citizen_id", "message_id"),
        Index("ix_turn_open", "citizen_id", "number", sqlite_where=_OPEN_TURN, postgresql_where=_OPEN_TURN),
        # What the dashboard counts by, whole in one index: a month's turns are read without touching the rows.
        Index(
            "ix_turn_figures",
            *("started_at", "state", "channel", "outcome", "item", "facet"),
            *("citizen_id", "conversation_id", "number", "finished_at"),
        ),
        Index("ix_turn_citizen_item", "citizen_id", "item", "number"),
        Index("ix_turn_conversation", "conversation_id", "number", "outcome"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"))
    message_id: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16), default="webchat", server_default="webchat")
    number: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(16))
    runner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(String(8), default="reply", server_default="reply")
    prepared: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    outcome: Mapped[str | None] = mapped_column(String(32))
    item: Mapped[str | None] = mapped_column(String(64))
    facet: Mapped[str | None] = mapped_column(String(16))
    region: Mapped[str | None] = mapped_column(String(6))
    intent: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Message(Base):
    """One message either way, in the order of `id`. `payload` is a reply's JSON, or the citizen's masked text."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"), index=True)
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turn.id"), index=True)
    direction: Mapped[str] = mapped_column(String(8))
    author: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttachmentRow(Base):
    """A picture or a voice that came with a message; written by `attachments`. `media_id` is the platform's name of it, `name`
    that of the stored file; `next_at` is when to fetch it (again), or until when somebody does.
    """

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_state", "state", "next_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True, autoincrement=False)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    media_id: Mapped[str] = mapped_column(String(256))
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(80))
    type: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One outgoing message of a channel that pushes, in the order of `id`.

    States: `waiting` (for the request that brought the question) · `offered` (written into its answer, not yet known to be
    taken) · `due` (to be pushed) · `sending` · `sent` · `parked` (kept, with a `reason`, until the citizen writes or staff
    decide) · `given_up`. `reply_turn` is the turn whose request carried it, `way` how it went: "reply" or "push".
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_open", "citizen_id", "id", sqlite_where=_OPEN_DELIVERY, postgresql_where=_OPEN_DELIVERY),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"))
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turn.id"), index=True)
    reply_turn: Mapped[str | None] = mapped_column(String(32), index=True)
    part: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    way: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    runner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EmergencyControl(Base):
    """A banner, a uniform answer or the bot's off switch, with its time and who did it; written by `controls`."""

    __tablename__ = "emergency_control"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    wordings: Mapped[list[str]] = mapped_column(JSON)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_by: Mapped[str | None] = mapped_column(String(32))
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VaultEntry(Base):
    """Something personal that a citizen wrote, sealed; written by `vault`. Its placeholder stands at `start` in the message."""

    __tablename__ = "vault_entry"
    __table_args__ = (UniqueConstraint("message_id", "start"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    start: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ErasureRow(Base):
    """The receipt of an erasure, by its code; written by `erasing`. It names no citizen."""

    __tablename__ = "erasure"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    channel: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(16))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)


class RetentionRun(Base):
    """The daily run of the retention job; written by `retention`. `state`: running → done."""

    __tablename__ = "retention_run"

    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    runner: Mapped[str] = mapped_column(String(32))
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
