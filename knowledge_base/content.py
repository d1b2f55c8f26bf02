"""What an editor writes, as frozen structures: service items, guides with typed facets, FAQs.

The fields are those of the national item schema (GB/T 39554) as far as a citizen needs them. Converting from plain data
(`read_guide`, `read_faq`) is the only way in, and says in one sentence which field is wrong.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin

import msgspec

from knowledge_base.errors import EntryInvalid
from qinwen.vocabulary import Facet

S = TypeVar("S")
PROVINCE = "610000"
"""What holds all over Shaanxi stands under this region."""


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The common behaviour: immutable, no unknown fields."""


class Material(_Struct, frozen=True):
    """A thing to bring. `when` says in which situation it is asked for; empty means always."""

    name: str
    kind: Literal["证照", "表格", "其他"] = "其他"
    form: str = "纸质"
    necessity: str = "必要"
    originals: int = 0
    copies: int = 0
    source: str = ""
    when: str = ""
    note: str = ""


class Step(_Struct, frozen=True):
    """One step of the process."""

    name: str
    who: str = ""
    limit: str = ""
    channel: str = "窗口"
    note: str = ""


class FeeItem(_Struct, frozen=True):
    """One thing that is charged for."""

    name: str
    amount: str
    unit: str = ""
    basis: str = ""
    reduction: str = ""


class TimeLimit(_Struct, frozen=True):
    """A time limit; zero days means on the spot."""

    days: int
    unit: Literal["工作日", "自然日", "个月", "日"] = "工作日"
    note: str = ""


class LegalBasis(_Struct, frozen=True):
    """A law or document that the item stands on."""

    law: str
    article: str = ""
    document_no: str = ""
    issuer: str = ""
    date: str = ""
    content: str = ""


class FacetContent(_Struct, frozen=True):
    """The text of a facet and the everyday questions that ask for it."""

    text: str
    asked: tuple[str, ...] = ()
    basis: str = ""


class Eligibility(FacetContent, frozen=True):
    """Who can apply."""

    conditions: tuple[str, ...] = ()


class Materials(FacetContent, frozen=True):
    """What to bring; an empty list means nothing."""

    list: tuple[Material, ...] = ()


class Process(FacetContent, frozen=True):
    """The steps, in order."""

    steps: tuple[Step, ...] = ()


class Place(FacetContent, frozen=True):
    """Where; `cross_region` says how far it can be handled elsewhere."""

    cross_region: str = ""
    address: str = ""


class Online(FacetContent, frozen=True):
    """How far it can be done on the net."""

    depth: str = ""


class Duration(FacetContent, frozen=True):
    """How long it takes."""

    statutory: TimeLimit | None = None
    promised: TimeLimit | None = None
    stop_clock: tuple[str, ...] = ()


class Fee(FacetContent, frozen=True):
    """What it costs."""

    charged: bool = False
    items: tuple[FeeItem, ...] = ()


class Result(FacetContent, frozen=True):
    """What the citizen gets in the end."""

    kind: str = ""
    name: str = ""
    validity: str = ""
    delivery: str = ""


class Basis(FacetContent, frozen=True):
    """On what it stands. (`basis` of the parent stays empty here.)"""

    list: tuple[LegalBasis, ...] = ()


class Contact(FacetContent, frozen=True):
    """Whom to ask, where to complain."""

    consult: str = ""
    complain: str = ""


FACET_TYPES: dict[Facet, type[FacetContent]] = {
    Facet.OVERVIEW: FacetContent,
    Facet.ELIGIBILITY: Eligibility,
    Facet.MATERIALS: Materials,
    Facet.PROCESS: Process,
    Facet.PLACE: Place,
    Facet.HOURS: FacetContent,
    Facet.ONLINE: Online,
    Facet.DURATION: Duration,
    Facet.FEE: Fee,
    Facet.PROXY: FacetContent,
    Facet.DEFERRAL: FacetContent,
    Facet.RESULT: Result,
    Facet.BASIS: Basis,
    Facet.CONTACT: Contact,
}


class Visits(_Struct, frozen=True):
    """How often the citizen must come in person, and why."""

    count: int
    why: str = ""


class Item(_Struct, frozen=True):
    """A service item: identity and the names people use for it."""

    code: str
    name: str
    everyday_name: str
    department: str
    case_lookup: bool
    type: str
    handling: str
    served: tuple[str, ...]
    authority_level: str
    topic: str
    venue: str
    visits: Visits | None = None
    related: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()


class Guide(_Struct, frozen=True):
    """The facets of an item in a region; a regional guide carries only those that differ."""

    item: str
    region: str
    facets: dict[Facet, FacetContent]


