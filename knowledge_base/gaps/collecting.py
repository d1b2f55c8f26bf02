"""Brings the table `gap` up to date with what the ledger tells: new gaps, counts, and resolved ones that fail again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.answering import Answerer
from knowledge_base.gaps.clusters import Cluster, cluster_questions
from knowledge_base.gaps.losing import Nearest, Reader, nearest_to, read_nothing
from knowledge_base.gaps.questions import PoorQuestion
from knowledge_base.gaps.states import GapState
from knowledge_base.search.lexical import letters
from knowledge_base.snapshot import Snapshot
from language import Encoder, normalise
from qinwen.database import Database

_MOST_WORDINGS = 50
_LONGEST_TITLE = 500


@dataclass(frozen=True)
class Collected:
    """What a collection did: gaps that are new, that were known, and resolved ones that are open again."""

    questions: int
    new: int
    known: int
    reopened: int


def collect_gaps(
    database: Database,
    questions: Sequence[PoorQuestion],
    live: Answerer,
    knowledge: Snapshot,
    encoder: Encoder | None,
    at: datetime,
    reader: Reader = read_nothing,
) -> Collected:
    """Cluster questions and keep what was found, the one writer of new gaps.

    Args:
        database: where the gaps are kept.
        questions: all of the time that counts; a gap's figures are those of this time.
        live: answers from `knowledge`, to find the nearest entry.
        knowledge: what is live.
        encoder: the encoder of both, or None.
        at: the present moment.
        reader: see `Reader`.
    """
    clusters = cluster_questions(questions, encoder)
    found = [(c, nearest_to(live, knowledge, c.title, reader(c.title))) for c in clusters]
    with database.session() as session:
        known = _known(session)
        counts = {"new": 0, "known": 0, "reopened": 0}
        taken: set[int] = set()
        for cluster, nearest in found:
            gap = _gap_of(cluster, known, taken)
            if gap is None:
                gap = models.Gap(title=cluster.title[:_LONGEST_TITLE], state=GapState.OPEN.value, entry_id=None)
                session.add(gap)
                counts["new"] += 1
            else:
                taken.add(gap.id)
                counts["known"] += 1
                # Asked after it was found solved, and answered badly all the same.
                if gap.state == GapState.RESOLVED.value and gap.checked_at and cluster.last_at > gap.checked_at:
                    gap.state, gap.changed_at = GapState.OPEN.value, at
                    counts["reopened"] += 1
            _take_over(gap, cluster, nearest)
    return Collected(len(questions), **counts)


def _known(session: Session) -> dict[str, list[models.Gap]]:
    """Give the gaps by their wordings."""
    by_wording: dict[str, list[models.Gap]] = {}
    for gap in session.scalars(select(models.Gap).order_by(models.Gap.id)):
        for wording in {gap.title, *gap.wordings}:
            by_wording.setdefault(letters(normalise(wording)), []).append(gap)
    return by_wording


def _gap_of(cluster: Cluster, known: dict[str, list[models.Gap]], taken: set[int]) -> models.Gap | None:
    """Give the gap that shares most wordings with a cluster: the same gap, seen again."""
    shared: dict[int, int] = {}
    gaps: dict[int, models.Gap] = {}
    for wording in cluster.wordings:
        for gap in known.get(letters(normalise(wording)), ()):
            if gap.id not in taken:
                shared[gap.id], gaps[gap.id] = shared.get(gap.id, 0) + 1, gap
    best = max(shared, key=lambda number: (shared[number], -number), default=None)
    return gaps[best] if best is not None else None


def _take_over(gap: models.Gap, cluster: Cluster, nearest: Nearest) -> None:
    gap.people, gap.times, gap.reasons = (
        cluster.people,
        cluster.times,
        {str(reason): times for reason, times in cluster.reasons.items()},
    )
    gap.wordings = list(cluster.wordings[:_MOST_WORDINGS])
    gap.nearest, gap.nearest_score, gap.why = nearest.entry, nearest.likeness, nearest.why
    gap.item, gap.facet = nearest.item, nearest.facet.value if nearest.facet else None
    gap.department, gap.region = nearest.department, next(iter(cluster.regions), "")
    gap.first_asked_at = min(gap.first_asked_at or cluster.first_at, cluster.first_at)
    gap.last_asked_at = cluster.last_at
