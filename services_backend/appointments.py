"""Halls, free times and appointments: frozen, typed, the same for every implementation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Hall:
    """A hall of government services where one can book a time."""

    hall: str
    name: str
    region: str
    address: str


@dataclass(frozen=True)
class Slot:
    """A time at a hall with `free` places left."""

    slot: str
    starts_at: datetime
    ends_at: datetime
    free: int


@dataclass(frozen=True)
class Appointment:
    """A booked time. `pickup_code` is what one types into the ticket machine; `state` is booked or cancelled."""

    appointment: str
    hall: Hall
    item: str
    starts_at: datetime
    ends_at: datetime
    pickup_code: str
    state: str
