"""Drafts: what an editor writes before anybody else sees it. The one writer of `draft`.

    (nothing) ─ open_draft ─▶ draft ─ submit ─▶ in_review ─ reviews.approve ─▶ a version
                               ▲  └─ discard     └─ reviews.return_draft / recall ─┐
                               └───────────────────────────────────────────────────┘

A draft is saved against the revision it was read at: whoever comes second gets an `EditConflict` with both sides, and nothing
is overwritten. What is saved may still lack anything; `submit` asks that it can be published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Content, Faq, plain, read_body
from knowledge_base.differences import Difference, compare
from knowledge_base.errors import EditConflict, EditRefused, EntryInvalid, EntryNotFound
from knowledge_base.events import note
from knowledge_base.fields import Needed, missing_fields
from knowledge_base.publishing import current_item, new_entry
from knowledge_base.states import EntryState, title_of
from language import region

WRITING, IN_REVIEW = "draft", "in_review"
_IDENTITY = {"item": ("code",), "guide": ("item", "region"), "faq": ("id",)}
_LARGEST_BODY = 400_000


@dataclass(frozen=True)
class Plan:
    """When a draft shall hold, why it is made, and when it must be looked at again."""

    valid_from: datetime | None = None
    valid_to: datetime | None = None
    reason: str = ""
    review_due_on: date | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "valid_from": self.valid_from and self.valid_from.isoformat(),
            "valid_to": self.valid_to and self.valid_to.isoformat(),
            "reason": self.reason,
            "review_due_on": self.review_due_on and self.review_due_on.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Read what `to_json` gave."""
        return cls(
            datetime.fromisoformat(data["valid_from"]) if data.get("valid_from") else None,
            datetime.fromisoformat(data["valid_to"]) if data.get("valid_to") else None,
            data.get("reason", ""),
            date.fromisoformat(data["review_due_on"]) if data.get("review_due_on") else None,
        )


@dataclass(frozen=True)
class Draft:
    """A draft as editors and reviewers see it. `base` is the number of the version it began from, 0 for a new entry."""

    entry: str
    kind: str
    revision: int
    base: int
    state: str
    body: Mapping[str, Any]
    plan: Plan
    contributors: tuple[str, ...]
    saved_by: str
    created_at: datetime
    saved_at: datetime


def open_draft(session: Session, entry_id: str, editor: str, at: datetime) -> Draft:
    """Give the draft of an entry; one is begun from the newest version where there is none.

    Raises:
        EntryNotFound: there is no such entry.
    """
    entry = session.get(models.Entry, entry_id)
    record = session.get(models.Draft, entry_id)
    if entry is None or (record is None and entry.current_version == 0):
        raise EntryNotFound(f"没有条目 {entry_id}。")
    if record is None:
        newest = session.get_one(models.EntryVersion, (entry_id, entry.current_version))
        plan = Plan(review_due_on=newest.review_due_on)
        record = _begin(session, entry, newest.body, plan, editor, at)
    return _draft(record)


def begin_draft(session: Session, content: Content, editor: str, at: datetime) -> Draft:
    """Begin a new entry with a draft; gives the draft of the entry where there is one already.

    Raises:
        EntryNotFound: its item is unknown.
        EntryInvalid: its region is unknown, or its id is empty or too long.
    """
    fresh = new_entry(content)
    if content_item := (None if fresh.kind == "item" else fresh.item):
        fresh.department = current_item(session, content_item).department
    if region(fresh.region) is None:
        raise EntryInvalid(f"行政区划 {fresh.region} 不认识。")
    if not 0 < len(fresh.id.partition(":")[2]) <= 100:  # noqa: PLR2004  (fits the column with its kind)
        raise EntryInvalid("编号不能是空的，也不能超过 100 个字。")
    known = session.get(models.Entry, fresh.id)
    if known is not None and (known.current_version or session.get(models.Draft, fresh.id) is not None):
        return open_draft(session, fresh.id, editor, at)
    if fresh.kind == "item":
        raise EntryInvalid("新事项要先建好代码，现在只能用导入来建。")
    fresh.title = title_of(content, current_item(session, fresh.item) if fresh.item else None)
    fresh.changed_at, fresh.owner = at, editor
    fresh = session.merge(fresh)
    session.flush()
    return _draft(_begin(session, fresh, plain(content), Plan(), editor, at))


def read_draft(session: Session, entry_id: str) -> Draft | None:
    """Give the draft of an entry, or None."""
    record = session.get(models.Draft, entry_id, populate_existing=True)
    return _draft(record) if record else None


