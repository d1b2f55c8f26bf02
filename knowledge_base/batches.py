"""Imports as batches, from the uploaded file to its undoing. The one writer of `import_batch` and `import_row`.

    waiting ─▶ reading ─▶ planned ─ submit ─▶ in_review ─ approve ─▶ accepted ─▶ applying ─▶ applied ─ undo ─▶ undone
                 └─▶ refused └─ discard ─▶ discarded └─ return ─▶ returned          └─▶ refused (somebody was faster)

`reading` and `applying` are jobs: a process claims one by conditional update and says every few seconds that it is alive.
When it dies, another one, or the same after its restart, takes the job over (`import_jobs`). Nothing is half imported:
everything that citizens see changes in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.differences import Difference
from knowledge_base.errors import EntryInvalid, EntryNotFound, ImportRefused, OwnWorkRefused
from knowledge_base.events import note_many
from knowledge_base.import_plan import Plan, PlannedRow, Scope
from knowledge_base.publishing_many import Taken, take_back_many

STATES = {
    "waiting": "等着看",
    "reading": "正在看",
    "refused": "不能导入",
    "planned": "看过了，没提交",
    "in_review": "等审核",
    "returned": "退回了",
    "discarded": "放弃了",
    "accepted": "通过了，等写入",
    "applying": "正在写入",
    "applied": "已导入",
    "undone": "已撤销",
}
RUNNING = ("waiting", "reading", "accepted", "applying")
SILENCE = timedelta(seconds=60)
"""So long without a sign of life, and a job is somebody else's."""
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Batch:
    """An import as pages show it; see `models.ImportBatch`."""

    id: int
    name: str
    state: str
    author: str
    approver: str | None
    created_at: datetime
    changed_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    undone_by: str | None
    whole: bool
    reason: str
    review_due_on: date | None
    counts: dict[str, int]
    places: list[list[str]]
    words: str
    done: int
    total: int
    beat_at: datetime | None

    @property
    def label(self) -> str:
        """The state as staff read it."""
        return STATES[self.state]

    @property
    def running(self) -> bool:
        """Whether a job has it, or soon will."""
        return self.state in RUNNING

    def stuck(self, at: datetime) -> bool:
        """Tell whether the process that had the job has died."""
        return self.state in {"reading", "applying"} and (self.beat_at is None or self.beat_at < at - SILENCE)


@dataclass(frozen=True)
class BatchRow:
    """What a file says of one entry, as pages show it. `problems`: sheet, row, column letter, column title, words."""

    number: int
    act: str
    entry: str
    title: str
    sheet: str
    row: int
    body: dict[str, Any] | None
    differences: list[Difference]
    notes: list[str]
    problems: list[list[Any]]


def begin_batch(
    session: Session,
    name: str,
    data: bytes,
    author: str,
    at: datetime,
    *,
    whole: bool,
    scope: Scope | None = None,
    reason: str = "",
    review_due_on: date | None = None,
    worker: str = "",
) -> int:
    """Take a file in to be looked through; returns the batch's number.

    Args:
        session: an open session.
        name: the file's name.
        data: the file.
        author: who brings it.
        at: the present moment.
        whole: see `import_plan.make_plan`.
        scope: what the author may work on.
        reason: why, for the history of each entry.
        review_due_on: when the entries must be looked at again.
        worker: who looks it through at once; without one, the first process that is free.
    """
    allowed = scope or Scope()
    batch = models.ImportBatch(
        name=name[-_LONGEST_NAME:],
        state="reading" if worker else "waiting",
        author=author,
        created_at=at,
        changed_at=at,
        whole=whole,
        reason=reason.strip(),
        review_due_on=review_due_on,
        scope={"departments": sorted(allowed.departments), "regions": sorted(allowed.regions)},
        counts={},
        places=[],
        words="",
        done=0,
        total=0,
        worker=worker,
        beat_at=at if worker else None,
        file=data,
    )
    session.add(batch)
    session.flush()
    return batch.id


def read_batch(session: Session, number: int) -> Batch:
    """Give a batch.

    Raises:
        EntryNotFound: there is none.
    """
    return _batch(_record(session, number))


def list_batches(session: Session, *, below: int | None = None, limit: int = 20, state: str = "") -> list[Batch]:
    """Give batches, the newest first, from under a number."""
    b = models.ImportBatch
    query = select(b).order_by(b.id.desc()).limit(limit)
    if below is not None:
        query = query.where(b.id < below)
    if state:
        query = query.where(b.state == state)
    return [_batch(record) for record in session.scalars(query)]


def count_batches(session: Session, state: str) -> int:
    """Count the batches in a state."""
    b = models.ImportBatch
    return int(session.scalar(select(func.count()).select_from(b).where(b.state == state)) or 0)


def read_rows(session: Session, number: int, *, act: str = "", after: int = 0, limit: int = 50) -> list[BatchRow]:
    """Give rows of a batch in the file's order, from behind a number; those with problems where `act` is "refused"."""
    r = models.ImportRow
    query = select(r).where(r.batch == number, r.number > after).order_by(r.number).limit(limit)
    if act:
        query = query.where(r.act == act)
    return [_row(record) for record in session.scalars(query)]


