"""What a draft would change for citizens: questions asked of what is live and of the draft, side by side.

Golden questions carry what is right; real ones, with personal data masked, come from a `QuestionSource`, because the ledger is
a sibling package. `replay` writes nothing but the vectors it made; `record_run` keeps what approval asks for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal, Protocol

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.answering import Answer, Answerer
from knowledge_base.content import Content, Guide, Item
from knowledge_base.drafts import Draft, content_of
from knowledge_base.publishing import entry_id_of
from knowledge_base.question_vectors import Vector, encoded
from knowledge_base.questions import Question
from knowledge_base.rendering import SAMPLE_NOTE
from knowledge_base.snapshot import Rows, Snapshot, Version
from knowledge_base.wordings import wordings_of
from language import Encoder, find_regions, normalise
from qinwen.database import Database
from qinwen.vocabulary import Facet, Outcome

Kind = Literal["worse", "lost", "changed", "won", "better"]
KIND_TITLES: dict[Kind, str] = {
    "worse": "标准问题答得更差",
    "lost": "原来能答，现在答不了",
    "changed": "答案变了",
    "won": "原来答不了，现在能答",
    "better": "标准问题答得更好",
}
_ORDER: tuple[Kind, ...] = ("worse", "lost", "changed", "won", "better")
_MOST_KEPT = 1_000
_TOGETHER = 64


@dataclass(frozen=True)
class Asked:
    """A question to replay.

    Attributes:
        text: as it was asked, personal data masked.
        golden: whether `item` and `facet` say what is right.
        item: the right item; None where it must not be answered.
        facet: the right facet; None where any is right.
        times: how often it was asked.
    """

    text: str
    golden: bool = False
    item: str | None = None
    facet: Facet | None = None
    times: int = 1


class QuestionSource(Protocol):
    """Where real questions come from: the ledger's masked texts, put in by the composition root."""

    def recent_questions(self, most: int) -> Sequence[Asked]:
        """Give the questions asked last, each text once with how often it was asked."""


@dataclass(frozen=True)
class Side:
    """How a question is answered on one side."""

    outcome: str
    item: str | None
    facet: str | None
    entry: str | None
    text: str


@dataclass(frozen=True)
class ImpactChange:
    """A question that the draft answers differently."""

    kind: Kind
    question: str
    golden: bool
    times: int
    expected: str | None
    before: Side
    after: Side


@dataclass(frozen=True)
class Impact:
    """What a replay found. `changes` come with the worst first; at most a thousand are kept, `counts` are of all."""

    golden: int
    asked: int
    seconds: float
    counts: dict[str, int]
    changes: tuple[ImpactChange, ...]

    @property
    def regressions(self) -> int:
        """How many golden questions are answered worse."""
        return self.counts.get("worse", 0)


def replay(
    database: Database,
    live: Answerer,
    knowledge: Snapshot,
    encoder: Encoder | None,
    content: Content,
    questions: Iterable[Asked],
    progress: Callable[[int, int], None] | None = None,
) -> Impact:
    """Ask questions of what is live and of a draft.

    Args:
        database: where the vectors of questions are kept.
        live: answers from `knowledge`.
        knowledge: what is live.
        encoder: the encoder of both.
        content: what the draft says.
        questions: golden and real ones; equal ones are asked once.
        progress: told how many of how many were asked.
    """
    started = time.perf_counter()
    unique = list({(asked.text, asked.golden): asked for asked in questions}.values())
    knowledge.refresh()
    version, rows = as_version(content, knowledge, encoder)
    before = live.branch()  # stands still while others publish
    draft = live.branch(version, rows, before)
    same_rows = isinstance(content, Guide) and _same_wordings(knowledge.rows.get(version.entry), rows)
    changes: list[ImpactChange] = []
    counts = dict.fromkeys(map(str, _ORDER), 0)
    texts = [normalise(asked.text) for asked in unique]
    sides = [before] if same_rows else [before, draft]
    for number, vector in enumerate(_ahead(encoded(database, encoder, texts), sides)):
        asked = unique[number]
        regions = tuple(mention.region.code for mention in find_regions(texts[number]))
        question = Question(texts[number], vector, regions=regions)
        old = before.answer(question)
        # With the same wordings the ranking is the same to the bit: only answers on this item can differ.
        new = old if same_rows and old.item != _item(content) else draft.answer(question)
        kind = judge(asked, old, new)
        if kind:
            counts[kind] += 1
            expected = f"{asked.item}/{asked.facet.value}" if asked.item and asked.facet else asked.item
            changes.append(ImpactChange(kind, asked.text, asked.golden, asked.times, expected, _side(old), _side(new)))
        if progress and (number % 100 == 99 or number + 1 == len(unique)):  # noqa: PLR2004
            progress(number + 1, len(unique))
    changes.sort(key=lambda change: (_ORDER.index(change.kind), -change.times))
    golden = sum(asked.golden for asked in unique)
    return Impact(golden, len(unique), time.perf_counter() - started, counts, tuple(changes[:_MOST_KEPT]))


