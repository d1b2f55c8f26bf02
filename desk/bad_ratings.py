"""The follow-up of a 差评: an owner, a working day to be done by, the contact with the citizen, the resolution, an appeal.

Source: 国务院办公厅关于建立政务服务“好差评”制度提高政务服务水平的意见（国办发〔2019〕51号）: every 差评 is followed up, what
is right is put right, and whoever was rated may ask to have a mistaken or malicious one left out. The number of days is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from desk.changing import mask_words
from desk.errors import AlreadyTaken, DeskRefused, DeskUnknown, NotHolding
from desk.models import RatingCase, RatingRow
from desk.vocabulary import Appeal, CaseState, RatingLevel, RatingTarget
from desk.work_items import due_day

ANSWER_DAYS = 5


@dataclass(frozen=True)
class BadRating:
    """A 差评 with its follow-up."""

    rating: int
    target: RatingTarget
    target_id: str
    version: int | None
    agent: str | None
    desk: str | None
    conversation: str
    level: RatingLevel
    reasons: tuple[str, ...]
    comment: str
    at: datetime
    state: CaseState
    owner: str | None
    due_on: date
    contact: str
    contacted_at: datetime | None
    resolution: str
    appeal: Appeal
    appeal_text: str
    citizen: str
    turn: str | None


def open_case(session: Session, rating: int, moment: datetime) -> None:
    """Open the follow-up of a bad rating, unless it is open.

    Raises:
        AlreadyTaken: it is done already.
    """
    known = session.get(RatingCase, rating)
    if known is None:
        session.add(
            RatingCase(
                rating_id=rating,
                state=CaseState.OPEN.value,
                due_on=due_day(moment, ANSWER_DAYS),
                contact="",
                resolution="",
                appeal=Appeal.NONE.value,
                appeal_text="",
            )
        )
        session.flush()
    elif known.state == CaseState.RESOLVED.value:
        raise AlreadyTaken("这条评价已经回访办结，不能再改。")


def close_case(session: Session, rating: int) -> None:
    """Drop the follow-up of a rating that is not bad any more, if nobody did anything about it yet.

    Raises:
        AlreadyTaken: it is done already.
    """
    known = session.get(RatingCase, rating)
    if known is None:
        return
    if known.state == CaseState.RESOLVED.value:
        raise AlreadyTaken("这条评价已经回访办结，不能再改。")
    session.execute(delete(RatingCase).where(RatingCase.rating_id == rating))


def list_bad_ratings(
    session: Session, *, done: bool = False, owner: str | None = None, due_before: date | None = None
) -> list[BadRating]:
    """Give the bad ratings to follow up, first due first; with `done` those that are finished."""
    query = select(RatingRow, RatingCase).join(RatingCase, RatingCase.rating_id == RatingRow.id)
    resolved = RatingCase.state == CaseState.RESOLVED.value
    query = query.where(resolved if done else ~resolved)
    if owner is not None:
        query = query.where(RatingCase.owner == owner)
    if due_before is not None:
        query = query.where(RatingCase.due_on < due_before)
    return [_to_bad(rating, case) for rating, case in session.execute(query.order_by(RatingCase.due_on, RatingRow.id))]


def read_bad_rating(session: Session, rating: int) -> BadRating:
    """Give one bad rating.

    Raises:
        DeskUnknown: there is none with this number.
    """
    row, case = session.get(RatingRow, rating), session.get(RatingCase, rating)
    if row is None or case is None:
        raise DeskUnknown("没有这条差评。")
    return _to_bad(row, case)


def bad_rating_due(session: Session, rating: int) -> date:
    """Give the day by which a bad rating is followed up.

    Raises:
        DeskUnknown: there is none with this number.
    """
    return read_bad_rating(session, rating).due_on


def assign_case(session: Session, rating: int, owner: str) -> None:
    """Give the follow-up to somebody. Who was rated does not follow it up themselves.

    Raises:
        DeskUnknown: there is none with this number.
        DeskRefused: the owner is the agent who was rated.
        AlreadyTaken: it is done.
    """
    case = _hold(session, rating)
    _require_not(case, CaseState.RESOLVED)
    if session.get_one(RatingRow, rating).agent == owner:
        raise DeskRefused("被评价的坐席不能自己回访。")
    case.owner = owner


def note_contact(session: Session, rating: int, owner: str, text: str, moment: datetime) -> None:
    """Write that the citizen was contacted, and what came of it.

    Raises:
        DeskUnknown: there is none with this number.
        NotHolding: somebody else owns it.
        AlreadyTaken: it is done.
        DeskRefused: nothing is written.
    """
    case = _hold_owned(session, rating, owner)
    case.contact, case.contacted_at, case.state = mask_words(text), moment, CaseState.CONTACTED.value


def resolve_case(session: Session, rating: int, owner: str, text: str, moment: datetime) -> None:
    """Finish the follow-up with what was put right; the citizen must have been contacted.

    Raises:
        DeskUnknown: there is none with this number.
        NotHolding: somebody else owns it.
        AlreadyTaken: it is done.
        DeskRefused: nobody spoke with the citizen, an appeal is not decided, or nothing is written.
    """
    case = _hold_owned(session, rating, owner)
    if case.contacted_at is None:
        raise DeskRefused("先回访市民，写下回访情况，再办结。")
    if case.appeal == Appeal.PENDING.value:
        raise DeskRefused("申诉还没有审定，先审申诉。")
    case.resolution, case.resolved_at, case.state = mask_words(text), moment, CaseState.RESOLVED.value


def appeal(session: Session, rating: int, agent: str, text: str) -> None:
    """Ask to have a rating left out, once; only the agent who was rated may.

    Raises:
        DeskUnknown: there is none with this number.
        NotHolding: it is about somebody else.
        AlreadyTaken: there was an appeal, or the follow-up is done.
        DeskRefused: nothing is written.
    """
    case = _hold(session, rating)
    _require_not(case, CaseState.RESOLVED)
    if session.get_one(RatingRow, rating).agent != agent:
        raise NotHolding("只有被评价的坐席可以申诉。")
    if case.appeal != Appeal.NONE.value:
        raise AlreadyTaken("已经申诉过一次。")
    case.appeal, case.appeal_text, case.appealed_by = Appeal.PENDING.value, mask_words(text), agent


def decide_appeal(session: Session, rating: int, supervisor: str, *, upheld: bool) -> None:
    """Decide an appeal; an upheld one takes the rating out of the figures. Nobody decides their own.

    Raises:
        DeskUnknown: there is none with this number.
        AlreadyTaken: there is nothing to decide.
        DeskRefused: the supervisor appealed themselves.
    """
    case = _hold(session, rating)
    if case.appeal != Appeal.PENDING.value:
        raise AlreadyTaken("没有待审的申诉。")
    if case.appealed_by == supervisor:
        raise DeskRefused("不能审自己的申诉。")
    case.appeal, case.appeal_decided_by = (Appeal.UPHELD if upheld else Appeal.REJECTED).value, supervisor


def _hold(session: Session, rating: int) -> RatingCase:
    session.execute(
        update(RatingCase)
        .where(RatingCase.rating_id == rating)
        .values(state=RatingCase.state)
        .execution_options(synchronize_session=False)
    )
    case = session.get(RatingCase, rating, populate_existing=True)
    if case is None:
        raise DeskUnknown("没有这条差评。")
    return case


def _hold_owned(session: Session, rating: int, owner: str) -> RatingCase:
    case = _hold(session, rating)
    _require_not(case, CaseState.RESOLVED)
    if case.owner != owner:
        raise NotHolding("这条差评由别人回访，先让班长派给您。")
    return case


def _require_not(case: RatingCase, state: CaseState) -> None:
    if case.state == state.value:
        raise AlreadyTaken("这条差评已经办结。")


def _to_bad(row: RatingRow, case: RatingCase) -> BadRating:
    return BadRating(
        rating=row.id,
        target=RatingTarget(row.target),
        target_id=row.target_id,
        version=row.version,
        agent=row.agent,
        desk=row.desk,
        conversation=row.conversation_id,
        level=RatingLevel(row.level),
        reasons=tuple(row.reasons),
        comment=row.comment,
        at=row.at,
        state=CaseState(case.state),
        owner=case.owner,
        due_on=case.due_on,
        contact=case.contact,
        contacted_at=case.contacted_at,
        resolution=case.resolution,
        appeal=Appeal(case.appeal),
        appeal_text=case.appeal_text,
        citizen=row.citizen_id,
        turn=row.turn_id,
    )


def was_upheld(rating: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Give the condition that a rating was taken out by an upheld appeal."""
    return exists().where(RatingCase.rating_id == rating, RatingCase.appeal == Appeal.UPHELD.value)
