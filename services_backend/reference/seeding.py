"""Synthetic cases for an empty reference backend: some hundred in every state, over all 68 items, relative to today.

Every case walks the real state machine (`progress.move_case`) from its submission to where it stands now, so its events,
stops, materials and dates agree with each other. Deterministic for a seed and a day. All of it is made up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from language import name_of
from qinwen.clock import SHAANXI
from qinwen.working_days import is_likely_working_day
from services_backend.case_numbers import make_case_number
from services_backend.reference.catalogue import Item, load_catalogue
from services_backend.reference.identity import keyed_hash
from services_backend.reference.models import Applicant, CaseRow, EventRow, HallRow, MaterialRow
from services_backend.reference.people import make_people
from services_backend.reference.progress import Missing, move_case
from services_backend.vocabulary import CaseState, Channel, Fetching

SEED = 2026
CASES = 300
PEOPLE = 120
_LONGEST_QUIET = 18
S = CaseState
_CITIES = ("610100", "610200", "610300", "610400", "610500", "610600", "610700", "610800", "610900", "611000")
_DISTRICTS = ("610113", "610112", "610104", "610302", "610402", "610502", "610602", "610702", "610802", "610902", "611002")
_ACCEPTED = (S.PRE_REVIEW, S.RECEIVED, S.ACCEPTED)
_REVIEWED = (*_ACCEPTED, S.REVIEW)
_GRANTED = (*_REVIEWED, S.DECIDED, S.GRANTED)
_PATHS: tuple[tuple[CaseState, ...], ...] = (
    (S.PRE_REVIEW,),
    (S.PRE_REVIEW, S.RECEIVED),
    _ACCEPTED,
    _REVIEWED,
    (*_REVIEWED, S.CORRECTION),
    (*_REVIEWED, S.SPECIAL),
    (*_REVIEWED, S.DECIDED),
    _GRANTED,
    (*_GRANTED, S.MADE),
    (*_GRANTED, S.MADE, S.DELIVERED),
    (*_REVIEWED, S.DECIDED, S.REFUSED),
    (S.PRE_REVIEW, S.RECEIVED, S.REJECTED),
    (*_ACCEPTED, S.WITHDRAWN),
    (S.PRE_REVIEW, S.CORRECTION),
    (*_REVIEWED, S.CORRECTION, S.REVIEW),
    (*_REVIEWED, S.SPECIAL, S.REVIEW, S.DECIDED, S.GRANTED),
    (S.PRE_REVIEW, S.CORRECTION, *_REVIEWED[1:]),
    _REVIEWED,
)
_NOTES = {
    S.REJECTED: "申请的事项不归本机关管",
    S.REFUSED: "提交的材料经核对，不符合办理条件",
    S.SPECIAL: "需要请专家评审",
    S.CORRECTION: "材料不齐，请补正",
    S.WITHDRAWN: "申请人自己撤回",
}
_FAULTS = ("没有盖章", "复印件看不清", "缺第二页", "已经过了有效期", "没有签名")


@dataclass(frozen=True)
class _Plan:
    """A case to make: who applies for what, the states it goes through, and when."""

    applicant: int
    item: Item
    path: tuple[CaseState, ...]
    moments: tuple[datetime, ...]


def seed_if_empty(session: Session, pepper: str, today: date, *, cases: int = CASES, seed: int = SEED) -> int:
    """Make people, cases and halls in an empty database. Returns how many cases were made, 0 if there were some."""
    if session.scalar(select(CaseRow.id).limit(1)) is not None:
        return 0
    for number, person in enumerate(make_people(PEOPLE, seed), start=1):
        session.add(
            Applicant(
                id=number,
                name=person.name,
                id_hash=keyed_hash(pepper, "id", person.id_number),
                id_last4_hash=keyed_hash(pepper, "last4", person.id_number[-4:]),
                phone_hash=keyed_hash(pepper, "phone", person.phone),
            )
        )
    for code in _CITIES:
        name = f"{name_of(code)}政务服务大厅（示例）"
        session.add(HallRow(id=code, name=name, region=code, address="示例地址，以当地公告为准", places=3))
    session.flush()
    dice = random.Random(f"{seed}-{today.isoformat()}")  # noqa: S311  (made-up cases, nothing secret)
    serials: dict[date, int] = {}
    for plan in sorted(_plans(dice, today, cases), key=lambda plan: plan.moments[0]):
        day = plan.moments[0].date()
        serials[day] = serials.get(day, 0) + 1
        _make_case(session, dice, plan, make_case_number(day, serials[day]))
    return cases


def _plans(dice: random.Random, today: date, count: int) -> Iterator[_Plan]:
    items = load_catalogue()
    for number in range(count):
        item = items[number % len(items)]
        # The path turns with the number over the items, so that both go through all their combinations.
        turn = _PATHS[(number + number // len(items)) % len(_PATHS)]
        path = tuple(state for state in turn if state is not S.MADE or item.certificate)
        yield _Plan(1 + dice.randrange(PEOPLE), item, path, _moments(dice, today, len(path), item.promised_days))


def _moments(dice: random.Random, today: date, count: int, promised: int) -> tuple[datetime, ...]:
    """Give rising times on working days, the last one lately; most cases keep the promised time, some are late."""
    day = today - timedelta(days=1 + min(int(dice.expovariate(1 / (2 + promised / 4))), _LONGEST_QUIET))
    moments: list[datetime] = []
    for _ in range(count):
        while not is_likely_working_day(day):
            day -= timedelta(days=1)
        at = time(dice.choice((9, 10, 11, 14, 15, 16)), dice.randrange(60), dice.randrange(60))
        moments.append(datetime.combine(day, at, SHAANXI))
        day -= timedelta(days=1 + dice.randrange(1 + promised // 4))
    return tuple(reversed(moments))


def _make_case(session: Session, dice: random.Random, plan: _Plan, number: str) -> None:
    item, region = plan.item, dice.choice(_DISTRICTS)
    fetching = dice.choice(list(Fetching))
    places = {Fetching.WINDOW: f"{name_of(region)}{item.desk}", Fetching.POST: "", Fetching.ELECTRONIC: "办事平台“我的证照”"}
    row = CaseRow(
        number=number,
        query_code="".join(dice.choices("23456789ABCDEFGHJKMNPQRSTUVWXYZ", k=6)),
        applicant_id=plan.applicant,
        item=item.code,
        item_name=item.name,
        item_version=1,
        region=region,
        channel=dice.choice(list(Channel)).value,
        state=plan.path[0].value,
        since=plan.moments[0],
        submitted_at=plan.moments[0],
        promised_days=item.promised_days,
        step="网上预审",
        desk=f"{name_of(region)}{item.desk}",
        result_name=item.result,
        fetching=fetching.value,
        fetching_place=places[fetching],
        delivery_number=f"TEST{dice.randrange(10**9):09d}" if fetching is Fetching.POST else "",
        version=1,
    )
    session.add(row)
    session.flush()
    session.add(EventRow(case_id=row.id, sequence=1, state=row.state, at=row.since, note=""))
    session.add_all(MaterialRow(case_id=row.id, name=name, received=True, reason="") for name in item.materials)
    session.flush()
    for state, moment in zip(plan.path[1:], plan.moments[1:], strict=True):
        missing = [Missing(dice.choice(item.materials), dice.choice(_FAULTS))] if state is S.CORRECTION else []
        move_case(session, row, state, at=moment, note=_NOTES.get(state, ""), missing=missing, tell=False)