def keep_plan(session: Session, number: int, worker: str, plan: Plan, at: datetime) -> str:
    """Write down what a file would do, if the job is still this worker's; returns the batch's new state."""
    r, counts = models.ImportRow, plan.counts
    session.execute(r.__table__.delete().where(r.batch == number))  # type: ignore[attr-defined]
    rows = [_stored(number, place, row) for place, row in enumerate(plan.rows, 1)]
    loose = [p.to_json() for p in plan.problems]
    if loose:
        rows.append(_empty(number, len(rows) + 1, loose))
    if rows:
        session.execute(insert(r), rows)
    words = ""
    if counts["problems"]:
        words = f"有 {counts['problems']} 处错，整个文件都没有导入。请改好再传一次。"
    elif not (counts["added"] or counts["changed"]):
        words = "文件里的内容和现在的一样，没有要导入的。"
    places = sorted({(row.department, row.region) for row in plan.rows if row.act in {"added", "changed"}})
    state = "refused" if words else "planned"
    _finish(session, number, worker, "reading", at, state=state, counts=counts, words=words, file=None,
            places=[list(place) for place in places])  # fmt: skip
    return state


def refuse(session: Session, number: int, worker: str, words: str, at: datetime) -> None:
    """Write down that a file can't be imported at all, or no longer, if the job is still this worker's."""
    _finish(session, number, worker, ("reading", "applying"), at, state="refused", words=words, file=None)


def submit_batch(session: Session, number: int, author: str, reason: str, at: datetime) -> None:
    """Hand a batch in for review.

    Raises:
        EntryNotFound: there is none.
        ImportRefused: it is somebody else's, or not in the state for it.
        EntryInvalid: no reason is given.
    """
    batch = _record(session, number)
    if batch.author != author:
        raise ImportRefused("这一批是别人传的，请由本人提交。")
    if not reason.strip():
        raise EntryInvalid("请写明为什么导入，审核的人和历史里都要看。")
    _move(session, number, "planned", at, state="in_review", reason=reason.strip())


def discard_batch(session: Session, number: int, author: str, at: datetime) -> None:
    """Throw a batch away before it was applied.

    Raises:
        EntryNotFound: there is none.
        ImportRefused: it is somebody else's, or not in the state for it.
    """
    if _record(session, number).author != author:
        raise ImportRefused("这一批是别人传的，请由本人放弃。")
    _move(session, number, ("planned", "in_review", "returned", "refused", "waiting"), at, state="discarded", file=None)


def return_batch(session: Session, number: int, reviewer: str, words: str, at: datetime) -> None:
    """Send a batch back, saying why.

    Raises:
        EntryNotFound: there is none.
        ImportRefused: it is not in review.
        EntryInvalid: nothing is said.
    """
    if not words.strip():
        raise EntryInvalid("退回时要写清楚哪里要改。")
    _record(session, number)
    _move(session, number, "in_review", at, state="returned", approver=reviewer, words=words.strip())


def approve_batch(session: Session, number: int, reviewer: str, at: datetime, why_incomplete: str = "") -> None:
    """Approve a batch: a job applies it then.

    Raises:
        EntryNotFound: there is none.
        OwnWorkRefused: the reviewer brought it.
        ImportRefused: it is not in review.
        EntryInvalid: entries would lack needed fields that they have now, and nobody wrote why.
    """
    batch = _record(session, number)
    if batch.author == reviewer:
        raise OwnWorkRefused("自己导入的不能自己审核通过，请另一位同事来审。")
    if batch.counts.get("incomplete") and not why_incomplete.strip():
        raise EntryInvalid(f"有 {batch.counts['incomplete']} 条缺发布需要的内容。确实要导入，请写明理由。")
    reason = batch.reason + (f"；仍缺要素：{why_incomplete.strip()}" if why_incomplete.strip() else "")
    _move(session, number, "in_review", at, state="accepted", approver=reviewer, reason=reason, done=0, total=0, words="")


def accept_at_once(session: Session, number: int, worker: str, at: datetime) -> None:
    """Approve a batch without a second person: for the command line, which only administrators have."""
    _move(session, number, "planned", at, state="applying", worker=worker, beat_at=at, done=0, total=0)


def undo_batch(session: Session, number: int, actor: str, at: datetime) -> int:
    """Put everything back as it was before a batch; returns how many entries.

    Raises:
        EntryNotFound: there is none.
        ImportRefused: it is not applied, or something was edited since.
    """
    _record(session, number)
    _move(session, number, "applied", at, state="undone", undone_at=at, undone_by=actor)
    v, r = models.EntryVersion, models.ImportRow
    brought = dict(session.execute(select(v.entry_id, v.number).where(v.batch == number)).tuples().all())
    rows = session.execute(
        select(r.entry_id, r.before, r.owner_before).where(r.batch == number, r.act.in_(("added", "changed")))
    )
    taken = [Taken(entry, brought[entry], before, owner) for entry, before, owner in rows if entry in brought]
    take_back_many(session, number, taken, at)
    note_many(session, brought, actor, "import_undone", at, f"第 {number} 批")
    return len(taken)


