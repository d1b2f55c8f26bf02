"""The tables of the reference backend, on a base of their own. Where a check is enough, personal data are keyed hashes.

Writers: `seeding` (applicants, cases, halls), `progress` (states, events, stops, materials), `identity` (challenges, accesses,
receipt codes, tries, SMS), `service` (urges, ratings, follow-ups), `booking`, `deliveries`, `guards` (nonces), `idempotency`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from qinwen.database import Base as MainBase
from qinwen.database import UtcDateTime


class Base(DeclarativeBase):
    """The base of the reference backend's tables: another database than Qinwen's, so other metadata."""

    metadata = MetaData(naming_convention=MainBase.metadata.naming_convention)


class Applicant(Base):
    """A made-up person. The name stands in clear (a case system has it); number and phone as keyed hashes."""

    __tablename__ = "applicant"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    id_last4_hash: Mapped[str] = mapped_column(String(64))
    phone_hash: Mapped[str] = mapped_column(String(64))


class CaseRow(Base):
    """A case. `version` counts its changes; states change by conditional update only."""

    __tablename__ = "case"
    __table_args__ = (Index("ix_case_applicant_submitted", "applicant_id", "submitted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    query_code: Mapped[str] = mapped_column(String(8))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("applicant.id"))
    item: Mapped[str] = mapped_column(String(64))
    item_name: Mapped[str] = mapped_column(String(64))
    item_version: Mapped[int]
    region: Mapped[str] = mapped_column(String(6))
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    promised_days: Mapped[int]
    promised_due_on: Mapped[date | None]
    correction_due_on: Mapped[date | None]
    step: Mapped[str] = mapped_column(String(32))
    desk: Mapped[str] = mapped_column(String(64))
    result_name: Mapped[str] = mapped_column(String(64))
    fetching: Mapped[str] = mapped_column(String(16))
    fetching_place: Mapped[str] = mapped_column(String(64))
    delivery_number: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]


class EventRow(Base):
    """A change of state, the `sequence`-th of its case."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    sequence: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(200))


class MaterialRow(Base):
    """A material of a case; while it is missing, `reason` says what was wrong."""

    __tablename__ = "case_material"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    received: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))


class StopRow(Base):
    """A time in which the clock of a case stands still."""

    __tablename__ = "case_stop"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))


class ChallengeRow(Base):
    """A challenge of identity; without a case it is one that can't be passed, and looks the same outside."""

    __tablename__ = "challenge"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int]
    used: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AttemptRow(Base):
    """One try at identity, counted for a key: the hash of a number, of a citizen's reference, or of an origin."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SmsRow(Base):
    """A message that a real system would send. Only the demonstration reads it; a decoy is never shown."""

    __tablename__ = "sms"

    id: Mapped[int] = mapped_column(primary_key=True)
    applicant_id: Mapped[int | None] = mapped_column(ForeignKey("applicant.id"))
    text: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AccessRow(Base):
    """What an access token opens: one case for a short time, or, bound, all cases of an applicant. Only its hash is kept."""

    __tablename__ = "access"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey("applicant.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    subject: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceiptCodeRow(Base):
    """The one-time binding code printed on a receipt (also the scene of its QR code)."""

    __tablename__ = "receipt_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    used: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UrgeRow(Base):
    """A 催办; one a day for a case."""

    __tablename__ = "urge"
    __table_args__ = (UniqueConstraint("case_id", "on_day"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    on_day: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RatingRow(Base):
    """The rating of a case; one for a case."""

    __tablename__ = "rating"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), unique=True)
    item_version: Mapped[int]
    level: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class FollowUpRow(Base):
    """What a 差评 leads to: who has to settle it by when."""

    __tablename__ = "follow_up"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    rating_id: Mapped[str] = mapped_column(ForeignKey("rating.id"), unique=True)
    owner: Mapped[str] = mapped_column(String(64))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(16))


class HallRow(Base):
    """A hall with `places` places in each slot."""

    __tablename__ = "hall"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(6), index=True)
    address: Mapped[str] = mapped_column(String(128))
    places: Mapped[int]


class AppointmentRow(Base):
    """A booked place. Slot and place are unique: that is what keeps two from booking the same; cancelled, `place` is empty.

    `seat_key` makes a citizen's booked times unique in the same way.
    """

    __tablename__ = "appointment"
    __table_args__ = (UniqueConstraint("slot", "place"), Index("ix_appointment_subject_starts", "subject", "starts_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    hall_id: Mapped[str] = mapped_column(ForeignKey("hall.id"))
    slot: Mapped[str] = mapped_column(String(32))
    place: Mapped[int | None]
    seat_key: Mapped[str | None] = mapped_column(String(96), unique=True)
    subject: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pickup_code: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))


class WebhookRow(Base):
    """A state change that is to be told, in the order of `sequence` within its case. Written with the change itself."""

    __tablename__ = "webhook"
    __table_args__ = (UniqueConstraint("case_id", "sequence"), Index("ix_webhook_state_next", "state", "next_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    sequence: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """One attempt to deliver a webhook: the log of deliveries."""

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(64))


class NonceRow(Base):
    """A nonce that was used, kept as long as its timestamp would be taken."""

    __tablename__ = "nonce"

    nonce: Mapped[str] = mapped_column(String(128), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class WriteRow(Base):
    """An idempotent write with its answer, so that the same key gets the same answer."""

    __tablename__ = "idempotent_write"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
