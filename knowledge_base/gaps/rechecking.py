"""Asks a gap's wordings again after its draft was published: solved, or open again with what still fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.answering import Answerer
from knowledge_base.gaps.listing import ListedGap, gap_row
from knowledge_base.gaps.losing import Reader, as_question, read_nothing
from knowledge_base.gaps.states import GapState
from knowledge_base.questions import Answer
from qinwen.database import Database
from qinwen.vocabulary import Outcome

# Of ten wordings eight must be answered; what a single odd wording needs is not the gap's question.
_ENOUGH = 0.8
_SELDOM = {"badly_rated", "asked_again", "low_confidence"}


@dataclass(frozen=True)
class Rechecked:
    """How many of a gap's wordings are answered well now, and whether that is enough."""

    asked: int
    answered: int
    resolved: bool


def gaps_to_recheck(session: Session) -> list[int]:
    """List the gaps whose entry was published since they were drafted, or last asked again."""
    gap, version = models.Gap, models.EntryVersion
    query = (
        select(gap.id)
        .join(version, version.entry_id == gap.entry_id)
        .where(gap.state == GapState.DRAFTED.value, version.state == "published", version.recorded_at >= gap.changed_at)
        .distinct()
    )
    return list(session.scalars(query.order_by(gap.id)))


def recheck_gap(
    database: Database,
    live: Answerer,
    gap: ListedGap,
    at: datetime,
    reader: Reader = read_nothing,
) -> Rechecked:
    """Ask a gap's wordings of what is live, and write down whether it is solved.

    Args:
        database: where the gap is.
        live: answers from what is live.
        gap: the gap.
        at: the present moment.
        reader: see `Reader`.
    """
    wordings = dict.fromkeys([gap.title, *gap.wordings])
    good = {text: _is_good(live.answer(as_question(text, reader(text))), gap) for text in wordings}
    answered = sum(good.values())
    found = Rechecked(len(good), answered, answered >= _ENOUGH * len(good))
    still = [text for text, well in good.items() if not well]
    with database.session() as session:
        row = gap_row(session, gap.id)
        row.state = (GapState.RESOLVED if found.resolved else GapState.OPEN).value
        row.checked_at = row.changed_at = at
        row.check_words = f"再问 {len(good)} 句，{answered} 句答好了。" + (f"还没答好的，比如「{still[0]}」。" if still else "")
    return found


def _is_good(answer: Answer, gap: ListedGap) -> bool:
    """Tell whether an answer is what the gap was lacking: where there was one before, it must come from the gap's entry."""
    if answer.outcome is not Outcome.ANSWERED:
        return False
    sources = {source.entry for reply in answer.replies for source in reply.sources}
    return gap.entry is None or gap.entry in sources or not _SELDOM & set(gap.reasons)