class Faq(_Struct, frozen=True):
    """A standard question with its similar questions and an answer."""

    id: str
    question: str
    answer: str
    item: str | None = None
    facet: Facet | None = None
    region: str = PROVINCE
    similar: tuple[str, ...] = ()
    basis: str = ""


class Review(_Struct, frozen=True):
    """When a version was last checked, and when it must be checked again."""

    reviewed_on: date | None = None
    review_due_on: date | None = None


def read(kind: type[S], data: Any, what: str) -> S:
    """Convert plain data to a structure.

    Args:
        kind: the structure's class.
        data: plain mappings, lists and strings.
        what: what it is, for the sentence (for example a file name).

    Raises:
        EntryInvalid: a field is missing, unknown or of the wrong kind.
    """
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        from knowledge_base.fields import complaint  # which needs the classes of this module

        raise EntryInvalid(f"{what} 的内容有误：{complaint(str(error), kind)}。") from error


def read_facets(data: dict[str, Any], what: str) -> dict[Facet, FacetContent]:
    """Convert the facets of a guide, each to its own class.

    Raises:
        EntryInvalid: a facet is unknown, or one of its fields is wrong.
    """
    facets: dict[Facet, FacetContent] = {}
    for name, body in data.items():
        try:
            facet = Facet(name)
        except ValueError as error:
            raise EntryInvalid(f"{what} 的要素 {name} 不认识。") from error
        facets[facet] = read(FACET_TYPES[facet], body, f"{what} 的要素 {name}")
        if not facets[facet].text.strip():
            raise EntryInvalid(f"{what} 的要素 {name} 没有正文。")
    return facets


def read_guide(data: dict[str, Any], what: str) -> Guide:
    """Convert a guide as `plain` gave it.

    Raises:
        EntryInvalid: see `read_facets`.
    """
    return Guide(item=data["item"], region=data["region"], facets=read_facets(data["facets"], what))


Content: TypeAlias = Item | Guide | Faq
"""Whatever an entry holds."""


def read_body(kind: str, body: dict[str, Any], what: str) -> Content:
    """Convert an entry's plain data, as `plain` gave it.

    Args:
        kind: item, guide or faq.
        body: the data.
        what: what it is, for the sentence.

    Raises:
        EntryInvalid: it does not fit the fields.
    """
    if kind == "guide":
        if not {"item", "region", "facets"} <= body.keys() or not isinstance(body["facets"], dict):
            raise EntryInvalid(f"{what}的办事指南要有 item、region 和 facets。")
        if not (isinstance(body["item"], str) and isinstance(body["region"], str)):
            raise EntryInvalid(f"{what}的 item 和 region 要填文字。")
        if unknown := body.keys() - {"item", "region", "facets"}:
            raise EntryInvalid(f"{what}的办事指南没有“{'、'.join(sorted(unknown))}”这个字段。")
        return read_guide(body, what)
    if kind == "item":
        return read(Item, body, what)
    return read(Faq, body, what)


def without_defaults(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give an entry's plain data without the fields that say what they would say anyway; wrong data stays as it is."""
    if kind != "guide":
        return dict(_bare(Item if kind == "item" else Faq, body))
    facets = body.get("facets")
    if not isinstance(facets, dict):
        return body
    shapes = {facet.value: shape for facet, shape in FACET_TYPES.items()}
    return {**body, "facets": {name: _bare(shapes.get(name), own) for name, own in facets.items()}}


def _bare(shape: Any, value: Any) -> Any:
    """Leave defaults out of plain data of a class, or of a list of things of it."""
    if isinstance(value, list | tuple):
        inner = get_args(shape)[0] if get_origin(shape) is tuple else None
        return [_bare(inner, one) for one in value]
    shape = next((one for one in get_args(shape) if one is not type(None)), shape) if not isinstance(shape, type) else shape
    if not (isinstance(value, dict) and isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return value
    infos = _infos(shape)
    return {
        name: _bare(infos[name].type, one) if name in infos else one
        for name, one in value.items()
        if name not in infos or infos[name].default is msgspec.NODEFAULT or one != infos[name].default
    }


@cache
def _infos(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {info.name: info for info in msgspec.structs.fields(shape)}


def plain(content: msgspec.Struct) -> dict[str, Any]:
    """Give a structure as plain data that JSON can hold; the same content always gives the same data.

    Fields that say what they would say anyway are left out (msgspec itself leaves only some of them out).
    """
    result: dict[str, Any] = msgspec.to_builtins(content, str_keys=True)
    kind = {Item: "item", Guide: "guide", Faq: "faq"}.get(type(content))
    return without_defaults(kind, result) if kind else result
