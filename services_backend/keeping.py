"""What Qinwen keeps of citizens' cases: the one writer of the `case_*` tables. All functions take a `Session`.

Called by the conversation about cases (`talking`), by the teller of news (`telling`), and by the `qinwen retention` job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qinwen.clock import now
from qinwen.sealing import Sealer
from services_backend.cases import Case, CaseSummary
from services_backend.models import CaseBindingRow, CaseKnownRow, CaseNoticeRow, CasePromiseRow, CaseTalkRow
from services_backend.vocabulary import CaseState
from services_backend.webhooks import CaseChanged

TALK_LIFE = timedelta(minutes=30)
PROMISE_LIFE = timedelta(days=2)


@dataclass(frozen=True)
class KeptBinding:
    """A citizen's binding; `access` is sealed."""

    access: str = field(repr=False)
    applicant: str
    notices: bool


@dataclass(frozen=True)
class KnownCase:
    """How a case stood when the citizen last saw it."""

    number: str
    item_name: str
    state: CaseState
    since: datetime
    seen_at: datetime


@dataclass(frozen=True)
class OpenPromise:
    """Something we said we would tell."""

    id: int
    citizen: str
    number: str
    created_at: datetime


@dataclass(frozen=True)
class DueNotice:
    """A change of a case that is to be told."""

    id: int
    citizen: str
    number: str
    item_name: str
    state: CaseState
    happened_at: datetime


def read_talk(session: Session, citizen: str) -> dict[str, Any] | None:
    """Give what a citizen is being asked; None where it is too long ago."""
    row = session.get(CaseTalkRow, citizen)
    return row.state if row and row.changed_at > now() - TALK_LIFE else None


def write_talk(session: Session, citizen: str, state: dict[str, Any] | None) -> None:
    """Keep what a citizen is being asked, or forget it."""
    if state is None:
        session.execute(delete(CaseTalkRow).where(CaseTalkRow.citizen_id == citizen))
    else:
        session.merge(CaseTalkRow(citizen_id=citizen, state=state, changed_at=now()))


def read_binding(session: Session, citizen: str) -> KeptBinding | None:
    """Give a citizen's binding."""
    row = session.get(CaseBindingRow, citizen)
    return KeptBinding(row.access, row.applicant, row.notices) if row else None


def write_binding(session: Session, citizen: str, access: str, applicant: str) -> None:
    """Keep a binding (`access` sealed); an earlier one of the citizen is replaced."""
    session.merge(CaseBindingRow(citizen_id=citizen, access=access, applicant=applicant, notices=True, bound_at=now()))


def delete_binding(session: Session, citizen: str) -> None:
    """Forget a binding, and skip what was still to be told because of it."""
    session.execute(delete(CaseBindingRow).where(CaseBindingRow.citizen_id == citizen))
    _skip_notices(session, citizen)


def want_notices(session: Session, citizen: str, *, wanted: bool) -> bool:
    """Note whether a bound citizen wants to be told of changes. False: they are not bound."""
    changed = session.execute(update(CaseBindingRow).where(CaseBindingRow.citizen_id == citizen).values(notices=wanted))
    if not wanted:
        _skip_notices(session, citizen)
    return _count(changed) > 0


def note_known(session: Session, citizen: str, *cases: Case | CaseSummary) -> None:
    """Remember how cases stand, for when the case system can't be reached."""
    for case in cases:
        session.merge(
            CaseKnownRow(
                citizen_id=citizen,
                number=case.number,
                item_name=case.item_name,
                state=case.state.value,
                since=case.since,
                seen_at=now(),
            )
        )


def read_known(session: Session, citizen: str, number: str) -> KnownCase | None:
    """Give how a case stood when this citizen last saw it."""
    row = session.get(CaseKnownRow, (citizen, number))
    return _known(row) if row else None


def list_known(session: Session, citizen: str, limit: int) -> list[KnownCase]:
    """List how the cases that a citizen saw stood then, the last seen first."""
    k = CaseKnownRow
    rows = session.scalars(select(k).where(k.citizen_id == citizen).order_by(k.seen_at.desc(), k.number).limit(limit))
    return [_known(row) for row in rows]


def _known(row: CaseKnownRow) -> KnownCase:
    return KnownCase(row.number, row.item_name, CaseState(row.state), row.since, row.seen_at)


def make_promise(session: Session, citizen: str, number: str) -> None:
    """Promise to tell about a case when the case system is back; the same promise twice is one."""
    open_one = select(CasePromiseRow.id).where(
        CasePromiseRow.citizen_id == citizen, CasePromiseRow.number == number, CasePromiseRow.state == "open"
    )
    if session.scalar(open_one) is None:
        moment = now()
        session.add(CasePromiseRow(citizen_id=citizen, number=number, state="open", created_at=moment, changed_at=moment))


def open_promises(session: Session, limit: int = 50) -> Sequence[OpenPromise]:
    """List what is still to be told, the oldest first."""
    rows = session.scalars(
        select(CasePromiseRow).where(CasePromiseRow.state == "open").order_by(CasePromiseRow.id).limit(limit)
    )
    return [OpenPromise(row.id, row.citizen_id, row.number, row.created_at) for row in rows]


