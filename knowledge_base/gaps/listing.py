"""The list of gaps that staff see, those that concern most people first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.gaps.questions import Reason
from knowledge_base.gaps.states import GapNotFound, GapState
from knowledge_base.listing import within
from qinwen.vocabulary import Facet

PAGE = 30


@dataclass(frozen=True)
class GapFilter:
    """Which gaps somebody wants to see; what is empty doesn't matter.

    Attributes:
        words: part of the title.
        state: where it is.
        reason: what was wrong.
        department: the nearest item's.
        departments: only these (what somebody may work on) and those of none; empty for all.
        regions: only these, what is below them, and those of none; empty for all.
    """

    words: str = ""
    state: GapState | None = GapState.OPEN
    reason: Reason | None = None
    department: str = ""
    departments: Collection[str] = ()
    regions: Collection[str] = ()


@dataclass(frozen=True)
class ListedGap:
    """A gap."""

    id: int
    title: str
    state: GapState
    people: int
    times: int
    reasons: dict[Reason, int]
    wordings: tuple[str, ...]
    nearest: str | None
    nearest_score: float | None
    why: str
    item: str | None
    facet: Facet | None
    department: str
    region: str
    entry: str | None
    first_asked_at: datetime
    last_asked_at: datetime
    checked_at: datetime | None
    check_words: str
    changed_by: str | None


@dataclass(frozen=True)
class GapPage:
    """A page of gaps and how many there are."""

    gaps: tuple[ListedGap, ...]
    total: int
    pages: int


def list_gaps(session: Session, wanted: GapFilter, page: int = 1) -> GapPage:
    """Give a page of gaps, those that concern most people first."""
    gap = models.Gap
    # How often a reason was meant stands in JSON: looked through here, for the databases write that differently.
    if wanted.reason:
        matching = [g.id for g in session.scalars(_narrow(select(gap), wanted)) if wanted.reason in g.reasons]
        query = select(gap).where(gap.id.in_(matching))
        total = len(matching)
    else:
        query = _narrow(select(gap), wanted)
        total = session.scalar(select(func.count()).select_from(_narrow(select(gap.id), wanted).subquery())) or 0
    ordered = query.order_by(gap.people.desc(), gap.times.desc(), gap.id).limit(PAGE).offset((max(page, 1) - 1) * PAGE)
    return GapPage(tuple(map(_listed, session.scalars(ordered))), total, max(1, -(-total // PAGE)))


def read_gap(session: Session, number: int) -> ListedGap:
    """Give one gap.

    Raises:
        GapNotFound: there is none.
    """
    return _listed(gap_row(session, number))


def gap_row(session: Session, number: int) -> models.Gap:
    """Give a gap's row, for the modules that change it.

    Raises:
        GapNotFound: there is none.
    """
    row = session.get(models.Gap, number)
    if row is None:
        raise GapNotFound("没有这个问题缺口。")
    return row


def count_open_gaps(session: Session, departments: Collection[str] = (), regions: Collection[str] = ()) -> int:
    """Count the gaps that nobody has taken up."""
    wanted = GapFilter(departments=departments, regions=regions)
    return session.scalar(select(func.count()).select_from(_narrow(select(models.Gap.id), wanted).subquery())) or 0


def _narrow(query: Select[Any], wanted: GapFilter) -> Select[Any]:
    gap = models.Gap
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(gap.state == wanted.state.value)
    if wanted.department:
        conditions.append(gap.department == wanted.department)
    if wanted.departments:
        conditions.append(gap.department.in_([*wanted.departments, ""]))
    if wanted.regions:
        conditions.append(gap.region.in_([*sorted(within(wanted.regions)), ""]))
    if words := wanted.words.strip():
        conditions.append(or_(gap.title.contains(words, autoescape=True), gap.nearest.contains(words, autoescape=True)))
    return query.where(*conditions)


def _listed(row: models.Gap) -> ListedGap:
    return ListedGap(
        id=row.id,
        title=row.title,
        state=GapState(row.state),
        people=row.people,
        times=row.times,
        reasons=row.reasons,  # type: ignore[arg-type]
        wordings=tuple(row.wordings),
        nearest=row.nearest,
        nearest_score=row.nearest_score,
        why=row.why,
        item=row.item,
        facet=Facet(row.facet) if row.facet else None,
        department=row.department,
        region=row.region,
        entry=row.entry_id,
        first_asked_at=row.first_asked_at,
        last_asked_at=row.last_asked_at,
        checked_at=row.checked_at,
        check_words=row.check_words,
        changed_by=row.changed_by,
    )