def _ahead(vectors: Iterator[Vector | None], sides: Sequence[Answerer]) -> Iterator[Vector | None]:
    """Give the vectors one by one, after the sides have looked at some dozens together."""
    while batch := list(islice(vectors, _TOGETHER)):
        given = [vector for vector in batch if vector is not None]
        for side in sides if given else ():
            side.look_ahead(np.stack(given))
        yield from batch


def judge(asked: Asked, old: Answer, new: Answer) -> Kind | None:
    """Say what became of a question, None where nothing did."""
    if asked.golden:
        before, after = _grade(asked, old), _grade(asked, new)
        if before != after:
            return "worse" if after < before else "better"
    was, is_now = (answer.outcome is Outcome.ANSWERED for answer in (old, new))
    if was != is_now:
        return "lost" if was else "won"
    same = old.item == new.item and old.outcome == new.outcome and _words(old) == _words(new)
    return None if same else "changed"


def record_run(session: Session, draft: Draft, impact: Impact, knowledge_revision: int, at: datetime) -> None:
    """Keep what a replay of a draft found; the one writer of `impact_run`."""
    session.add(
        models.ImpactRun(
            entry_id=draft.entry,
            draft_revision=draft.revision,
            knowledge_revision=knowledge_revision,
            at=at,
            seconds=impact.seconds,
            golden=impact.golden,
            asked=impact.asked,
            regressions=impact.regressions,
            changes=[{"counts": impact.counts}, *(asdict(change) for change in impact.changes)],
        )
    )
    session.flush()


def latest_run(session: Session, draft: Draft) -> Impact | None:
    """Give the newest replay of a draft as it is now, or None where it has to be made (again)."""
    run = models.ImpactRun
    mine = select(run).where(run.entry_id == draft.entry, run.draft_revision == draft.revision)
    found = session.scalars(mine.order_by(run.id.desc()).limit(1)).first()
    if found is None:
        return None
    counts, *changes = found.changes
    return Impact(found.golden, found.asked, found.seconds, counts["counts"], tuple(map(_change, changes)))


def replay_draft(
    database: Database,
    live: Answerer,
    knowledge: Snapshot,
    encoder: Encoder | None,
    draft: Draft,
    golden: Iterable[Asked],
    source: QuestionSource,
    most: int,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Impact:
    """Replay golden and real questions against a draft and keep the result; see `replay`.

    Raises:
        EntryInvalid: the draft can't be published as it is.
    """
    content = content_of(draft)
    impact = replay(database, live, knowledge, encoder, content, [*golden, *source.recent_questions(most)], progress)
    with database.session() as session:
        record_run(session, draft, impact, session.scalar(select(models.KnowledgeRevision.number)) or 0, at)
    return impact


def as_version(content: Content, knowledge: Snapshot, encoder: Encoder | None) -> tuple[Version, Rows]:
    """Give a content as a version that holds now, with its rows; vectors that are known are not made again."""
    entry, at = entry_id_of(content), knowledge.clock()
    known = knowledge.version(entry, at)
    number = known.number + 1 if known else 1
    version = Version(entry, number, content, sample=False, reviewed_on=None, valid_from=at, valid_to=None)
    wordings = tuple(wordings_of(content))
    return version, Rows(
        entry, wordings, encoder.encode([w.text for w in wordings], "question") if encoder and wordings else None
    )


def _same_wordings(old: Rows | None, new: Rows) -> bool:
    return old is not None and old.wordings == new.wordings


def _item(content: Content) -> str | None:
    return content.code if isinstance(content, Item) else content.item


def _grade(asked: Asked, answer: Answer) -> int:
    """Grade an answer to a golden question: 3 right, 2 offers the right one, 1 says it does not know, 0 wrong."""
    answered = answer.outcome is Outcome.ANSWERED
    if asked.item is None:
        return 0 if answered else 3
    if answered:
        return 3 if answer.item == asked.item and asked.facet in (None, answer.facet) else 0
    return 2 if any(option.item == asked.item for option in answer.options) else 1


def _words(answer: Answer) -> tuple[str, ...]:
    # That reviewed content is no longer marked as a sample is no change of the answer.
    return tuple(reply.text.removesuffix(SAMPLE_NOTE).rstrip() for reply in answer.replies)


def _side(answer: Answer) -> Side:
    sources = [source for reply in answer.replies for source in reply.sources]
    words = "\n\n".join(reply.text for reply in answer.replies) + "".join(f"\n· {option.title}" for option in answer.options)
    facet = answer.facet.value if answer.facet else None
    return Side(answer.outcome.value, answer.item, facet, sources[0].entry if sources else None, words)


def _change(data: dict[str, Any]) -> ImpactChange:
    return ImpactChange(**{**data, "before": Side(**data["before"]), "after": Side(**data["after"])})
