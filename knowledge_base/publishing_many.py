"""Publishing and taking back thousands of entries at once: part of `publishing`, for imports (`batches`) alone.

What `Publisher.publish` does entry by entry is done here with few large statements, so that the one write transaction takes
seconds and not minutes: everybody else's writing waits for it on SQLite. Vectors come ready made.

Taking back is not a withdrawal: the versions of the import stay for who asks what was answered then, but from now on the
entries stand as if they had never been (`EntryVersion.taken_back_at`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Content, Faq, Item, Review, plain, read_body
from knowledge_base.errors import EntryInvalid, EntryNotFound, ImportRefused
from knowledge_base.fields import missing_fields
from knowledge_base.many import (
    CHUNK,
    current_items,
    entries_by_id,
    found_values,
    highest_numbers,
    spans_by_entry,
    versions_by_entry,
)
from knowledge_base.publishing import Approval, entry_id_of, new_entry, raise_revision, retitle
from knowledge_base.states import EntryState, state_of, title_of
from knowledge_base.timeline import Span
from knowledge_base.wordings import wordings_of

_SHOWN = 5


@dataclass(frozen=True)
class Work:
    """An entry to be published: its content, and the number of its newest version when the import was looked through."""

    content: Content
    before: int


@dataclass(frozen=True)
class Taken:
    """An entry to be taken back: the version that the import brought, what stood there before, and who owned it then."""

    entry: str
    number: int
    before: int
    owner: str


@dataclass(frozen=True)
class Prepared:
    """Everything that publishing many entries will write, made before anybody has to wait for it."""

    works: Sequence[Work]
    highest: Mapping[str, int]
    entries: Sequence[dict[str, Any]]
    versions: Sequence[dict[str, Any]]
    rows: Sequence[dict[str, Any]]


def publish_many(
    session: Session,
    works: Sequence[Work],
    approval: Approval,
    encoder: str,
    vector_of: Callable[[str], bytes | None],
    moment: datetime,
) -> dict[str, int]:
    """Publish entries in the caller's transaction: `prepare_many` and `write_many` in one; see there."""
    raise_revision(session)
    return write_many(session, prepare_many(session, works, approval, encoder, vector_of, moment))


def prepare_many(
    session: Session,
    works: Sequence[Work],
    approval: Approval,
    encoder: str,
    vector_of: Callable[[str], bytes | None],
    moment: datetime,
) -> Prepared:
    """Make ready what `write_many` writes; reads only. Items come first, wherever they stand.

    Args:
        session: an open session.
        works: what to publish; no entry twice.
        approval: how it came about. Without a day of review an entry keeps the one it had.
        encoder: name of the encoder, stored with each vector.
        vector_of: gives the float16 bytes of a wording's vector, or None.
        moment: the present.

    Raises:
        ImportRefused: an entry was changed since it was looked at.
        EntryNotFound: an item is unknown.
        EntryInvalid: an FAQ lacks its question or answer.
    """
    works = sorted(works, key=lambda work: not isinstance(work.content, Item))
    ids = [entry_id_of(work.content) for work in works]
    known = entries_by_id(session, ids)
    _refuse_changed({entry: work.before for entry, work in zip(ids, works, strict=True)}, known)
    items = _items(session, works)
    highest, spans = highest_numbers(session, known), spans_by_entry(session, known)
    entries: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for entry_id, work in zip(ids, works, strict=True):
        content, entry = work.content, known.get(entry_id)
        item = content if isinstance(content, Item) else items.get(content.item or "")
        number = highest.get(entry_id, 0) + 1
        version = _version(entry_id, number, content, approval, entry, moment)
        versions.append(version)
        own = [*spans.get(entry_id, ()), Span(number, False, False, version["valid_from"], version["valid_to"])]  # noqa: FBT003
        entries.append(_described(entry, content, item, approval, version, own, moment))
        rows += _rows(entry_id, number, content, encoder, vector_of)
    return Prepared(works, highest, entries, versions, rows)