def save_draft(
    session: Session, entry_id: str, revision: int, body: Mapping[str, Any], plan: Plan, editor: str, at: datetime
) -> Draft:
    """Save what an editor wrote; pages call it by themselves every few seconds.

    Args:
        session: an open session.
        entry_id: of which entry.
        revision: the draft's revision that the editor began from.
        body: plain data; may lack anything but what names the entry.
        plan: when it shall hold.
        editor: who writes.
        at: the present moment.

    Raises:
        EntryNotFound: there is no draft.
        EditConflict: somebody else saved meanwhile.
        EditRefused: it is in review.
        EntryInvalid: it is too long, or names another entry.
    """
    record = _record(session, entry_id)
    kind = entry_id.partition(":")[0]
    if len(json.dumps(body, ensure_ascii=False)) > _LARGEST_BODY:
        raise EntryInvalid(f"内容太长了，一个条目最多 {_LARGEST_BODY // 10_000} 万字。")
    if any(body.get(name) != record.body.get(name) for name in _IDENTITY[kind]):
        raise EntryInvalid("条目的编号、事项和行政区划不能改；要换就新建一条。")
    d = models.Draft
    contributors = [*record.contributors, *([] if editor in record.contributors else [editor])]
    saved = session.execute(
        update(d)
        .where(d.entry_id == entry_id, d.revision == revision, d.state == WRITING)
        .values(
            revision=revision + 1,
            body=dict(body),
            plan=plan.to_json(),
            contributors=contributors,
            saved_by=editor,
            saved_at=at,
        )
    )
    if _count(saved) == 0:
        _explain_refusal(session, entry_id, revision, WRITING, body)
    entry = session.get_one(models.Entry, entry_id)
    entry.changed_at = at
    if entry.current_version == 0 and kind == "faq":
        entry.title = title_of(Faq("", str(body.get("question", "")), ""), None)
    return _draft(_record(session, entry_id))


def problems(draft: Draft) -> tuple[str | None, list[Needed]]:
    """Say what keeps a draft from being published: a sentence on what is wrong, or None, and the needed fields that lack."""
    try:
        return None, missing_fields(content_of(draft))
    except EntryInvalid as error:
        return error.message, []


def content_of(draft: Draft) -> Content:
    """Give a draft's content.

    Raises:
        EntryInvalid: it does not fit the fields.
    """
    content = read_body(draft.kind, dict(draft.body), "草稿")
    if isinstance(content, Faq) and not (content.question.strip() and content.answer.strip()):
        raise EntryInvalid("问答要有问题和答案。")
    return content


def draft_differences(session: Session, draft: Draft) -> list[Difference]:
    """Give how a draft differs from the version it began from, field by field."""
    base = session.get(models.EntryVersion, (draft.entry, draft.base)) if draft.base else None
    return compare(draft.kind, base.body if base else None, dict(draft.body))


def submit(session: Session, entry_id: str, revision: int, editor: str, words: str, at: datetime) -> Draft:
    """Hand a draft in for review.

    Raises:
        EntryNotFound: there is no draft.
        EditConflict: somebody else saved or published meanwhile.
        EditRefused: it is in review already.
        EntryInvalid: it can't be published as it is.
    """
    draft = _draft(_record(session, entry_id))
    content_of(draft)
    if draft.plan.valid_from and draft.plan.valid_to and draft.plan.valid_to <= draft.plan.valid_from:
        raise EntryInvalid("失效时间要晚于生效时间。")
    require_base(session, draft)
    _change_state(session, entry_id, revision, WRITING, IN_REVIEW, at)
    note(session, entry_id, editor, "submitted", at, words, draft_revision=revision)
    return _draft(_record(session, entry_id))


def recall(session: Session, entry_id: str, revision: int, editor: str, at: datetime) -> Draft:
    """Take a draft back from review, to go on writing.

    Raises:
        EntryNotFound: there is no draft.
        EditRefused: it is not in review.
    """
    return back_to_writing(session, entry_id, revision, editor, at, "recalled", "")


def discard(session: Session, entry_id: str, revision: int, editor: str, at: datetime) -> None:
    """Throw a draft away; an entry that was never published goes with it out of the lists.

    Raises:
        EntryNotFound: there is no draft.
        EditConflict: somebody else saved meanwhile.
    """
    body = _record(session, entry_id).body
    d = models.Draft
    gone = session.execute(delete(d).where(d.entry_id == entry_id, d.revision == revision))
    if _count(gone) == 0:
        _explain_refusal(session, entry_id, revision, WRITING, body)
    entry = session.get_one(models.Entry, entry_id)
    entry.draft_state = ""
    if entry.current_version == 0:
        entry.state = EntryState.DISCARDED.value
    note(session, entry_id, editor, "discarded", at, draft_revision=revision)


