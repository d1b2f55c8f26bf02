"""From a gap to a draft: a new FAQ, or its wordings added to an entry; or nothing, with who decided so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from knowledge_base.content import PROVINCE, Faq, Guide, Item, plain
from knowledge_base.drafts import begin_draft, content_of, open_draft, save_draft
from knowledge_base.errors import EntryInvalid
from knowledge_base.explain import with_wording
from knowledge_base.gaps.listing import gap_row
from knowledge_base.gaps.states import GapState
from knowledge_base.publishing import faq_id
from knowledge_base.wordings import wordings_of
from qinwen.vocabulary import Facet

_MOST_ADDED = 6


def draft_faq(session: Session, number: int, editor: str, at: datetime) -> str:
    """Begin a new FAQ with a gap's wordings; gives the entry's id. A gap that has its draft gives that one.

    Raises:
        GapNotFound: there is no such gap.
        EntryInvalid: an entry of the draft's name is there already.
    """
    gap = gap_row(session, number)
    if gap.entry_id == faq_id(f"gap-{gap.id}"):
        return gap.entry_id
    region = gap.region or PROVINCE
    facet = Facet(gap.facet) if gap.facet else None
    similar = tuple(text for text in gap.wordings if text != gap.title)[:_MOST_ADDED]
    content = Faq(f"gap-{gap.id}", gap.title, "", gap.item, facet, region=region, similar=similar)
    begin_draft(session, content, editor, at)
    gap.entry_id = faq_id(content.id)
    _move(session, number, GapState.DRAFTED, editor, at)
    return gap.entry_id


def draft_wordings(
    session: Session, number: int, entry_id: str, facet: Facet | None, wordings: Sequence[str], editor: str, at: datetime
) -> str:
    """Put some of a gap's wordings into the draft of an entry; gives the entry's id.

    Raises:
        GapNotFound: there is no such gap.
        EntryNotFound: there is no such entry.
        EntryInvalid: no wording was chosen, or the facet is missing or not in the guide.
    """
    gap = gap_row(session, number)
    chosen = [text for text in wordings if text in {gap.title, *gap.wordings}]
    if not chosen:
        raise EntryInvalid("请至少选一句问法。")
    draft = open_draft(session, entry_id, editor, at)
    content: Item | Guide | Faq = content_of(draft)
    there = {wording.text for wording in wordings_of(content)}
    for text in chosen:
        if text not in there:
            content = with_wording(content, text, facet)
    save_draft(session, entry_id, draft.revision, plain(content), draft.plan, editor, at)
    gap.entry_id = entry_id
    _move(session, number, GapState.DRAFTED, editor, at)
    return entry_id


def ignore_gap(session: Session, number: int, editor: str, at: datetime) -> None:
    """Put a gap aside; it stays so, however often it is asked.

    Raises:
        GapNotFound: there is no such gap.
    """
    _move(session, number, GapState.IGNORED, editor, at)


def reopen_gap(session: Session, number: int, editor: str, at: datetime) -> None:
    """Take a gap up again.

    Raises:
        GapNotFound: there is no such gap.
    """
    _move(session, number, GapState.OPEN, editor, at)


def _move(session: Session, number: int, state: GapState, editor: str, at: datetime) -> None:
    gap = gap_row(session, number)
    gap.state, gap.changed_by, gap.changed_at = state.value, editor, at
    session.flush()
