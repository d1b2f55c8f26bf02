"""Appointments: which times a hall has, and booking one so that nobody gets the same place, however many ask at once.

A slot is not a row: its name says hall and time (`610100-20261124-0930`), a rule says which exist. What is booked is a row
with a place number; slot and place are unique, so the database decides a race.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qinwen.clock import SHAANXI, now, today
from qinwen.working_days import is_likely_working_day
from services_backend.appointments import Appointment, Hall, Slot
from services_backend.reference.models import AppointmentRow, HallRow
from services_backend.reference.refusals import Refused, conflict

HORIZON_DAYS = 14
MOST_UPCOMING = 3
_LENGTH = timedelta(minutes=30)
_STARTS = tuple(time(hour, minute) for hour in (9, 10, 11, 14, 15, 16) for minute in (0, 30))
_SLOT = re.compile(r"(?P<hall>[0-9a-z]{1,16})-(?P<day>\d{8})-(?P<time>\d{4})", re.ASCII)


def list_halls(session: Session, region: str | None) -> list[Hall]:
    """List the halls, of one region or all."""
    wanted = select(HallRow).order_by(HallRow.id)
    return [_hall(row) for row in session.scalars(wanted.where(HallRow.region == region) if region else wanted)]


def list_slots(session: Session, hall: str, first: date, days: int) -> list[Slot]:
    """List a hall's times from a day on that are still to come and have a free place.

    Raises:
        Refused: there is no such hall.
    """
    row = _find_hall(session, hall)
    starts = [start for number in range(days) for start in _starts_on(first, number)]
    names = [_name(hall, start) for start in starts]
    booked = session.execute(
        select(AppointmentRow.slot, func.count())
        .where(AppointmentRow.slot.in_(names), AppointmentRow.place.is_not(None))
        .group_by(AppointmentRow.slot)
    ).tuples()
    taken = dict(booked.all())
    slots = [
        Slot(name, start, start + _LENGTH, row.places - taken.get(name, 0)) for name, start in zip(names, starts, strict=True)
    ]
    return [slot for slot in slots if slot.free > 0]


def book(session: Session, slot: str, item: str, subject: str) -> Appointment:
    """Book a place in a slot for a citizen.

    Raises:
        Refused: there is no such slot, it is full, the citizen has another time then, or too many to come.
    """
    match = _SLOT.fullmatch(slot)
    hall = _find_hall(session, match["hall"]) if match else None
    start = _read_start(match["day"] + match["time"]) if match else None
    if hall is None or start is None or start not in set(_starts_on(start.astimezone(SHAANXI).date(), 0)):
        raise Refused(404, "slot_unknown", "没有这个预约时段，请重新选一个。")
    upcoming = [row for row in _rows(session, subject) if row.state == "booked" and row.starts_at > now()]
    if any(row.starts_at == start for row in upcoming):
        raise conflict("appointment_exists", "这个时间您已经有一个预约了。")
    if len(upcoming) >= MOST_UPCOMING:
        raise conflict("too_many_appointments", f"最多同时有{MOST_UPCOMING}个预约，请先取消一个。")
    taken = set(session.scalars(select(AppointmentRow.place).where(AppointmentRow.slot == slot)))
    for place in (number for number in range(1, hall.places + 1) if number not in taken):
        row = AppointmentRow(
            id=secrets.token_hex(12),
            hall_id=hall.id,
            slot=slot,
            place=place,
            seat_key=f"{subject}@{start:%Y%m%d%H%M}",
            subject=subject,
            item=item,
            starts_at=start,
            pickup_code=f"{secrets.randbelow(1_000_000):06d}",
            state="booked",
        )
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:
            continue  # somebody took this place in between, or this citizen booked this time twice at once
        return _appointment(row, hall)
    raise conflict("slot_full", "这个时段刚刚约满了，请选另一个。")


def list_appointments(session: Session, subject: str) -> list[Appointment]:
    """List a citizen's appointments, the next first; past ones and cancelled ones at the end, ten of them at most."""
    rows = _rows(session, subject)
    ahead = sorted((r for r in rows if r.state == "booked" and r.starts_at > now()), key=lambda r: r.starts_at)
    others = sorted((r for r in rows if r not in ahead), key=lambda r: r.starts_at, reverse=True)[:10]
    return [_appointment(row, session.get_one(HallRow, row.hall_id)) for row in [*ahead, *others]]


def cancel(session: Session, appointment: str, subject: str) -> Appointment:
    """Cancel a citizen's appointment and free its place; cancelling twice is fine.

    Raises:
        Refused: the citizen has no such appointment, or its time has come.
    """
    row = session.scalar(select(AppointmentRow).where(AppointmentRow.id == appointment, AppointmentRow.subject == subject))
    if row is None:
        raise Refused(404, "appointment_unknown", "没有找到这个预约。")
    if row.state == "booked" and row.starts_at <= now():
        raise conflict("appointment_over", "预约的时间已经到了，不能再取消。")
    session.execute(
        update(AppointmentRow).where(AppointmentRow.id == row.id).values(state="cancelled", place=None, seat_key=None)
    )
    session.refresh(row)
    return _appointment(row, session.get_one(HallRow, row.hall_id))


def _starts_on(first: date, number: int) -> Iterator[datetime]:
    """Yield the starts still to come of a day, `number` days after another; none beyond the horizon."""
    if first.toordinal() + number > today().toordinal() + HORIZON_DAYS:
        return
    day = first + timedelta(days=number)
    if day < today() or not is_likely_working_day(day):
        return
    moment = now()
    yield from (start for at in _STARTS if (start := datetime.combine(day, at, SHAANXI)) > moment)


def _read_start(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=SHAANXI)
    except ValueError:
        return None


def _name(hall: str, start: datetime) -> str:
    return f"{hall}-{start.astimezone(SHAANXI):%Y%m%d-%H%M}"


def _find_hall(session: Session, hall: str) -> HallRow:
    row = session.get(HallRow, hall)
    if row is None:
        raise Refused(404, "hall_unknown", "没有这个大厅。")
    return row


def _rows(session: Session, subject: str) -> list[AppointmentRow]:
    return list(session.scalars(select(AppointmentRow).where(AppointmentRow.subject == subject)))


def _hall(row: HallRow) -> Hall:
    return Hall(row.id, row.name, row.region, row.address)


def _appointment(row: AppointmentRow, hall: HallRow) -> Appointment:
    return Appointment(row.id, _hall(hall), row.item, row.starts_at, row.starts_at + _LENGTH, row.pickup_code, row.state)
