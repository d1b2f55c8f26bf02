"""How long words are kept: what is older is erased, or only counted in a dry run. The times and outcomes of turns stay, for
the figures; they hold no word of a citizen. Called by `qinwen retention` (`conversations.commands`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from conversations.models import Delivery, Message

_OPEN = ("waiting", "offered", "due", "sending", "parked")


def purge_words(session: Session, moment: datetime, days: int, *, dry_run: bool) -> dict[str, int]:
    """Erase the words of messages and of pushed messages that are older than `days`; returns how many, by table."""
    old = moment - timedelta(days=days)
    classes: dict[str, tuple[type[Any], Any, dict[str, Any]]] = {
        "message": (Message, (Message.created_at < old) & (Message.text != ""), {"text": "", "payload": None}),
        "delivery": (
            Delivery,
            (Delivery.created_at < old) & Delivery.state.not_in(_OPEN) & (Delivery.reason.is_distinct_from("retention")),
            {"part": {"text": ""}, "reason": "retention"},
        ),
    }
    counts = {}
    for name, (model, rule, values) in classes.items():
        counts[name] = session.scalar(select(func.count()).select_from(model).where(rule)) or 0
        if not dry_run:
            session.execute(update(model).where(rule).values(**values).execution_options(synchronize_session=False))
    return counts
