"""The one writer of knowledge: a version, the entry, the search rows with their vectors and the revision number change
together, in the caller's transaction (design §3, "An edit").

Called by the seed loader, by drafts when they are approved, and by roll-backs; imports use `publishing_many`, which is part of
it. Versions are only ever added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, Content, Faq, Guide, Item, Review, plain, read_body
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.fields import missing_fields
from knowledge_base.states import settle, spans_of, title_of
from knowledge_base.timeline import governing
from knowledge_base.wordings import Wording, wordings_of
from language import Encoder
from qinwen.clock import now

Vectorise = Callable[[Sequence[str]], "NDArray[np.float32] | None"]
"""Give the sentence vectors of texts, float32 [n, d] of unit length, or None when there is no encoder."""

_MOST_REUSED = 1000


@dataclass(frozen=True)
class Approval:
    """How a version came about, and when it holds.

    Attributes:
        author: who wrote it.
        approver: the second person, where one looked at it.
        reason: why, in the author's words.
        sample: whether it is sample content.
        review: when it was checked and must be checked again.
        valid_from: from when it holds; None for at once.
        valid_to: when it stops, None for never.
        clears: whether it cancels what was planned for `valid_from` or later.
        restores: the number of the version that it brings back.
        batch: the import that it belongs to.
    """

    author: str
    approver: str | None = None
    reason: str = ""
    sample: bool = False
    review: Review = Review()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    clears: bool = False
    restores: int | None = None
    batch: int | None = None


class Publisher:
    """Publishes items and entries.

    Args:
        encoder: name of the sentence encoder, stored with each vector.
        vectorise: see `Vectorise`.
        clock: the present moment.
    """

    def __init__(self, encoder: str, vectorise: Vectorise, clock: Callable[[], datetime] = now) -> None:
        self.encoder = encoder
        self._vectorise = vectorise
        self.clock = clock

    def with_vectors(self, vectorise: Vectorise) -> Publisher:
        """Give a publisher that takes its vectors from somewhere else, for instance prepared ones."""
        return Publisher(self.encoder, vectorise, self.clock)

    def publish_item(self, session: Session, item: Item, *, author: str = "", **how: object) -> int:
        """Write a new version of an item and the names it is found under; `how` as in `Approval`."""
        return self.publish(session, item, Approval(author, **how))  # type: ignore[arg-type]

    def publish_guide(self, session: Session, guide: Guide, **how: object) -> int:
        """Write a new version of a guide; `how` as in `Approval`. Returns the version's number.

        Raises:
            EntryNotFound: its item is unknown.
            EntryInvalid: its dates are the wrong way round.
        """
        return self.publish(session, guide, Approval(**how))  # type: ignore[arg-type]

    def publish_faq(self, session: Session, faq: Faq, **how: object) -> int:
        """Write a new version of an FAQ; `how` as in `Approval`. Returns the version's number.

        Raises:
            EntryNotFound: its item is unknown.
            EntryInvalid: the question or the answer is empty, or its dates are the wrong way round.
        """
        return self.publish(session, faq, Approval(**how))  # type: ignore[arg-type]

    def publish(self, session: Session, content: Content, approval: Approval) -> int:
        """Write a new version of whatever it is; see `publish_guide`."""
        item = _check(session, content)
        moment = self.clock()
        revision = raise_revision(session)
        entry_id = entry_id_of(content)
        entry = session.get(models.Entry, entry_id)
        is_new = entry is None or entry.current_version == 0
        if isinstance(content, Item):
            session.merge(models.ServiceItem(code=content.code, revision=revision, body=plain(content)))
            session.flush()
        if entry is None:
            entry = new_entry(content)
            session.add(entry)
        self._describe(session, entry, content, item, approval)
        number = self._add_version(session, entry, plain(content), "published", approval, revision, moment)
        self._write_rows(session, entry_id, number, wordings_of(content), reuse=not is_new)
        return number

    def withdraw(
        self,
        session: Session,
        entry_id: str,
        at: datetime | None = None,
        *,
        author: str = "",
        reason: str = "",
        batch: int | None = None,
    ) -> int:
        """Stop answering from an entry from `at` on, whatever was planned for later; its versions stay.

        Returns:
            The number of the version that says so.

        Raises:
            EntryNotFound: there is no such entry, or it was never published.
        """
        entry = session.get(models.Entry, entry_id)
        if entry is None or entry.current_version == 0:
            raise EntryNotFound(f"没有条目 {entry_id}。")
        moment = self.clock()
        last = session.get_one(models.EntryVersion, (entry_id, entry.current_version))
        approval = Approval(author, reason=reason, sample=last.sample, valid_from=at or moment, clears=True, batch=batch)
        return self._add_version(session, entry, last.body, "withdrawn", approval, raise_revision(session), moment)

    def roll_back(self, session: Session, entry_id: str, number: int, approval: Approval) -> int:
        """Bring an older version back, as a new one.

        Raises:
            EntryNotFound: there is no such version.
            EntryInvalid: the version no longer fits today's fields.
        """
        old = session.get(models.EntryVersion, (entry_id, number))
        entry = session.get(models.Entry, entry_id)
        if old is None or entry is None:
            raise EntryNotFound(f"没有条目 {entry_id} 的第 {number} 版。")
        content = read_body(entry.kind, old.body, f"{entry_id} 第 {number} 版")
        review = Review(old.reviewed_on, old.review_due_on)
        return self.publish(session, content, replace(approval, sample=old.sample, review=review, restores=number))

    def _describe(self, session: Session, entry: models.Entry, content: Content, item: Item | None, approval: Approval) -> None:
        """Repeat on the entry what the lists show and filter."""
        if not isinstance(content, Item):
            entry.facet = content.facet.value if isinstance(content, Faq) and content.facet else None
            entry.item, entry.region = content.item, content.region
        entry.title = title_of(content, item)
        entry.department = item.department if item else ""
        entry.owner = entry.owner or approval.author
        entry.missing = len(missing_fields(content))
        entry.review_due_on = approval.review.review_due_on
        if isinstance(content, Item):
            retitle(session, content)

    def _add_version(
        self,
        session: Session,
        entry: models.Entry,
        body: dict[str, object],
        state: str,
        approval: Approval,
        revision: int,
        moment: datetime,
    ) -> int:
        starts = approval.valid_from or moment
        if approval.valid_to is not None and approval.valid_to <= starts:
            raise EntryInvalid(f"{entry.id} 的失效时间要晚于生效时间。")
        v = models.EntryVersion
        # An undone import leaves the numbers of what it brought taken.
        highest = session.scalar(select(func.max(v.number)).where(v.entry_id == entry.id))
        entry.current_version = (highest or 0) + 1
        entry.revision, entry.changed_at = revision, moment
        version = models.EntryVersion(
            entry_id=entry.id,
            number=entry.current_version,
            state=state,
            body=body,
            author=approval.author,
            approver=approval.approver,
            reason=approval.reason,
            sample=approval.sample,
            reviewed_on=approval.review.reviewed_on,
            review_due_on=approval.review.review_due_on,
            valid_from=starts,
            valid_to=approval.valid_to,
            recorded_at=moment,
            clears=approval.clears,
            restores=approval.restores,
            batch=approval.batch,
        )
        session.flush()
        session.add(version)
        session.flush()
        settle(session, entry, moment)
        return entry.current_version

    def _write_rows(self, session: Session, owner: str, version: int, wordings: Sequence[Wording], *, reuse: bool) -> None:
        texts = [wording.text for wording in wordings]
        vectors = self._vectors_of(session, owner, texts, reuse=reuse)
        session.add_all(
            models.SearchRow(
                owner=owner,
                version=version,
                facet=wording.facet and wording.facet.value,
                kind=wording.kind,
                text=wording.text,
                encoder=self.encoder,
                vector=vectors.get(wording.text),
            )
            for wording in wordings
        )
        session.flush()

    def _vectors_of(self, session: Session, owner: str, texts: Sequence[str], *, reuse: bool) -> dict[str, bytes]:
        """Give the vectors of texts; those the entry's earlier versions had are not made again."""
        rows = models.SearchRow
        known: dict[str, bytes] = {}
        if reuse:
            earlier = select(rows.text, rows.vector).where(rows.owner == owner, rows.encoder == self.encoder)
            earlier = earlier.order_by(rows.version.desc()).limit(_MOST_REUSED)
            known = {text: vector for text, vector in session.execute(earlier) if vector is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        vectors = self._vectorise(missing) if missing else None
        if vectors is not None:
            known |= {text: vectors[n].astype(np.float16).tobytes() for n, text in enumerate(missing)}
        return known


def entry_id_of(content: Content) -> str:
    """Give the id of the entry that a content belongs to."""
    if isinstance(content, Item):
        return item_owner(content.code)
    return guide_id(content.item, content.region) if isinstance(content, Guide) else faq_id(content.id)


def item_owner(code: str) -> str:
    """Give the id of an item's own entry."""
    return f"item:{code}"


def guide_id(item: str, region: str) -> str:
    """Give the id of the guide of an item in a region."""
    return f"guide:{item}:{region}"


def faq_id(faq: str) -> str:
    """Give the entry id of an FAQ."""
    return f"faq:{faq}"


def new_entry(content: Content) -> models.Entry:
    """Give an entry that has no version yet."""
    kind = "item" if isinstance(content, Item) else "guide" if isinstance(content, Guide) else "faq"
    item = content.code if isinstance(content, Item) else content.item
    region = PROVINCE if isinstance(content, Item) else content.region
    return models.Entry(
        id=entry_id_of(content),
        kind=kind,
        item=item,
        region=region,
        revision=0,
        current_version=0,
        title="",
        department="",
        owner="",
        state="draft",
        draft_state="",
        missing=0,
    )


def current_item(session: Session, code: str) -> Item:
    """Give an item as it was recorded last.

    Raises:
        EntryNotFound: there is none.
    """
    record = session.get(models.ServiceItem, code)
    own = session.get(models.Entry, item_owner(code))
    if record is None or (own is not None and own.current_version == 0):  # what an undone import brought is not there
        raise EntryNotFound(f"没有事项 {code}。")
    item = read_body("item", record.body, f"事项 {code}")
    assert isinstance(item, Item)
    return item


def governs(session: Session, entry_id: str, at: datetime) -> models.EntryVersion | None:
    """Give the version that an entry is answered from at a moment, by all that is known now."""
    span = governing(spans_of(session, entry_id), at)
    return session.get_one(models.EntryVersion, (entry_id, span.number)) if span else None


def make_publisher(encoder: Encoder | None, clock: Callable[[], datetime] = now) -> Publisher:
    """Give a publisher that encodes with an encoder, or not at all."""
    if encoder is None:
        return Publisher("none", lambda _: None, clock)
    return Publisher(encoder.name, lambda texts: encoder.encode([*texts], "question"), clock)


def _check(session: Session, content: Content) -> Item | None:
    """Refuse what can't be published; gives the item it belongs to."""
    if isinstance(content, Item):
        return content
    if isinstance(content, Faq) and not (content.question.strip() and content.answer.strip()):
        raise EntryInvalid(f"问答 {content.id} 要有问题和答案。")
    return current_item(session, content.item) if content.item else None


def retitle(session: Session, item: Item) -> None:
    """Carry an item's name and department to the entries that belong to it."""
    session.flush()
    entries = models.Entry
    session.execute(update(entries).where(entries.item == item.code).values(department=item.department))
    for entry in session.scalars(select(entries).where(entries.item == item.code, entries.kind == "guide")):
        entry.title = title_of(Guide(item.code, entry.region, {}), item)


def raise_revision(session: Session) -> int:
    """Give the number of this transaction's changes, and hold all other publishing until it ends."""
    table = models.KnowledgeRevision
    session.execute(update(table).where(table.id == 1).values(number=table.number + 1))
    return session.scalars(select(table.number).where(table.id == 1)).one()