def claim(session: Session, worker: str, at: datetime) -> tuple[int, str] | None:
    """Take the oldest job that nobody works on; gives its number and what to do: reading or applying."""
    b = models.ImportBatch
    dead = and_(b.state.in_(("reading", "applying")), or_(b.beat_at.is_(None), b.beat_at < at - SILENCE))
    open_ = or_(b.state.in_(("waiting", "accepted")), dead)
    found = session.execute(select(b.id, b.state, b.worker).where(open_).order_by(b.id).limit(1)).one_or_none()
    if found is None:
        return None
    number, state, before = found
    doing = "reading" if state in {"waiting", "reading"} else "applying"
    taken = session.execute(
        update(b).where(b.id == number, b.state == state, b.worker == before, open_).values(
            state=doing, worker=worker, beat_at=at, done=0, total=0
        )
    )  # fmt: skip
    return (number, doing) if taken.rowcount else None  # type: ignore[attr-defined]


def beat(session: Session, number: int, worker: str, done: int, total: int, at: datetime) -> bool:
    """Say how far a job is, and that it is alive; False when it is somebody else's now."""
    b = models.ImportBatch
    mine = session.execute(update(b).where(b.id == number, b.worker == worker).values(done=done, total=total, beat_at=at))
    return bool(mine.rowcount)  # type: ignore[attr-defined]


def let_go(session: Session, number: int, worker: str) -> None:
    """Give a job back at a shutdown, so that the next process need not wait for its silence."""
    b = models.ImportBatch
    session.execute(update(b).where(b.id == number, b.worker == worker).values(beat_at=None))


def mark_applied(session: Session, number: int, worker: str, at: datetime) -> None:
    """Write down that a batch is in, in the transaction that brings it."""
    _finish(session, number, worker, "applying", at, state="applied", applied_at=at)


def file_of(session: Session, number: int) -> tuple[str, bytes, bool, Scope]:
    """Give what looking through a batch needs: name, file, whether guides are whole, and the author's scope."""
    record = _record(session, number)
    if record.file is None:
        raise ImportRefused("文件已经不在了，请再传一次。")
    return record.name, record.file, record.whole, Scope(record.scope["departments"], record.scope["regions"])


def _finish(session: Session, number: int, worker: str, old: str | Sequence[str], at: datetime, **values: Any) -> None:
    b = models.ImportBatch
    states = (old,) if isinstance(old, str) else tuple(old)
    mine = (b.id == number, b.worker == worker, b.state.in_(states))
    if not session.execute(update(b).where(*mine).values(changed_at=at, **values)).rowcount:  # type: ignore[attr-defined]
        raise ImportRefused("这一批已经由另一个进程接手了。")
    session.expire_all()


def _move(session: Session, number: int, old: str | Sequence[str], at: datetime, **values: Any) -> None:
    b = models.ImportBatch
    states = (old,) if isinstance(old, str) else tuple(old)
    moved = session.execute(update(b).where(b.id == number, b.state.in_(states)).values(changed_at=at, **values))
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise ImportRefused(f"这一批现在是“{STATES[_record(session, number).state]}”，不能这样做。请刷新看看。")
    session.expire_all()


def _record(session: Session, number: int) -> models.ImportBatch:
    record = session.get(models.ImportBatch, number)
    if record is None:
        raise EntryNotFound(f"没有第 {number} 批导入。")
    return record


def _batch(record: models.ImportBatch) -> Batch:
    return Batch(**{name: getattr(record, name) for name in Batch.__dataclass_fields__})


def _stored(number: int, place: int, row: PlannedRow) -> dict[str, Any]:
    entry = row.entry
    return {
        "batch": number,
        "number": place,
        "act": row.act,
        "entry_id": entry.id[:128],
        "title": row.title,
        "sheet": entry.sheet[:64],
        "row": entry.row,
        "before": row.before,
        "owner_before": row.owner,
        "body": row.body if row.act in {"added", "changed"} else None,
        "differences": [[list(d.path), d.title, d.change, d.before, d.after] for d in row.differences],
        "notes": row.notes,
        "problems": [problem.to_json() for problem in entry.problems],
    }


def _empty(number: int, place: int, problems: list[list[Any]]) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "entry_id": "",
        "title": "",
        "sheet": "",
        "row": 0,
        "before": 0,
        "owner_before": "",
        "body": None,
    }
    lists: dict[str, Any] = {"differences": [], "notes": []}
    return {"batch": number, "number": place, "act": "refused", **nothing, **lists, "problems": problems}


def _row(record: models.ImportRow) -> BatchRow:
    differences = [Difference(tuple(path), *rest) for path, *rest in record.differences]
    return BatchRow(record.number, record.act, record.entry_id, record.title, record.sheet, record.row,
                    record.body, differences, record.notes, record.problems)  # fmt: skip
