"""How the lists name an entry, and which state the clock has it in. Used by `publishing`, `drafts` and `listing`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, Content, Faq, Item
from knowledge_base.timeline import Span, governing, next_change
from language import name_of

_LONGEST_TITLE = 200


class EntryState(str, Enum):
    """Where an entry is in its life, apart from an open draft."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"

    @property
    def label(self) -> str:
        """The state as staff read it."""
        return _STATES[self]


_STATES = {
    EntryState.DRAFT: "从未发布",
    EntryState.SCHEDULED: "待生效",
    EntryState.LIVE: "已发布",
    EntryState.ENDED: "已到期",
    EntryState.WITHDRAWN: "已撤下",
    EntryState.DISCARDED: "已放弃",
}


def title_of(content: Content, item: Item | None) -> str:
    """Give the name under which lists show an entry."""
    if isinstance(content, Faq):
        title = content.question
    elif isinstance(content, Item):
        title = content.name
    else:
        title = item.name if item else content.item
        if content.region != PROVINCE:
            title += f"（{name_of(content.region) or content.region}）"
    return title[:_LONGEST_TITLE]


def spans_of(session: Session, entry_id: str) -> list[Span]:
    """Read the dates of an entry's versions, without those that an undone import took back."""
    v = models.EntryVersion
    columns = select(v.number, v.state, v.clears, v.valid_from, v.valid_to)
    columns = columns.where(v.entry_id == entry_id, v.taken_back_at.is_(None))
    return [Span(number, state == "withdrawn", *dates) for number, state, *dates in session.execute(columns)]


def settle(session: Session, entry: models.Entry, at: datetime) -> None:
    """Write down the state that the clock has an entry in, and when it will change it."""
    state, entry.next_change_at = state_of(spans_of(session, entry.id), at)
    entry.state = state.value


def state_of(spans: Sequence[Span], at: datetime) -> tuple[EntryState, datetime | None]:
    """Give the state that the clock has an entry in, and when it will change it."""
    change = next_change(spans, at)
    last = max(spans, key=lambda span: span.number, default=None)
    if last is None:
        return EntryState.DRAFT, change
    if governing(spans, at):
        return EntryState.LIVE, change
    if change is not None:
        return EntryState.SCHEDULED, change
    return (EntryState.WITHDRAWN if last.withdraws else EntryState.ENDED), change


def settle_due(session: Session, at: datetime) -> int:
    """Settle the entries whose time has come since they were last looked at; lists call it first. Returns how many."""
    due = session.scalars(select(models.Entry).where(models.Entry.next_change_at <= at)).all()
    for entry in due:
        settle(session, entry, at)
    if due:
        session.flush()
    return len(due)
