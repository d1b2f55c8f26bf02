"""A case system in memory, for unit tests of what stands on `ServicesBackend`. The contract tests keep it honest.

Cases are put in with `add_case`; the SMS codes it "sends" stand in `sms`. `fail_with` makes every call raise.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from qinwen.clock import SHAANXI, now, today
from qinwen.working_days import CalendarUnknown, add_working_days, is_likely_working_day
from services_backend.appointments import Appointment, Hall, Slot
from services_backend.cases import (
    Binding,
    Case,
    CasePage,
    CaseSummary,
    Challenge,
    FollowUp,
    Grant,
    Rating,
    RatingReceipt,
    Urge,
)
from services_backend.errors import IdentityWrong, NotPossible, TooManyAttempts

_MOST = {"number": 5, "subject": 10, "origin": 30, "access": 20, "bind": 10}
_MOST_UPCOMING = 3
_PLACES = 3
_LENGTH = timedelta(minutes=30)


@dataclass
class _Challenge:
    number: str | None
    code: str
    tries: int = 0


@dataclass(frozen=True)
class _Access:
    owner: str
    number: str | None = None
    subject: str | None = None


class InMemoryBackend:
    """The ServicesBackend in memory. An applicant is known by the name that `add_case` gives."""

    def __init__(self) -> None:
        self.fail_with: Exception | None = None
        self.sms: list[str] = []
        self.urges: list[str] = []
        self._cases: dict[str, Case] = {}
        self._owners: dict[str, tuple[str, str]] = {}
        self._challenges: dict[str, _Challenge] = {}
        self._accesses: dict[str, _Access] = {}
        self._codes: dict[str, str] = {}
        self._tries: Counter[tuple[str, str]] = Counter()
        self._ratings: dict[str, RatingReceipt] = {}
        self._done: dict[str, object] = {}
        self._appointments: dict[str, tuple[str, str, Appointment]] = {}
        self._halls = {code: Hall(code, f"{name}政务服务大厅（示例）", code, "示例地址") for code, name in _CITIES.items()}

    def add_case(self, case: Case, id_last4: str, owner: str = "") -> None:
        """Put a case in, or another state of one. `owner` ties an applicant's cases together."""
        self._cases[case.number] = case
        self._owners[case.number] = (owner or case.applicant, id_last4)

    def make_receipt_code(self, case_number: str) -> str:
        """Make the one-time binding code of a receipt."""
        code = secrets.token_hex(5).upper()
        self._codes[code] = self._owners[case_number][0]
        return code

    async def check(self) -> None:
        """See `ServicesBackend`."""
        self._fail()

    async def open_challenge(self, case_number: str, id_last4: str, subject: str, origin: str) -> Challenge:
        """See `ServicesBackend`."""
        self._fail()
        for kind, value in (("number", case_number), ("subject", subject), ("origin", origin)):
            self._count(kind, value)
        fits = self._owners.get(case_number, ("", ""))[1] == id_last4.upper()
        made = _Challenge(case_number if fits else None, f"{secrets.randbelow(1_000_000):06d}")
        name = secrets.token_hex(8)
        self._challenges[name] = made
        if fits:
            self.sms.append(made.code)
        return Challenge(name, now() + timedelta(minutes=5))

    async def answer_challenge(self, challenge: str, code: str) -> Grant:
        """See `ServicesBackend`."""
        self._fail()
        found = self._challenges.get(challenge)
        if found is None:
            raise IdentityWrong
        found.tries += 1
        if found.tries > 5 or found.code != code or found.number is None:  # noqa: PLR2004
            raise IdentityWrong
        del self._challenges[challenge]
        return Grant(self._open(_Access(self._owners[found.number][0], found.number)), now() + timedelta(minutes=15))

    async def bind_by_access(self, access: str, subject: str) -> Binding:
        """See `ServicesBackend`."""
        self._fail()
        return self._bind(self._find(access).owner, subject)

    async def bind_by_code(self, code: str, subject: str) -> Binding:
        """See `ServicesBackend`."""
        self._fail()
        self._count("bind", subject)
        owner = self._codes.pop(code.upper(), None)
        if owner is None:
            raise IdentityWrong
        return self._bind(owner, subject)

    async def unbind(self, access: str) -> None:
        """See `ServicesBackend`."""
        self._fail()
        self._accesses.pop(access, None)

    async def read_case(self, access: str, case_number: str) -> Case:
        """See `ServicesBackend`."""
        self._fail()
        found = self._accesses.get(access)
        if found is None or case_number not in self._numbers(found):
            self._count("access", access)
            raise IdentityWrong
        return self._cases[case_number]

    async def list_cases(self, access: str, page: int = 1, size: int = 10) -> CasePage:
        """See `ServicesBackend`."""
        self._fail()
        cases = [self._cases[number] for number in self._numbers(self._find(access))]
        cases.sort(key=lambda case: case.submitted_at, reverse=True)
        shown = [
            CaseSummary(c.number, c.item, c.item_name, c.state, c.since, c.promised_due_on)
            for c in cases[(page - 1) * size : page * size]
        ]
        return CasePage(tuple(shown), page, size, len(cases))

    async def urge(self, access: str, case_number: str, key: str) -> Urge:
        """See `ServicesBackend`."""
        case = await self.read_case(access, case_number)
        if isinstance(done := self._done.get(key), Urge):
            return done
        if not case.state.is_open:
            raise NotPossible("case_not_open", "这件已经有结果了，不用再催。")
        if case.urged_on == today():
            raise NotPossible("already_urged", "这件今天已经催过了，每件每天可以催一次。")
        self._cases[case_number] = replace(case, urged_on=today())
        self.urges.append(case_number)
        urge = Urge(secrets.token_hex(8), now())
        self._done[key] = urge
        return urge

    async def rate(self, access: str, case_number: str, rating: Rating, key: str) -> RatingReceipt:
        """See `ServicesBackend`."""
        case = await self.read_case(access, case_number)
        if isinstance(done := self._done.get(key), RatingReceipt):
            return done
        if not case.state.is_finished:
            raise NotPossible("case_not_finished", "这件还没有办结，办结以后才能评价。")
        if rating.item_version != case.item_version:
            raise NotPossible("item_version_wrong", "评价的事项版本和办件的不一致，请重新读取办件再评价。")
        if case_number in self._ratings:
            raise NotPossible("already_rated", "这件已经评价过了，每件只能评价一次。")
        follow_up = None
        if rating.level.is_bad:
            follow_up = FollowUp(secrets.token_hex(8), f"{case.desk}负责人", _deadline(today()))
        receipt = RatingReceipt(secrets.token_hex(8), rating.level, now(), follow_up)
        self._ratings[case_number] = receipt
        self._done[key] = receipt
        self._cases[case_number] = replace(case, rated=True)
        return receipt

    async def read_rating(self, access: str, case_number: str) -> RatingReceipt | None:
        """See `ServicesBackend`."""
        await self.read_case(access, case_number)
        return self._ratings.get(case_number)

    async def list_halls(self, region: str | None = None) -> Sequence[Hall]:
        """See `ServicesBackend`."""
        self._fail()
        return [hall for hall in self._halls.values() if region in {None, hall.region}]

    async def list_slots(self, hall: str, first: date | None = None, days: int = 7) -> Sequence[Slot]:
        """See `ServicesBackend`."""
        self._fail()
        if hall not in self._halls:
            raise NotPossible("hall_unknown", "没有这个大厅。")
        start = first or today()
        slots = [slot for number in range(days) for slot in self._slots_on(hall, start + timedelta(days=number))]
        return [slot for slot in slots if slot.free > 0]

    async def book(self, slot: str, item: str, subject: str, key: str) -> Appointment:
        """See `ServicesBackend`."""
        self._fail()
        if isinstance(done := self._done.get(key), Appointment):
            return done
        hall, _, rest = slot.partition("-")
        day = _read_day(rest.partition("-")[0])
        found = next((s for s in self._slots_on(hall, day) if s.slot == slot), None) if day and hall in self._halls else None
        if found is None:
            raise NotPossible("slot_unknown", "没有这个预约时段，请重新选一个。")
        upcoming = [a for who, _, a in self._appointments.values() if who == subject and a.state == "booked"]
        if any(a.starts_at == found.starts_at for a in upcoming):
            raise NotPossible("appointment_exists", "这个时间您已经有一个预约了。")
        if len(upcoming) >= _MOST_UPCOMING:
            raise NotPossible("too_many_appointments", f"最多同时有{_MOST_UPCOMING}个预约，请先取消一个。")
        if found.free < 1:
            raise NotPossible("slot_full", "这个时段刚刚约满了，请选另一个。")
        code = f"{secrets.randbelow(1_000_000):06d}"
        made = Appointment(secrets.token_hex(8), self._halls[hall], item, found.starts_at, found.ends_at, code, "booked")
        self._appointments[made.appointment] = (subject, slot, made)
        self._done[key] = made
        return made

    async def list_appointments(self, subject: str) -> Sequence[Appointment]:
        """See `ServicesBackend`."""
        self._fail()
        mine = [a for who, _, a in self._appointments.values() if who == subject]
        return sorted(mine, key=lambda a: (a.state != "booked", a.starts_at))

    async def cancel(self, appointment: str, subject: str) -> Appointment:
        """See `ServicesBackend`."""
        self._fail()
        who, slot, found = self._appointments.get(appointment, ("", "", None))
        if found is None or who != subject:
            raise NotPossible("appointment_unknown", "没有找到这个预约。")
        cancelled = replace(found, state="cancelled")
        self._appointments[appointment] = (who, slot, cancelled)
        return cancelled

    def _fail(self) -> None:
        if self.fail_with:
            raise self.fail_with

    def _count(self, kind: str, value: str) -> None:
        self._tries[kind, value] += 1
        if self._tries[kind, value] > _MOST[kind]:
            raise TooManyAttempts("试的次数太多了，请过一小时再试。", 3600)

    def _open(self, access: _Access) -> str:
        token = secrets.token_urlsafe(16)
        self._accesses[token] = access
        return token

    def _find(self, access: str) -> _Access:
        found = self._accesses.get(access)
        if found is None:
            raise IdentityWrong
        return found

    def _bind(self, owner: str, subject: str) -> Binding:
        self._accesses = {token: a for token, a in self._accesses.items() if a.subject != subject}
        token = self._open(_Access(owner, subject=subject))
        masked = next(c.applicant for c in self._cases.values() if self._owners[c.number][0] == owner)
        return Binding(secrets.token_hex(8), token, masked)

    def _numbers(self, access: _Access) -> list[str]:
        if access.number:
            return [access.number]
        return [number for number, (owner, _) in self._owners.items() if owner == access.owner]

    def _slots_on(self, hall: str, day: date) -> list[Slot]:
        if not is_likely_working_day(day) or not 0 <= (day - today()).days <= 14:  # noqa: PLR2004
            return []
        starts = [datetime.combine(day, time(hour), SHAANXI) for hour in (9, 10, 11, 14, 15, 16)]
        taken = Counter(slot for _, slot, a in self._appointments.values() if a.state == "booked")
        names = [(f"{hall}-{start:%Y%m%d-%H%M}", start) for start in starts if start > now()]
        return [Slot(name, start, start + _LENGTH, _PLACES - taken[name]) for name, start in names]


_CITIES = {"610100": "西安市", "610300": "宝鸡市"}


def _read_day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=SHAANXI).date()
    except ValueError:
        return None


def _deadline(day: date) -> date:
    try:
        return add_working_days(day, 5)
    except CalendarUnknown:
        return day + timedelta(days=7)
