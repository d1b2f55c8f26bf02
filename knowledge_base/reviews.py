"""What a second person decides: comments, sending back, approving, taking back, and bringing an older version back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Content, Review, read_body
from knowledge_base.drafts import IN_REVIEW, Draft, back_to_writing, content_of, read_draft, require_base, take
from knowledge_base.errors import EditRefused, EntryIncomplete, EntryInvalid, EntryNotFound, ImpactUnexplained, OwnWorkRefused
from knowledge_base.events import note
from knowledge_base.fields import missing_fields
from knowledge_base.publishing import Approval, Publisher
from qinwen.clock import SHAANXI


def comment(session: Session, entry_id: str, actor: str, words: str, at: datetime) -> None:
    """Write a comment on an entry's draft.

    Raises:
        EntryNotFound: there is no draft.
        EntryInvalid: the comment is empty.
    """
    draft = _draft(session, entry_id)
    if not words.strip():
        raise EntryInvalid("评论不能是空的。")
    note(session, entry_id, actor, "commented", at, words, draft_revision=draft.revision)


def return_draft(session: Session, entry_id: str, revision: int, reviewer: str, words: str, at: datetime) -> Draft:
    """Send a draft back to be changed, saying what.

    Raises:
        EntryNotFound: there is no draft.
        EditRefused: it is not in review.
        EntryInvalid: nothing is said.
    """
    if not words.strip():
        raise EntryInvalid("退回时要写清楚哪里要改。")
    return back_to_writing(session, entry_id, revision, reviewer, at, "returned", words)


def approve(
    session: Session,
    entry_id: str,
    revision: int,
    reviewer: str,
    publisher: Publisher,
    *,
    why_worse: str = "",
    why_incomplete: str = "",
) -> int:
    """Approve a draft and publish it, in the caller's transaction; returns the version's number.

    Args:
        session: an open session.
        entry_id: of which entry.
        revision: the draft's revision that the reviewer has looked at.
        reviewer: who approves.
        publisher: writes the version; its clock says when.
        why_worse: why golden questions may be answered worse, where the replay found any.
        why_incomplete: why needed fields may be missing that the version before had.

    Raises:
        EntryNotFound: there is no draft.
        OwnWorkRefused: the reviewer wrote in it.
        EditConflict: it was saved, or the entry published, meanwhile.
        EditRefused: it is not in review.
        EntryIncomplete: see there.
        ImpactUnexplained: see there.
        EntryInvalid: it can't be published as it is.
    """
    draft = _draft(session, entry_id)
    if reviewer in draft.contributors:
        raise OwnWorkRefused("自己写过的草稿不能自己审核通过，请另一位同事来审。")
    if draft.state != IN_REVIEW:
        raise EditRefused("这份草稿没有在审核。")
    content = content_of(draft)
    require_base(session, draft)
    _require_completeness(session, draft, content, why_incomplete)
    require_impact(session, draft, why_worse)
    take(session, replace(draft, revision=revision))
    moment = publisher.clock()
    checked = moment.astimezone(SHAANXI).date()
    number = publisher.publish(
        session,
        content,
        Approval(
            author=draft.saved_by,
            approver=reviewer,
            reason=draft.plan.reason,
            review=Review(checked, draft.plan.review_due_on),
            valid_from=draft.plan.valid_from,
            valid_to=draft.plan.valid_to,
        ),
    )
    reasons = [draft.plan.reason, why_worse and f"仍有回答变差：{why_worse}", why_incomplete and f"仍缺要素：{why_incomplete}"]
    words = "；".join(part for part in reasons if part)
    note(session, entry_id, reviewer, "published", moment, words, version=number, draft_revision=revision)
    return number


def withdraw(session: Session, entry_id: str, actor: str, reason: str, publisher: Publisher, at: datetime | None = None) -> int:
    """Take an entry back, at once or at a moment to come.

    Raises:
        EntryNotFound: there is no such published entry.
        EntryInvalid: no reason is given.
    """
    if not reason.strip():
        raise EntryInvalid("撤下要写原因。")
    number = publisher.withdraw(session, entry_id, at, author=actor, reason=reason.strip())
    note(session, entry_id, actor, "withdrawn", publisher.clock(), reason, version=number)
    return number


def roll_back(
    session: Session,
    entry_id: str,
    number: int,
    actor: str,
    reason: str,
    publisher: Publisher,
    valid_from: datetime | None = None,
) -> int:
    """Bring an older version back as a new one, at once or at a moment to come; the versions between stay in the history.

    Raises:
        EntryNotFound: there is no such version.
        EntryInvalid: no reason is given, or the version no longer fits today's fields.
    """
    if not reason.strip():
        raise EntryInvalid("改回旧版要写原因。")
    approval = Approval(author=actor, reason=reason.strip(), valid_from=valid_from)
    new = publisher.roll_back(session, entry_id, number, approval)
    note(session, entry_id, actor, "rolled_back", publisher.clock(), f"改回第 {number} 版：{reason.strip()}", version=new)
    return new


def newly_missing(session: Session, draft: Draft, content: Content) -> Sequence[str]:
    """Name the needed fields that a draft lacks and the version before it has; all of them for a new entry."""
    lacking = {needed.path: needed.title for needed in missing_fields(content)}
    if draft.base:
        record = session.get_one(models.EntryVersion, (draft.entry, draft.base))
        for needed in missing_fields(read_body(draft.kind, record.body, draft.entry)):
            lacking.pop(needed.path, None)
    return list(lacking.values())


def require_impact(session: Session, draft: Draft, why_worse: str) -> None:
    """Refuse a draft that was not replayed, or that answers golden questions worse without a word on why.

    Raises:
        ImpactUnexplained: see there.
    """
    run = models.ImpactRun
    newest = session.scalars(
        select(run).where(run.entry_id == draft.entry, run.draft_revision == draft.revision).order_by(run.id.desc()).limit(1)
    ).first()
    if newest is None:
        raise ImpactUnexplained("发布前要先做影响分析，看看哪些回答会变。")
    if newest.regressions and not why_worse.strip():
        raise ImpactUnexplained(f"有 {newest.regressions} 个标准问题会答得更差。确实要发布，请写明理由。")


def _require_completeness(session: Session, draft: Draft, content: Content, why: str) -> None:
    missing = newly_missing(session, draft, content)
    if missing and not why.strip():
        raise EntryIncomplete(f"还缺发布需要的内容：{'、'.join(missing)}。补上，或者写明为什么先发布。", missing)


def _draft(session: Session, entry_id: str) -> Draft:
    draft = read_draft(session, entry_id)
    if draft is None:
        raise EntryNotFound(f"条目 {entry_id} 没有草稿：可能已经发布或放弃了。")
    return draft
