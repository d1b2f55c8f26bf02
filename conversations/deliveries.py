"""The messages that channels push: who sends each, in what order, and how it ended. The one writer of `delivery`.

A delivery has one owner at a time, changed by conditional update: the request that brought the question (`waiting` →
`offered` → `sent`), or the courier (`due` → `sending` → `sent`). What may have gone out and nobody knows is parked and
never sent again by itself. A citizen's deliveries go out in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from conversations.carriers import DeliveryFailed, Merged, Part
from conversations.ledger import hold_citizen
from conversations.models import Citizen, Delivery, Turn
from qinwen.clock import now

SENDING_LEASE = timedelta(seconds=15)
OFFER_LEASE = timedelta(seconds=25)
MAX_ATTEMPTS = 6
# Nobody knows whether these were seen: the citizen gets them again only when staff say so.
UNCERTAIN = "unknown"
# The citizen was notified that there is something; it waits until they write.
NOTIFIED = "notified"
_BLOCKING = ("waiting", "offered", "due", "sending")
OPEN = (*_BLOCKING, "parked")


@dataclass(frozen=True)
class Parcel:
    """A delivery that is ours to push, or, where nothing may be pushed any more, to notify the citizen of."""

    id: int
    citizen: str
    channel: str
    address: str
    part: Part
    attempts: int
    notice: bool = False


@dataclass(frozen=True)
class Offer:
    """What a request may answer with: a part, held until `lease`; or nothing, and whether that may change."""

    part: Part | None = None
    wait: bool = False
    lease: datetime | None = None


def add_parts(session: Session, citizen: str, turn: str | None, parts: Sequence[Part]) -> None:
    """Write the parts of an answer, or of a message that nobody asked for (`turn` is None), which is due at once."""
    owner = session.scalar(select(Turn.owner).where(Turn.id == turn)) if turn else "push"
    moment = now()
    state = "due" if owner == "push" else "waiting"
    session.add_all(
        Delivery(
            citizen_id=citizen,
            turn_id=turn,
            part=dict(part),
            state=state,
            attempts=0,
            # Whoever waits for it holds it as long as an offer; then the courier takes it.
            lease_until=moment + OFFER_LEASE if state == "waiting" else None,
            next_at=moment,
            created_at=moment,
            changed_at=moment,
        )
        for part in parts
    )
    session.flush()


def offer(session: Session, citizen: str, turn: str, merge: Callable[[Sequence[Part]], Merged]) -> Offer:
    """Give the one message that the request of `turn` may answer with, and mark what it holds as offered.

    It is the turn's first part, after what was parked for the citizen, as much as fits; the rest becomes due. A repeated
    request gets the same again. Nothing: an earlier message is still on its way (wait), or the answer went the other way.
    """
    hold_citizen(session, citizen)
    lease = now() + OFFER_LEASE
    again = session.scalars(select(Delivery).where(Delivery.reply_turn == turn).order_by(Delivery.id)).all()
    if again:
        # Asking again shows that it was not received.
        lost = [d.id for d in again if d.state in {"offered", "parked"}]
        _change(session, lost, state="offered", reason=None, lease_until=lease)
        return Offer(merge([d.part for d in again]).part, lease=lease)
    mine = session.scalars(select(Delivery).where(Delivery.turn_id == turn).order_by(Delivery.id)).all()
    if not mine or mine[0].state not in {"waiting", "due"}:
        return Offer()
    earlier = session.scalars(
        select(Delivery)
        .where(Delivery.citizen_id == citizen, Delivery.id < mine[0].id, Delivery.state.in_((*_BLOCKING, "parked")))
        .order_by(Delivery.id)
    ).all()
    if any(d.state != "parked" for d in earlier):
        return Offer(wait=True)
    queue = [d for d in earlier if d.reason != UNCERTAIN] + [d for d in mine if d.state in {"waiting", "due"}]
    merged = merge([d.part for d in queue])
    chosen, rest = queue[: merged.count], queue[merged.count :]
    _change(session, [d.id for d in chosen], state="offered", reply_turn=turn, lease_until=lease, reason=None)
    _change(session, [d.id for d in rest], state="due", next_at=now(), lease_until=None, reason=None)
    return Offer(merged.part, lease=lease)


def defer(session: Session, citizen: str, turn: str) -> bool:
    """Let the answer of `turn` be pushed, with what was parked before it. False: it was offered already."""
    hold_citizen(session, citizen)
    if session.scalar(select(exists().where(Delivery.turn_id == turn, Delivery.state.in_(("offered", "sent"))))):
        return False
    session.execute(update(Turn).where(Turn.id == turn).values(owner="push"))
    waiting = (Delivery.turn_id == turn) & (Delivery.state == "waiting")
    parked = (Delivery.citizen_id == citizen) & (Delivery.state == "parked") & (Delivery.reason != UNCERTAIN)
    session.execute(
        update(Delivery)
        .where(or_(waiting, parked))
        .values(state="due", next_at=now(), changed_at=now(), lease_until=None, reason=None)
    )
    return True


def confirm(session: Session, turn: str) -> None:
    """Note that the answer with the offered messages was written to the connection."""
    session.execute(
        update(Delivery)
        .where(Delivery.reply_turn == turn, Delivery.state == "offered")
        .values(state="sent", way="reply", changed_at=now(), lease_until=None)
    )


def withdraw(session: Session, turn: str, lease: datetime) -> None:
    """Take an offer back, since the connection was closed before it was written: the courier pushes it.

    Not if the platform asked again meanwhile: the answer is that request's then, by a later lease, and would come twice.
    """
    session.execute(
        update(Delivery)
        .where(Delivery.reply_turn == turn, Delivery.state == "offered", Delivery.lease_until == lease)
        .values(state="due", reply_turn=None, next_at=now(), changed_at=now(), lease_until=None)
    )


def take_due(session: Session, runner: str, limit: int, notifying: Collection[str] = ()) -> list[Parcel]:
    """Take what is to be pushed now: of each citizen the first open message only, counted against their allowance.

    On the channels of `notifying`, a message with a notice goes out as that where the allowance is used up.
    """
    earlier = aliased(Delivery)
    blocked = exists().where(earlier.citizen_id == Delivery.citizen_id, earlier.id < Delivery.id, earlier.state.in_(_BLOCKING))
    ids = session.scalars(
        select(Delivery.id)
        .where(Delivery.state == "due", Delivery.next_at <= now(), ~blocked)
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    return [parcel for number in ids if (parcel := _take(session, number, runner, notifying))]


def finish_delivery(session: Session, parcel: Parcel, failure: DeliveryFailed | None) -> None:
    """Write how pushing went: sent, or what the failure's kind says."""
    values: dict[str, Any] = {"lease_until": None, "changed_at": now()}
    if parcel.notice and (failure is None or failure.kind == "unknown"):
        values |= {"state": "parked", "reason": NOTIFIED}
    elif failure is None:
        values |= {"state": "sent", "way": "push", "reason": None}
    elif failure.kind == "retry" and parcel.attempts + 1 < MAX_ATTEMPTS:
        pause = max(failure.delay, 0.5 * 2**parcel.attempts)
        values |= {"state": "due", "reason": failure.reason, "next_at": now() + timedelta(seconds=pause)}
    elif failure.kind == "give_up" and not parcel.notice:
        values |= {"state": "given_up", "reason": failure.reason}
    else:
        values |= {"state": "parked", "reason": UNCERTAIN if failure.kind == "unknown" else failure.reason}
    done = session.execute(update(Delivery).where(Delivery.id == parcel.id, Delivery.state == "sending").values(**values))
    nothing_went = failure is not None and failure.kind != "unknown" and not parcel.notice
    if nothing_went and isinstance(done, CursorResult) and done.rowcount:
        session.execute(update(Citizen).where(Citizen.id == parcel.citizen).values(push_left=Citizen.push_left + 1))


