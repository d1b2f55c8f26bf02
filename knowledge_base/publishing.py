"""The one writer of knowledge: a version, the current version, the search rows with their vectors and the revision
number change together, in the caller's transaction (design §3, "An edit").

Called by the seed loader, `qinwen kb import`, and later the staff console.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Faq, Guide, Item, Review, plain
from knowledge_base.errors import EntryInvalid, EntryNotFound
from knowledge_base.wordings import Wording, faq_wordings, guide_wordings, item_wordings
from language import Encoder
from qinwen.clock import now

Vectorise = Callable[[Sequence[str]], "NDArray[np.float32] | None"]
"""Give the sentence vectors of texts, float32 [n, d] of unit length, or None when there is no encoder."""


class Publisher:
    """Publishes items and entries.

    Args:
        encoder: name of the sentence encoder, stored with each vector.
        vectorise: see `Vectorise`.
    """

    def __init__(self, encoder: str, vectorise: Vectorise) -> None:
        self._encoder = encoder
        self._vectorise = vectorise

    def publish_item(self, session: Session, item: Item) -> None:
        """Write an item and the names it is found under."""
        revision = _raise_revision(session)
        session.merge(models.ServiceItem(code=item.code, revision=revision, body=plain(item)))
        session.flush()
        self._write_rows(session, item_owner(item.code), item_wordings(item))

    def publish_guide(self, session: Session, guide: Guide, **how: object) -> int:
        """Write a new version of a guide; `how` as in `_publish`. Returns the version's number.

        Raises:
            EntryNotFound: its item is unknown.
        """
        if session.get(models.ServiceItem, guide.item) is None:
            raise EntryNotFound(f"没有事项 {guide.item}。")
        entry = models.Entry(id=guide_id(guide.item, guide.region), kind="guide", item=guide.item, region=guide.region)
        return self._publish(session, entry, guide, guide_wordings(guide), **how)  # type: ignore[arg-type]

    def publish_faq(self, session: Session, faq: Faq, **how: object) -> int:
        """Write a new version of an FAQ; `how` as in `_publish`. Returns the version's number.

        Raises:
            EntryNotFound: its item is unknown.
            EntryInvalid: the question or the answer is empty.
        """
        if not faq.question.strip() or not faq.answer.strip():
            raise EntryInvalid(f"问答 {faq.id} 要有问题和答案。")
        if faq.item and session.get(models.ServiceItem, faq.item) is None:
            raise EntryNotFound(f"没有事项 {faq.item}。")
        entry = models.Entry(
            id=faq_id(faq.id), kind="faq", item=faq.item, facet=faq.facet and faq.facet.value, region=faq.region
        )
        return self._publish(session, entry, faq, faq_wordings(faq), **how)  # type: ignore[arg-type]

    def withdraw(self, session: Session, entry_id: str, at: datetime | None = None) -> None:
        """Stop answering from an entry from `at` on; its versions stay.

        Raises:
            EntryNotFound: there is no such entry.
        """
        entry = session.get(models.Entry, entry_id)
        if entry is None:
            raise EntryNotFound(f"没有条目 {entry_id}。")
        end = at or now()
        versions = models.EntryVersion
        entry.revision = _raise_revision(session)
        # All versions end, or an older one that has no end of its own would hold again.
        session.execute(
            update(versions)
            .where(versions.entry_id == entry_id, or_(versions.valid_to.is_(None), versions.valid_to > end))
            .values(valid_to=end)
        )

    def _publish(
        self,
        session: Session,
        entry: models.Entry,
        content: Guide | Faq,
        wordings: Sequence[Wording],
        *,
        author: str,
        sample: bool = False,
        review: Review | None = None,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
    ) -> int:
        """Write version, entry, rows and revision."""
        moment = now()
        review = review or Review()
        known = session.get(models.Entry, entry.id)
        number = 1 if known is None else known.current_version + 1
        entry.revision, entry.current_version = _raise_revision(session), number
        session.merge(entry)
        session.flush()
        session.add(
            models.EntryVersion(
                entry_id=entry.id,
                number=number,
                state="published",
                body=plain(content),
                author=author,
                sample=sample,
                reviewed_on=review.reviewed_on,
                review_due_on=review.review_due_on,
                valid_from=valid_from or moment,
                valid_to=valid_to,
                recorded_at=moment,
            )
        )
        self._write_rows(session, entry.id, wordings)
        return number

    def _write_rows(self, session: Session, owner: str, wordings: Sequence[Wording]) -> None:
        session.execute(delete(models.SearchRow).where(models.SearchRow.owner == owner))
        vectors = self._vectorise([w.text for w in wordings]) if wordings else None
        session.add_all(
            models.SearchRow(
                owner=owner,
                facet=wording.facet and wording.facet.value,
                kind=wording.kind,
                text=wording.text,
                encoder=self._encoder,
                vector=None if vectors is None else vectors[number].astype(np.float16).tobytes(),
            )
            for number, wording in enumerate(wordings)
        )


def item_owner(code: str) -> str:
    """Give the name under which an item's own search rows stand."""
    return f"item:{code}"


def guide_id(item: str, region: str) -> str:
    """Give the id of the guide of an item in a region."""
    return f"guide:{item}:{region}"


def faq_id(faq: str) -> str:
    """Give the entry id of an FAQ."""
    return f"faq:{faq}"


def _raise_revision(session: Session) -> int:
    table = models.KnowledgeRevision
    session.execute(update(table).where(table.id == 1).values(number=table.number + 1))
    return session.scalars(select(table.number).where(table.id == 1)).one()


def make_publisher(encoder: Encoder | None) -> Publisher:
    """Give a publisher that encodes with an encoder, or not at all."""
    if encoder is None:
        return Publisher("none", lambda _: None)
    return Publisher(encoder.name, lambda texts: encoder.encode([*texts], "question"))