def rebase(session: Session, entry_id: str, revision: int, editor: str, at: datetime) -> Draft:
    """Keep what was written, over the version that was published meanwhile: the editor has seen both.

    Raises:
        EntryNotFound: there is no draft.
        EditConflict: somebody else saved meanwhile.
    """
    entry, record = session.get_one(models.Entry, entry_id), _record(session, entry_id)
    d = models.Draft
    values = {"base": entry.current_version, "revision": revision + 1}
    moved = session.execute(update(d).where(d.entry_id == entry_id, d.revision == revision).values(**values))
    if _count(moved) == 0:
        _explain_refusal(session, entry_id, revision, record.state, record.body)
    note(session, entry_id, editor, "rebased", at, version=entry.current_version)
    return _draft(_record(session, entry_id))


def require_base(session: Session, draft: Draft) -> None:
    """Refuse a draft whose entry got a newer version since it was begun.

    Raises:
        EditConflict: see there.
    """
    entry = session.get_one(models.Entry, draft.entry)
    if entry.current_version != draft.base:
        newest = session.get_one(models.EntryVersion, (draft.entry, entry.current_version))
        words = f"您开始写以后，{newest.author or '别人'}发布了第 {newest.number} 版。请先比对两边，再决定保留哪些。"
        raise EditConflict(words, draft.body, newest.body, newest.author, version=newest.number)


def back_to_writing(session: Session, entry_id: str, revision: int, actor: str, at: datetime, act: str, words: str) -> Draft:
    """Put a draft in review back into the editor's hands; see `recall` and `reviews.return_draft`."""
    _record(session, entry_id)
    _change_state(session, entry_id, revision, IN_REVIEW, WRITING, at)
    note(session, entry_id, actor, act, at, words, draft_revision=revision)  # type: ignore[arg-type]
    return _draft(_record(session, entry_id))


def take(session: Session, draft: Draft) -> None:
    """Remove a draft in review that is being published, if it is still as it was read.

    Raises:
        EditConflict: it was saved or approved meanwhile.
        EditRefused: it is not in review.
    """
    d = models.Draft
    unchanged = (d.entry_id == draft.entry, d.revision == draft.revision, d.state == IN_REVIEW)
    if _count(session.execute(delete(d).where(*unchanged))) == 0:
        _explain_refusal(session, draft.entry, draft.revision, IN_REVIEW, draft.body)
    session.get_one(models.Entry, draft.entry).draft_state = ""


def _begin(
    session: Session, entry: models.Entry, body: Mapping[str, Any], plan: Plan, editor: str, at: datetime
) -> models.Draft:
    record = models.Draft(
        entry_id=entry.id,
        revision=1,
        base=entry.current_version,
        state=WRITING,
        body=dict(body),
        plan=plan.to_json(),
        contributors=[editor],
        saved_by=editor,
        created_at=at,
        saved_at=at,
    )
    session.add(record)
    entry.draft_state = WRITING
    note(session, entry.id, editor, "started", at)
    session.flush()
    return record


def _change_state(session: Session, entry_id: str, revision: int, old: str, new: str, at: datetime) -> None:
    d = models.Draft
    changed = session.execute(
        update(d).where(d.entry_id == entry_id, d.revision == revision, d.state == old).values(state=new, saved_at=at)
    )
    if _count(changed) == 0:
        _explain_refusal(session, entry_id, revision, old, {})
    session.get_one(models.Entry, entry_id).draft_state = new


def _explain_refusal(session: Session, entry_id: str, revision: int, state: str, mine: Mapping[str, Any]) -> None:
    """Say why a draft could not be changed; always raises."""
    record = _record(session, entry_id)
    if record.revision != revision:
        words = f"{record.saved_by}在您之后保存过这份草稿。您写的没有丢，请比对两边再保存。"
        raise EditConflict(words, mine, record.body, record.saved_by, revision=record.revision)
    raise EditRefused("这份草稿正在审核，要改请先撤回。" if state == WRITING else "这份草稿没有在审核。")


def _record(session: Session, entry_id: str) -> models.Draft:
    record = session.get(models.Draft, entry_id, populate_existing=True)
    if record is None:
        raise EntryNotFound(f"条目 {entry_id} 没有草稿：可能已经发布或放弃了。")
    return record


def _draft(record: models.Draft) -> Draft:
    return Draft(
        record.entry_id,
        record.entry_id.partition(":")[0],
        record.revision,
        record.base,
        record.state,
        record.body,
        Plan.from_json(record.plan),
        tuple(record.contributors),
        record.saved_by,
        record.created_at,
        record.saved_at,
    )


def _count(result: Any) -> int:
    return int(result.rowcount)
