"""Reads fields of submitted forms and of addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from aiohttp import web

from qinwen.clock import SHAANXI

_LONGEST = 4000
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


def text_of(form: Mapping[str, Any], name: str) -> str:
    """Give a field's text without the space around it; a missing field is empty, and so is an uploaded file."""
    value = form.get(name, "")
    # A zero byte is no text, and PostgreSQL takes none.
    return value.replace("\0", "").strip()[:_LONGEST] if isinstance(value, str) else ""


def secret_of(form: Mapping[str, Any], name: str) -> str:
    """Give a password as it was typed."""
    value = form.get(name, "")
    return value[:_LONGEST] if isinstance(value, str) else ""


def page_of(request: web.Request) -> int:
    """Give the page of a list that is asked for, from 1."""
    text = request.query.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004


def day_of(form: Mapping[str, Any], name: str) -> datetime | None:
    """Give the first moment of a day in Shaanxi, or `None` for what is not a day."""
    try:
        day = date.fromisoformat(text_of(form, name))
    except ValueError:
        return None
    # Years at the ends of the calendar leave it when the zone is taken off.
    return datetime.combine(day, time(), SHAANXI) if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def moment_of(form: Mapping[str, Any], name: str) -> datetime | None:
    """Give the moment that a `datetime-local` field holds, in Shaanxi's time, or `None` for what is not one."""
    try:
        moment = datetime.fromisoformat(text_of(form, name))
    except ValueError:
        return None
    return moment.replace(tzinfo=SHAANXI) if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def local_path(text: str) -> str:
    """Give a path of this site to go on to; anything else becomes the start page."""
    good = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if good else "/"
