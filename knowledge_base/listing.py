"""The list of entries that staff see: searched, filtered, and turned over page by page, quick at a hundred thousand entries.

Every filter is an indexed column of `entry`, and a page begins after the last id of the one before, so the hundredth page costs
what the first does. Only the free-text search looks through titles and ids; it stops at the end of a page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Item, read_body
from knowledge_base.states import EntryState, settle_due
from language import all_regions, ancestors

Order = Literal["id", "review_due_on"]
_MOST_COUNTED = 10_000


@dataclass(frozen=True)
class EntryFilter:
    """Which entries somebody wants to see; what is empty doesn't matter.

    Attributes:
        words: part of a title or an id.
        kind: item, guide or faq.
        item: an item's code.
        region: a region's code.
        department: a department.
        state: where it is in its life.
        draft_state: "draft" or "in_review": those with such a draft.
        incomplete: those that lack needed fields.
        due_until: those to be reviewed up to this day.
        owner: whose.
        departments: only these (what somebody may work on); empty for all.
        regions: only these and what is below them; empty for all.
    """

    words: str = ""
    kind: str = ""
    item: str = ""
    region: str = ""
    department: str = ""
    state: EntryState | None = None
    draft_state: str = ""
    incomplete: bool = False
    due_until: date | None = None
    owner: str = ""
    departments: Collection[str] = ()
    regions: Collection[str] = ()


@dataclass(frozen=True)
class ListedEntry:
    """One line of the list."""

    id: str
    kind: str
    title: str
    item: str | None
    facet: str | None
    region: str
    department: str
    owner: str
    state: EntryState
    draft_state: str
    version: int
    missing: int
    review_due_on: date | None
    next_change_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True)
class EntryPage:
    """A page of the list; `after` is what the next one begins behind, None on the last."""

    entries: tuple[ListedEntry, ...]
    after: str | None


def list_entries(
    session: Session,
    wanted: EntryFilter,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = 50,
    order: Order = "id",
) -> EntryPage:
    """Give a page of entries.

    Args:
        session: an open session; the states of entries whose time has come are brought up to date in it.
        wanted: which ones.
        at: the present moment.
        after: `EntryPage.after` of the page before.
        limit: at most how many.
        order: by id, or by the day of review, soonest first (those without one are left out).
    """
    settle_due(session, at)
    entries = models.Entry
    query = _narrow(select(entries), wanted)
    if order == "review_due_on":
        query = query.where(entries.review_due_on.is_not(None)).order_by(entries.review_due_on, entries.id)
        if after:
            day, _, last = after.partition(" ")
            due = date.fromisoformat(day)
            query = query.where(entries.review_due_on >= due, or_(entries.review_due_on > due, entries.id > last))
    else:
        query = query.order_by(entries.id)
        if after:
            query = query.where(entries.id > after)
    found = session.scalars(query.limit(limit + 1)).all()
    page = found[:limit]
    following = None
    if len(found) > limit:
        following = page[-1].id if order == "id" else f"{page[-1].review_due_on} {page[-1].id}"
    return EntryPage(tuple(map(_listed, page)), following)


def count_entries(session: Session, wanted: EntryFilter) -> int:
    """Count the entries that fit, up to ten thousand: more is shown as "over ten thousand"."""
    few = _narrow(select(models.Entry.id), wanted).limit(_MOST_COUNTED).subquery()
    return int(session.scalar(select(func.count()).select_from(few)) or 0)


def read_entry(session: Session, entry_id: str, at: datetime) -> ListedEntry | None:
    """Give one entry as the list shows it, or None."""
    settle_due(session, at)
    record = session.get(models.Entry, entry_id)
    return _listed(record) if record else None


def all_item_titles(session: Session) -> dict[str, str]:
    """Give the everyday names of all items, by code."""
    rows = session.execute(select(models.ServiceItem.code, models.ServiceItem.body).order_by(models.ServiceItem.code))
    return {code: str(body.get("everyday_name") or body.get("name") or code) for code, body in rows}


def read_item(session: Session, code: str) -> Item | None:
    """Give a service item by its code, or None."""
    record = session.get(models.ServiceItem, code)
    content = read_body("item", record.body, code) if record else None
    return content if isinstance(content, Item) else None


def known_departments(session: Session) -> list[str]:
    """List the departments that entries belong to."""
    column = models.Entry.department
    return [name for name in session.scalars(select(column).distinct().order_by(column)) if name]


def _narrow(query: Select[Any], wanted: EntryFilter) -> Select[Any]:
    entries = models.Entry
    conditions: list[ColumnElement[bool]] = []
    equal = {
        entries.kind: wanted.kind,
        entries.item: wanted.item,
        entries.region: wanted.region,
        entries.department: wanted.department,
        entries.draft_state: wanted.draft_state,
        entries.owner: wanted.owner,
    }
    conditions += [column == value for column, value in equal.items() if value]
    if wanted.state is not None:
        conditions.append(entries.state == wanted.state.value)
    else:
        conditions.append(entries.state != EntryState.DISCARDED.value)
    if wanted.incomplete:
        conditions.append(entries.missing > 0)
    if wanted.due_until is not None:
        conditions.append(entries.review_due_on <= wanted.due_until)
    if wanted.departments:
        conditions.append(entries.department.in_([*wanted.departments, ""]))
    if wanted.regions:
        conditions.append(entries.region.in_(sorted(within(wanted.regions))))
    if wanted.words.strip():
        words = wanted.words.strip()
        conditions.append(or_(entries.title.contains(words, autoescape=True), entries.id.contains(words, autoescape=True)))
    return query.where(*conditions)


def within(regions: Collection[str]) -> set[str]:
    """Give the regions and all that lie below them."""
    wanted = set(regions)
    below = {r.code for r in all_regions() if wanted & {above.code for above in ancestors(r.code)}}
    return wanted | below


def _listed(record: models.Entry) -> ListedEntry:
    return ListedEntry(
        id=record.id,
        kind=record.kind,
        title=record.title,
        item=record.item,
        facet=record.facet,
        region=record.region,
        department=record.department,
        owner=record.owner,
        state=EntryState(record.state),
        draft_state=record.draft_state,
        version=record.current_version,
        missing=record.missing,
        review_due_on=record.review_due_on,
        next_change_at=record.next_change_at,
        changed_at=record.changed_at,
    )


def item_titles(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Give the titles of items by their codes; unknown codes are left out."""
    ids = [f"item:{code}" for code in codes]
    rows = session.execute(select(models.Entry.id, models.Entry.title).where(models.Entry.id.in_(ids)))
    return {entry.partition(":")[2]: title for entry, title in rows if title}
