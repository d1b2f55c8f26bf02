"""The ledger's tables. Private to this package; `ledger` is their one writer.

A citizen's text is stored with personal data masked. `Turn` is unique per citizen and message id: the claim that makes
a repeated message answer once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
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


class Conversation(Base):
    """One service session of a citizen; its id is the engine's sender id. `holder` says who answers now."""

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_citizen_last", "citizen_id", "last_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"))
    holder: Mapped[str] = mapped_column(String(16))
    region: Mapped[str | None] = mapped_column(String(6))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Turn(Base):
    """One thing the citizen sent, and how it ended."""

    __tablename__ = "turn"
    __table_args__ = (UniqueConstraint("citizen_id", "message_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    citizen_id: Mapped[str] = mapped_column(ForeignKey("citizen.id"))
    message_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
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