def write_many(session: Session, prepared: Prepared) -> dict[str, int]:
    """Write what was prepared, in the caller's transaction, if nobody changed any of it meanwhile.

    Returns:
        The number of each entry's new version.

    Raises:
        ImportRefused: an entry was changed since it was looked at.
    """
    revision = raise_revision(session)
    session.expire_all()
    ids = [entry["id"] for entry in prepared.entries]
    known = entries_by_id(session, ids)
    before = {entry: work.before for entry, work in zip(ids, prepared.works, strict=True)}
    highest = highest_numbers(session, known)
    _refuse_changed(before, known)
    _refuse_changed({entry: prepared.highest.get(entry, 0) for entry in ids}, known, highest)
    _write_items(session, prepared.works, revision)
    _put_entries(session, [{**entry, "revision": revision} for entry in prepared.entries], known)
    _insert(session, models.EntryVersion, prepared.versions)
    _insert(session, models.SearchRow, prepared.rows)
    session.expire_all()
    for work in prepared.works:
        if isinstance(work.content, Item):
            retitle(session, work.content)
    return {version["entry_id"]: version["number"] for version in prepared.versions}


def take_back_many(session: Session, batch: int, taken: Sequence[Taken], moment: datetime) -> None:
    """Put entries back exactly where they stood before an import, in the caller's transaction.

    Raises:
        ImportRefused: an entry was changed since, or somebody is writing on what the import brought.
    """
    revision = raise_revision(session)
    ids = [one.entry for one in taken]
    known = entries_by_id(session, ids)
    _refuse_changed({one.entry: one.number for one in taken}, known)
    _refuse_drafts(session, {one.entry: one.number for one in taken})
    v = models.EntryVersion
    session.execute(
        update(v).where(v.batch == batch, v.taken_back_at.is_(None)).values(taken_back_at=moment),
        execution_options={"synchronize_session": False},
    )
    session.expire_all()
    spans = spans_by_entry(session, known)
    before = versions_by_entry(session, {one.entry: one.before for one in taken if one.before})
    restored: dict[str, Content] = {
        entry: read_body(entry.partition(":")[0], record.body, entry) for entry, record in before.items()
    }
    own_items = {content.code: content for content in restored.values() if isinstance(content, Item)}
    other = {content.item for content in restored.values() if not isinstance(content, Item) and content.item}
    items = {**current_items(session, other - own_items.keys()), **own_items}
    drafts = set(found_values(session, models.Draft.entry_id, ids))
    changes = []
    for one in taken:
        content, record = restored.get(one.entry), before.get(one.entry)
        change: dict[str, Any] = {"id": one.entry, "revision": revision, "current_version": one.before, "changed_at": moment}
        change["owner"] = one.owner
        if content is None or record is None:
            gone = EntryState.DRAFT if one.entry in drafts else EntryState.DISCARDED
            change |= {"state": gone.value, "next_change_at": None}
        else:
            item = content if isinstance(content, Item) else items.get(content.item or "")
            change |= _shown(content, item) | {"review_due_on": record.review_due_on}
            state, following = state_of(spans.get(one.entry, ()), moment)
            change |= {"state": state.value, "next_change_at": following}
        changes.append(change)
    for start in range(0, len(changes), CHUNK):
        chunk = changes[start : start + CHUNK]
        for keys in {frozenset(change) for change in chunk}:
            session.execute(update(models.Entry), [change for change in chunk if change.keys() == keys])
    session.expire_all()
    for item in own_items.values():
        session.merge(models.ServiceItem(code=item.code, revision=revision, body=plain(item)))
        retitle(session, item)


def _refuse_changed(
    expected: Mapping[str, int], known: Mapping[str, models.Entry], numbers: Mapping[str, int] | None = None
) -> None:
    now = {e: record.current_version for e, record in known.items()} if numbers is None else numbers
    changed = [e for e, number in expected.items() if now.get(e, 0) != number]
    if changed:
        names = "、".join(f"“{known[e].title or e}”" if e in known else e for e in changed[:_SHOWN])
        more = f"等 {len(changed)} 条" if len(changed) > _SHOWN else f"这 {len(changed)} 条"
        raise ImportRefused(f"{names}{more}后来又有人改过，整批都没有动。请先看看那几条，再决定怎么办。")


def _refuse_drafts(session: Session, numbers: Mapping[str, int]) -> None:
    d = models.Draft
    ids = list(numbers)
    for start in range(0, len(ids), CHUNK):
        for entry, base, editor in session.execute(
            select(d.entry_id, d.base, d.saved_by).where(d.entry_id.in_(ids[start : start + CHUNK]))
        ):
            if base == numbers[entry]:
                raise ImportRefused(f"{editor}正在导入的这一版上改 {entry}，还有草稿没发布。请先发布或放弃草稿，再撤销导入。")


