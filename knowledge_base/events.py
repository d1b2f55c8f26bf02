"""What happened in an entry's life: who did what when, and why. The one writer of `entry_event`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from knowledge_base import models

Act = Literal[
    "started",
    "submitted",
    "recalled",
    "commented",
    "returned",
    "published",
    "withdrawn",
    "rolled_back",
    "discarded",
    "rebased",
    "imported",
    "import_undone",
]
ACT_TITLES: dict[Act, str] = {
    "started": "开始编辑",
    "submitted": "提交审核",
    "recalled": "撤回审核",
    "commented": "评论",
    "returned": "退回修改",
    "published": "审核通过并发布",
    "withdrawn": "撤下",
    "rolled_back": "改回旧版",
    "discarded": "放弃草稿",
    "rebased": "以新的现行版为底稿",
    "imported": "批量导入",
    "import_undone": "撤销导入",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened. `version` and `draft_revision` say to what, where it was to one of them."""

    at: datetime
    actor: str
    act: Act
    words: str
    version: int | None
    draft_revision: int | None


def note(
    session: Session,
    entry_id: str,
    actor: str,
    act: Act,
    at: datetime,
    words: str = "",
    *,
    version: int | None = None,
    draft_revision: int | None = None,
) -> None:
    """Write down that something happened, in the transaction in which it does."""
    assert act in get_args(Act)
    session.add(
        models.EntryEvent(
            entry_id=entry_id,
            at=at,
            actor=actor,
            act=act,
            words=words.strip(),
            version=version,
            draft_revision=draft_revision,
        )
    )


def note_many(session: Session, entries: Mapping[str, int], actor: str, act: Act, at: datetime, words: str) -> None:
    """Write down the same thing for many entries, each with the version that it is about."""
    values = {"at": at, "actor": actor, "act": act, "words": words, "draft_revision": None}
    rows = [{"entry_id": entry, "version": number, **values} for entry, number in entries.items()]
    if rows:
        session.execute(insert(models.EntryEvent), rows)


def events_of(session: Session, entry_id: str, limit: int = 200) -> list[Event]:
    """Give what happened to an entry, the newest first."""
    e = models.EntryEvent
    found = session.scalars(select(e).where(e.entry_id == entry_id).order_by(e.id.desc()).limit(limit))
    return [Event(r.at, r.actor, r.act, r.words, r.version, r.draft_revision) for r in found]  # type: ignore[arg-type]
