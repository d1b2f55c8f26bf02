"""The time: one function for now, and Shaanxi's zone for what citizens read."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

SHAANXI = timezone(timedelta(hours=8), "CST")


def now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def today() -> date:
    """Give the date in Shaanxi."""
    return now().astimezone(SHAANXI).date()