def _described(
    entry: models.Entry | None,
    content: Content,
    item: Item | None,
    approval: Approval,
    version: Mapping[str, Any],
    spans: Sequence[Span],
    moment: datetime,
) -> dict[str, Any]:
    """Give what the lists show of an entry, and where it stands."""
    fresh = new_entry(content)
    state, following = state_of(spans, moment)
    return {
        "id": fresh.id,
        "kind": fresh.kind,
        "item": fresh.item,
        "region": fresh.region,
        "facet": content.facet.value if isinstance(content, Faq) and content.facet else None,
        **_shown(content, item),
        "owner": (entry.owner if entry else "") or approval.author,
        "review_due_on": version["review_due_on"],
        "current_version": version["number"],
        "changed_at": moment,
        "state": state.value,
        "next_change_at": following,
        "draft_state": entry.draft_state if entry else "",
    }


def _shown(content: Content, item: Item | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": title_of(content, item),
        "department": item.department if item else "",
        "missing": len(missing_fields(content)),
    }
    if not isinstance(content, Item):
        shown |= {"item": content.item, "region": content.region}
    if isinstance(content, Faq):
        shown["facet"] = content.facet.value if content.facet else None
    return shown


def _version(
    entry_id: str, number: int, content: Content, approval: Approval, entry: models.Entry | None, moment: datetime
) -> dict[str, Any]:
    if isinstance(content, Faq) and not (content.question.strip() and content.answer.strip()):
        raise EntryInvalid(f"问答 {content.id} 要有问题和答案。")
    review: Review = approval.review
    return {
        "entry_id": entry_id,
        "number": number,
        "state": "published",
        "body": plain(content),
        "author": approval.author,
        "approver": approval.approver,
        "reason": approval.reason,
        "sample": approval.sample,
        "reviewed_on": review.reviewed_on,
        "review_due_on": review.review_due_on or (entry.review_due_on if entry else None),
        "valid_from": approval.valid_from or moment,
        "valid_to": approval.valid_to,
        "recorded_at": moment,
        "clears": False,
        "restores": None,
        "batch": approval.batch,
    }


def _rows(
    entry_id: str, number: int, content: Content, encoder: str, vector_of: Callable[[str], bytes | None]
) -> Iterator[dict[str, Any]]:
    for wording in wordings_of(content):
        yield {
            "owner": entry_id,
            "version": number,
            "facet": wording.facet and wording.facet.value,
            "kind": wording.kind,
            "text": wording.text,
            "encoder": encoder,
            "vector": vector_of(wording.text),
        }


def _write_items(session: Session, works: Sequence[Work], revision: int) -> None:
    items = [work.content for work in works if isinstance(work.content, Item)]
    there = set(found_values(session, models.ServiceItem.code, [item.code for item in items]))
    values = [{"code": item.code, "revision": revision, "body": plain(item)} for item in items]
    if fresh := [one for one in values if one["code"] not in there]:
        session.execute(models.ServiceItem.__table__.insert(), fresh)  # type: ignore[attr-defined]
    if old := [one for one in values if one["code"] in there]:
        session.execute(update(models.ServiceItem), old)


def _put_entries(session: Session, entries: Sequence[dict[str, Any]], known: Mapping[str, models.Entry]) -> None:
    _insert(session, models.Entry, [one for one in entries if one["id"] not in known])
    if old := [one for one in entries if one["id"] in known]:
        session.execute(update(models.Entry), old)


def _insert(session: Session, table: Any, values: Sequence[dict[str, Any]]) -> None:
    if values:
        session.execute(table.__table__.insert(), values)


def _items(session: Session, works: Sequence[Work]) -> dict[str, Item]:
    """Give the items that entries belong to: those of the import itself, else those that are there."""
    own = {work.content.code: work.content for work in works if isinstance(work.content, Item)}
    wanted = {work.content.item for work in works if not isinstance(work.content, Item) and work.content.item}
    there = current_items(session, wanted - own.keys())
    if unknown := sorted(wanted - own.keys() - there.keys()):
        raise EntryNotFound(f"没有事项 {unknown[0]}。")
    return {**there, **own}
