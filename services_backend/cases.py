"""What a case system tells about cases: frozen, typed, the same for every implementation. Times are aware, dates Shaanxi's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from qinwen.clock import SHAANXI
from services_backend.vocabulary import CaseState, Channel, Fetching, RatingLevel, RatingReason


@dataclass(frozen=True)
class CaseEvent:
    """One change of state, with the office's note for the applicant (may be empty)."""

    state: CaseState
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class Stop:
    """A time in which the office's clock stands still; without an end it still does."""

    started_on: date
    reason: str
    ended_on: date | None = None


@dataclass(frozen=True)
class CaseMaterial:
    """A material of the case; of a missing one `reason` says what is wrong with what was handed in."""

    name: str
    received: bool
    reason: str = ""


@dataclass(frozen=True)
class CaseResult:
    """What the applicant gets, how, where, and with which delivery number."""

    name: str
    fetching: Fetching
    place: str = ""
    delivery_number: str = ""


@dataclass(frozen=True)
class Case:
    """A case as its applicant may see it. `applicant` is the masked name; `promised_days` are working days, 0 on the spot."""

    number: str
    query_code: str
    item: str
    item_name: str
    item_version: int
    region: str
    channel: Channel
    applicant: str
    state: CaseState
    since: datetime
    submitted_at: datetime
    promised_days: int
    step: str
    desk: str
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    promised_due_on: date | None = None
    correction_due_on: date | None = None
    events: tuple[CaseEvent, ...] = ()
    materials: tuple[CaseMaterial, ...] = ()
    stops: tuple[Stop, ...] = ()
    result: CaseResult | None = None
    urged_on: date | None = None
    rated: bool = False

    @property
    def missing(self) -> tuple[CaseMaterial, ...]:
        """The materials that are still to be handed in."""
        return tuple(material for material in self.materials if not material.received)


@dataclass(frozen=True)
class CaseSummary:
    """A line of the list of an applicant's cases."""

    number: str
    item: str
    item_name: str
    state: CaseState
    since: datetime
    promised_due_on: date | None = None


@dataclass(frozen=True)
class CasePage:
    """A page of an applicant's cases, the newest first; `page` counts from 1."""

    cases: tuple[CaseSummary, ...]
    page: int
    size: int
    total: int


@dataclass(frozen=True)
class Challenge:
    """An SMS code was sent, if number and identity fit; nobody learns here whether they do."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True)
class Grant:
    """Leave to see one case for a short time. `access` is a secret."""

    access: str
    expires_at: datetime


@dataclass(frozen=True)
class Binding:
    """A citizen bound to an applicant until unbound. `access` is a secret; `applicant` the masked name."""

    binding: str
    access: str
    applicant: str


@dataclass(frozen=True)
class Urge:
    """A recorded 催办."""

    urge: str
    at: datetime


@dataclass(frozen=True)
class Rating:
    """What a citizen rates; a case rating stands on the version of the item that was applied."""

    level: RatingLevel
    item_version: int
    reasons: tuple[RatingReason, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class FollowUp:
    """What a 差评 leads to: somebody who has to settle it by a day."""

    follow_up: str
    owner: str
    due_on: date
    state: str = "open"


@dataclass(frozen=True)
class RatingReceipt:
    """A recorded rating, with its follow-up if it was a 差评."""

    rating: str
    level: RatingLevel
    at: datetime
    follow_up: FollowUp | None = None


def local_date(moment: datetime) -> date:
    """Give a moment's date in Shaanxi."""
    return moment.astimezone(SHAANXI).date()