def end_leases(session: Session) -> int:
    """Settle what a process left when it died: unconfirmed messages are parked, answers nobody fetched become due."""
    moment = now()
    over = Delivery.lease_until < moment
    parked = session.execute(
        update(Delivery)
        .where(Delivery.state.in_(("offered", "sending")), over)
        .values(state="parked", reason=UNCERTAIN, lease_until=None, changed_at=moment)
    )
    freed = session.execute(
        update(Delivery)
        .where(Delivery.state == "waiting", over)
        .values(state="due", next_at=moment, lease_until=None, changed_at=moment)
    )
    return sum(result.rowcount for result in (parked, freed) if isinstance(result, CursorResult))


def cancel_deliveries(session: Session, citizen: str, reason: str) -> None:
    """Give up what a citizen has not got yet, and forget the words of all that was sent to them."""
    session.execute(
        update(Delivery)
        .where(Delivery.citizen_id == citizen, Delivery.state.in_((*_BLOCKING, "parked")))
        .values(state="given_up", reason=reason, changed_at=now(), lease_until=None)
    )
    session.execute(update(Delivery).where(Delivery.citizen_id == citizen).values(part={"text": ""}))


def _take(session: Session, number: int, runner: str, notifying: Collection[str]) -> Parcel | None:
    moment = now()
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id == number, Delivery.state == "due")
        .values(
            state="sending",
            runner=runner,
            attempts=Delivery.attempts + 1,
            lease_until=moment + SENDING_LEASE,
            changed_at=moment,
        )
    )
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        return None
    row = session.get_one(Delivery, number, populate_existing=True)
    citizen = session.get_one(Citizen, row.citizen_id, populate_existing=True)
    allowed = session.execute(
        update(Citizen)
        .where(Citizen.id == citizen.id, Citizen.push_left > 0, Citizen.push_until > moment)
        .values(push_left=Citizen.push_left - 1)
    )
    if not isinstance(allowed, CursorResult) or allowed.rowcount != 1:
        if "notice" in row.part and citizen.channel in notifying:
            return Parcel(number, citizen.id, citizen.channel, citizen.address, row.part, row.attempts - 1, notice=True)
        _change(session, [number], state="parked", reason="allowance", lease_until=None)
        return None
    return Parcel(number, citizen.id, citizen.channel, citizen.address, row.part, row.attempts - 1)


def _change(session: Session, ids: Sequence[int], **values: datetime | str | None) -> None:
    if ids:
        session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(changed_at=now(), **values))
