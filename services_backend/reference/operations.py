"""All operations of the API in one table: the router, the checks at the door and the OpenAPI document are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qinwen.clock import now, today
from services_backend.appointments import Appointment, Hall, Slot
from services_backend.cases import Binding, Case, CasePage, Challenge, Grant, Rating, RatingReceipt, Urge
from services_backend.reference import booking, identity, requests, service
from services_backend.reference.refusals import Refused


@dataclass(frozen=True)
class Call:
    """One call, parsed: path and query parameters, body, the access token, and what hashes and limits need."""

    path: dict[str, str]
    query: Any
    body: Any
    access: str
    pepper: str
    limits: identity.Limits


@dataclass(frozen=True)
class Status:
    """The API is up."""

    status: str
    time: datetime


@dataclass(frozen=True)
class Halls:
    """A list of halls."""

    halls: list[Hall]


@dataclass(frozen=True)
class Slots:
    """A list of free times."""

    slots: list[Slot]


@dataclass(frozen=True)
class Appointments:
    """A list of appointments."""

    appointments: list[Appointment]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        method: as the router takes it.
        path: as the router takes it.
        name: its operationId.
        about: one Chinese sentence.
        handle: does it within a session.
        result: the type of its answer; `None` answers 204 with nothing.
        status: the status of success.
        body: the type of what is sent.
        query: the type of the parameters.
        access: whether `Case-Access` is needed.
        idempotent: whether `Idempotency-Key` is needed.
        refusals: the statuses, besides those of every operation, that it may answer.
    """

    method: str
    path: str
    name: str
    about: str
    handle: Callable[[Session, Call], object]
    result: type | None
    status: int = 200
    body: type[requests.Request] | None = None
    query: type[requests.Request] = requests.NoQuery
    access: bool = False
    idempotent: bool = False
    refusals: tuple[int, ...] = field(default=())


def _open_challenge(session: Session, call: Call) -> Challenge:
    sent: requests.OpenChallenge = call.body
    return identity.open_challenge(
        session, call.pepper, call.limits, sent.case_number, sent.id_last4, sent.subject, sent.origin
    )


def _case_of(session: Session, call: Call) -> Any:
    return identity.open_case(session, call.pepper, call.limits, call.access, call.path["number"])


def _list_cases(session: Session, call: Call) -> CasePage:
    opened = identity.find_access(session, call.pepper, call.access)
    return service.list_cases(session, opened.applicant_id, opened.case_id, call.query.page, call.query.size)


def _rate(session: Session, call: Call) -> RatingReceipt:
    sent: requests.GiveRating = call.body
    rating = Rating(sent.level, sent.item_version, tuple(dict.fromkeys(sent.reasons)), sent.comment)
    return service.rate_case(session, _case_of(session, call), rating)


def _read_rating(session: Session, call: Call) -> RatingReceipt:
    receipt = service.read_rating(session, _case_of(session, call))
    if receipt is None:
        raise Refused(404, "not_rated", "这件还没有评价。")
    return receipt


def _list_slots(session: Session, call: Call) -> Slots:
    return Slots(booking.list_slots(session, call.path["hall"], call.query.first or today(), call.query.days))


OPERATIONS = (
    Operation("GET", "/api/v1/status", "readStatus", "系统是否在服务。", lambda _, __: Status("ok", now()), Status),
    Operation(
        "POST", "/api/v1/identity/challenges", "openChallenge",
        "申请短信验证码。编号和身份证后四位对不对，答复都一样。",
        _open_challenge, Challenge, 201, body=requests.OpenChallenge,
    ),
    Operation(
        "POST", "/api/v1/identity/challenges/{challenge}/answer", "answerChallenge",
        "交验证码，换取查看这一件办件的短期凭证。",
        lambda s, c: identity.answer_challenge(s, c.pepper, c.path["challenge"], c.body.code),
        Grant, 201, body=requests.AnswerChallenge, refusals=(403,),
    ),
    Operation(
        "POST", "/api/v1/bindings", "bindByAccess", "凭短期凭证，把市民和申请人绑定。",
        lambda s, c: identity.bind_by_access(s, c.pepper, c.access, c.body.subject),
        Binding, 201, body=requests.BindByAccess, access=True, refusals=(403,),
    ),
    Operation(
        "POST", "/api/v1/bindings/by-code", "bindByCode", "凭回执上的一次性绑定码（或二维码）绑定。",
        lambda s, c: identity.bind_by_code(s, c.pepper, c.limits, c.body.code, c.body.subject),
        Binding, 201, body=requests.BindByCode, refusals=(403,),
    ),
    Operation(
        "DELETE", "/api/v1/bindings/current", "unbind", "解除绑定；已经解除的再解除也可以。",
        lambda s, c: identity.unbind(s, c.pepper, c.access), None, 204, access=True,
    ),
    Operation(
        "GET", "/api/v1/cases", "listCases", "凭证能看的办件，新的在前。",
        _list_cases, CasePage, query=requests.PageQuery, access=True, refusals=(403,),
    ),
    Operation(
        "GET", "/api/v1/cases/{number}", "readCase", "一件办件。",
        lambda s, c: service.read_case(s, _case_of(s, c)), Case, access=True, refusals=(403,),
    ),
    Operation(
        "POST", "/api/v1/cases/{number}/urges", "urgeCase", "催办，每件每天一次。",
        lambda s, c: service.urge_case(s, _case_of(s, c)), Urge, 201, access=True, idempotent=True, refusals=(403, 409),
    ),
    Operation(
        "POST", "/api/v1/cases/{number}/rating", "rateCase", "评价办结的办件；差评会生成限期回访。",
        _rate, RatingReceipt, 201, body=requests.GiveRating, access=True, idempotent=True, refusals=(403, 409),
    ),
    Operation(
        "GET", "/api/v1/cases/{number}/rating", "readRating", "一件办件的评价和差评回访。",
        _read_rating, RatingReceipt, access=True, refusals=(403, 404),
    ),
    Operation(
        "GET", "/api/v1/halls", "listHalls", "可预约的大厅。",
        lambda s, c: Halls(booking.list_halls(s, c.query.region)), Halls, query=requests.HallsQuery,
    ),
    Operation(
        "GET", "/api/v1/halls/{hall}/slots", "listSlots", "大厅还有空位的时段。",
        _list_slots, Slots, query=requests.SlotsQuery, refusals=(404,),
    ),
    Operation(
        "POST", "/api/v1/appointments", "bookAppointment", "预约一个时段。",
        lambda s, c: booking.book(s, c.body.slot, c.body.item, c.body.subject),
        Appointment, 201, body=requests.Book, idempotent=True, refusals=(404, 409),
    ),
    Operation(
        "GET", "/api/v1/appointments", "listAppointments", "市民的预约。",
        lambda s, c: Appointments(booking.list_appointments(s, c.query.subject)),
        Appointments, query=requests.SubjectQuery,
    ),
    Operation(
        "DELETE", "/api/v1/appointments/{appointment}", "cancelAppointment", "取消预约；取消过的再取消也可以。",
        lambda s, c: booking.cancel(s, c.path["appointment"], c.query.subject),
        Appointment, query=requests.SubjectQuery, refusals=(404, 409),
    ),
)  # fmt: skip
