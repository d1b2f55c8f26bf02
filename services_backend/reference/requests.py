"""The shapes of what callers send: strict, with the limits that the OpenAPI document shows. Unknown fields are refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from services_backend.vocabulary import RatingLevel, RatingReason

# Patterns are ASCII on purpose: what they let through is stored and compared.
CaseNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{1,32}$", description="办件编号，去掉空格和横线的写法")]
Subject = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{8,64}$", description="调用方给市民的不透明代号；不能是 openid、手机号之类的原文")
]
Origin = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{8,64}$", description="请求来处的不透明代号（如网络地址的散列），只用来限次")
]
Item = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}$", description="事项代码")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The common behaviour: immutable, no unknown fields."""


class OpenChallenge(Request, frozen=True):
    """Ask for an SMS code."""

    case_number: CaseNumber
    id_last4: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}[0-9Xx]$", description="身份证号后四位")]
    subject: Subject
    origin: Origin


class AnswerChallenge(Request, frozen=True):
    """Answer with the SMS code."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$", description="短信验证码")]


class BindByAccess(Request, frozen=True):
    """Bind the citizen to the applicant of the case that `Case-Access` opens."""

    subject: Subject


class BindByCode(Request, frozen=True):
    """Bind the citizen by the one-time code of a receipt (typed in, or the scene of its QR code)."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{10}$", description="回执上的绑定码")]
    subject: Subject


class GiveRating(Request, frozen=True):
    """Rate a finished case (好差评)."""

    level: RatingLevel
    item_version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    reasons: Annotated[tuple[RatingReason, ...], msgspec.Meta(max_length=7)] = ()
    comment: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Book(Request, frozen=True):
    """Book a slot."""

    slot: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z]{1,16}-[0-9]{8}-[0-9]{4}$")]
    item: Item
    subject: Subject


class PageQuery(Request, frozen=True):
    """Which page of a list."""

    page: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    size: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10


class HallsQuery(Request, frozen=True):
    """Which halls."""

    region: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$", description="行政区划代码")] | None = None


class SlotsQuery(Request, frozen=True):
    """Which days of a hall; by default from today on."""

    first: date | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=14)] = 7


class SubjectQuery(Request, frozen=True):
    """Whose appointments."""

    subject: Subject


class NoQuery(Request, frozen=True):
    """No parameters."""