def end_promise(session: Session, promise: int, *, told: bool) -> bool:
    """Note that a promise is kept or over. True for exactly one caller."""
    done = session.execute(
        update(CasePromiseRow)
        .where(CasePromiseRow.id == promise, CasePromiseRow.state == "open")
        .values(state="told" if told else "over", changed_at=now())
    )
    return _count(done) == 1


def keep_promises(session: Session, citizen: str, number: str) -> None:
    """End a citizen's open promises about a case: they asked again, and were told."""
    session.execute(
        update(CasePromiseRow)
        .where(CasePromiseRow.citizen_id == citizen, CasePromiseRow.number.in_([number, ""]), CasePromiseRow.state == "open")
        .values(state="told", changed_at=now())
    )


def add_notices(session: Session, changed: CaseChanged) -> int:
    """Take up a change for each citizen who is bound to it and wants to know; the same event again adds nothing.

    A change that is older than one taken up before is not told. Returns how many are new.
    """
    bound = session.scalars(
        select(CaseBindingRow.citizen_id).where(
            CaseBindingRow.citizen_id.in_(changed.subjects), CaseBindingRow.notices.is_(True)
        )
    ).all()
    added = 0
    for citizen in bound:
        newest = session.scalar(
            select(func.max(CaseNoticeRow.sequence)).where(
                CaseNoticeRow.citizen_id == citizen, CaseNoticeRow.number == changed.case_number
            )
        )
        late = newest is not None and newest >= changed.sequence
        moment = now()
        row = CaseNoticeRow(
            citizen_id=citizen,
            event=changed.event,
            number=changed.case_number,
            sequence=changed.sequence,
            item_name=changed.item_name,
            case_state=changed.state.value,
            happened_at=changed.at,
            state="skipped" if late else "due",
            created_at=moment,
            changed_at=moment,
        )
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:
            continue  # the same event came before
        added += not late
    return added


def due_notices(session: Session, limit: int = 50) -> Sequence[DueNotice]:
    """List the changes to be told, the oldest first."""
    rows = session.scalars(select(CaseNoticeRow).where(CaseNoticeRow.state == "due").order_by(CaseNoticeRow.id).limit(limit))
    return [
        DueNotice(row.id, row.citizen_id, row.number, row.item_name, CaseState(row.case_state), row.happened_at) for row in rows
    ]


def end_notice(session: Session, notice: int, *, told: bool) -> bool:
    """Note that a change was told, or is not to be. True for exactly one caller."""
    done = session.execute(
        update(CaseNoticeRow)
        .where(CaseNoticeRow.id == notice, CaseNoticeRow.state == "due")
        .values(state="told" if told else "skipped", changed_at=now())
    )
    return _count(done) == 1


def count_open(session: Session) -> tuple[int, int]:
    """Count what is still to be told: promises and changes."""
    promises = select(func.count()).where(CasePromiseRow.state == "open")
    notices = select(func.count()).where(CaseNoticeRow.state == "due")
    return session.scalar(promises) or 0, session.scalar(notices) or 0


def erase_citizen(session: Session, citizen: str) -> dict[str, int]:
    """Erase all that is kept of a citizen's cases; counts it by what follows the number in words. Twice does no harm.

    The case system keeps what is its own.
    """
    tables = (CaseBindingRow, CaseKnownRow, CaseNoticeRow, CasePromiseRow, CaseTalkRow)
    bindings, cases, notices, promises, _ = (
        _count(session.execute(delete(table).where(table.citizen_id == citizen))) for table in tables
    )
    return {"个身份绑定": bindings, "件办件的最近状态": cases, "条办件通知": notices + promises}


def purge(session: Session, moment: datetime, days: int, *, dry_run: bool) -> dict[str, int]:
    """Delete what is older than it may become: by table, how many rows (that would go, in a dry run)."""
    old = moment - timedelta(days=days)
    rules = {
        "case_talk": (CaseTalkRow, CaseTalkRow.changed_at < moment - TALK_LIFE),
        "case_known": (CaseKnownRow, CaseKnownRow.seen_at < old),
        "case_notice": (CaseNoticeRow, (CaseNoticeRow.state != "due") & (CaseNoticeRow.changed_at < old)),
        "case_promise": (CasePromiseRow, (CasePromiseRow.state != "open") & (CasePromiseRow.changed_at < old)),
    }
    counts = {}
    for name, (table, rule) in rules.items():
        counts[name] = session.scalar(select(func.count()).select_from(table).where(rule)) or 0
        if not dry_run:
            session.execute(delete(table).where(rule).execution_options(synchronize_session=False))
    return counts


def reseal_access(session: Session, sealer: Sealer) -> tuple[int, int]:
    """Seal all bindings again with the newest key: how many were, and how many no key of ours opens."""
    done = lost = 0
    for row in session.scalars(select(CaseBindingRow)):
        if fresh := sealer.reseal(row.access):
            row.access = fresh
            done += 1
        else:
            lost += 1
    return done, lost


def _skip_notices(session: Session, citizen: str) -> None:
    session.execute(
        update(CaseNoticeRow)
        .where(CaseNoticeRow.citizen_id == citizen, CaseNoticeRow.state == "due")
        .values(state="skipped", changed_at=now())
    )


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
