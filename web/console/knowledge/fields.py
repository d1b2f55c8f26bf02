"""The editor's form, made from the content classes themselves: fields to show, the plain data read back, lists to change.

A field's name in the form is its path (`facets.materials.list.0.name`). Lists grow, shrink and move by buttons that send the
whole form; nothing depends on a script. Whatever is typed is kept, right or not: `problems` says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from knowledge_base import FACET_TYPES, FAQ_TITLES, ITEM_TITLES, EntryInvalid, Faq, Item, facet_field_titles
from qinwen.vocabulary import FACET_TITLES, Facet

Body = dict[str, Any]
_LONG = {"text", "answer", "content"}
_MIDDLE = {"note", "reduction", "question", "why", "source"}
_FIXED = {"item": ("code",), "faq": ("id",), "guide": ("item", "region")}
_LONGEST = 20_000
_MOST_IN_LIST = 200
_MARK = "__here"
_NOTHING: tuple[Any, ...] = ("", None, [], {})


@dataclass(frozen=True)
class Field:
    """One thing in the form.

    Attributes:
        kind: text, area, lines, number, check, select, group or list.
        name: its path.
        title: its name in Chinese.
        value: what stands in it; for lines one string with line ends.
        choices: of a select, value and title.
        fields: of a group.
        things: of a list, each thing's fields.
        rows: of an area.
    """

    kind: str
    name: str
    title: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    things: tuple[tuple[Field, ...], ...] = ()
    rows: int = 3


@dataclass(frozen=True)
class Section:
    """A part of the form that folds; `filled` says whether anything stands in it."""

    code: str
    title: str
    fields: tuple[Field, ...]
    filled: bool


def sections_of(kind: str, body: Mapping[str, Any]) -> list[Section]:
    """Give the form of an entry: one section for an item or FAQ, one a facet for a guide."""
    if kind == "guide":
        facets = body.get("facets") or {}
        made = []
        for facet in Facet:
            own = facets.get(facet.value) or {}
            fields = _fields(FACET_TYPES[facet], own, f"facets.{facet.value}", facet_field_titles(facet))
            made.append(Section(facet.value, FACET_TITLES[facet], fields, bool(own)))
        return made
    shape, titles = (Item, ITEM_TITLES) if kind == "item" else (Faq, FAQ_TITLES)
    fields = tuple(field for field in _fields(shape, body, "", titles) if field.name not in _FIXED[kind])
    return [Section(kind, "内容", fields, filled=True)]


def read_body(kind: str, before: Mapping[str, Any], form: Mapping[str, Any]) -> Body:
    """Read the form back into plain data; what names the entry stays as it was."""
    body: Body = {name: before[name] for name in _FIXED[kind] if name in before}
    if kind == "guide":
        facets = {facet.value: _read(FACET_TYPES[facet], form, f"facets.{facet.value}") for facet in Facet}
        return {**body, "facets": {name: facet for name, facet in facets.items() if facet}}
    read = _read(Item if kind == "item" else Faq, form, "")
    return {**{name: value for name, value in read.items() if name not in body}, **body}


def change_list(body: Body, order: str) -> Body:
    """Carry out a list's button: `add|path`, or `remove|path|2`, `up|path|2`, `down|path|2`.

    Raises:
        EntryInvalid: there is no such list or place, or the list is full.
    """
    what, _, rest = order.partition("|")
    path, _, place = rest.partition("|")
    holder: Any = body
    *way, last = path.split(".")
    for step in way:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(holder.get(last, []), list):
        raise EntryInvalid("没有这个列表。")
    things = holder.setdefault(last, [])
    number = int(place) if place.isascii() and place.isdigit() else -1
    if what == "add" and len(things) < _MOST_IN_LIST:
        things.append({})
        return body
    if what == "add":
        raise EntryInvalid(f"一个列表最多 {_MOST_IN_LIST} 项。")
    if not 0 <= number < len(things):
        raise EntryInvalid("列表里没有这一项，页面可能旧了，请刷新。")
    if what == "remove":
        things.pop(number)
    other = number + {"up": -1, "down": 1}.get(what, 0)
    if what in {"up", "down"} and 0 <= other < len(things):
        things[number], things[other] = things[other], things[number]
    return body


def _fields(shape: type[msgspec.Struct], body: Any, prefix: str, titles: Mapping[str, str]) -> tuple[Field, ...]:
    body = body if isinstance(body, Mapping) else {}
    made = []
    for info in msgspec.structs.fields(shape):
        name = f"{prefix}.{info.name}" if prefix else info.name
        value = body.get(info.name, _default(info))
        made.append(_field(info.name, info.type, None if value == 0 == _default(info) else value, name, titles))
    return tuple(made)


def _field(own: str, kind: Any, value: Any, name: str, titles: Mapping[str, str]) -> Field:
    title, kind = titles.get(own, own), _without_none(kind)
    if thing := _thing_of(kind):
        things = [_fields(thing, one, f"{name}.{n}", titles) for n, one in enumerate(_list(value))]
        return Field("list", name, title, things=tuple(things))
    if get_origin(kind) is tuple:
        return Field("lines", name, title, "\n".join(str(line) for line in _list(value)))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return Field("group", name, title, fields=_fields(kind, value, name, titles))
    text = "" if value is None else str(value)
    if kind is bool:
        return Field("check", name, title, "yes" if value is True else "")
    if kind is int:
        return Field("number", name, title, text)
    if kind is Facet:
        return Field("select", name, title, text, (("", "（不属于某个要素）"), *((f.value, f.label) for f in Facet)))
    if get_origin(kind) is Literal:
        return Field("select", name, title, text, tuple((one, one) for one in get_args(kind)))
    if own in _LONG or own in _MIDDLE:
        return Field("area", name, title, text, rows=5 if own in _LONG else 2)
    return Field("text", name, title, text)


def _read(shape: type[msgspec.Struct], form: Mapping[str, Any], prefix: str) -> Body:
    """Read a structure; what is empty or as it is by default is left out, so that nothing seems to have been changed."""
    body: Body = {}
    for info in msgspec.structs.fields(shape):
        name = f"{prefix}.{info.name}" if prefix else info.name
        value = _value(_without_none(info.type), form, name)
        if value not in _NOTHING and (value != _default(info) or isinstance(value, bool) != isinstance(_default(info), bool)):
            body[info.name] = value
    return body


def _value(kind: Any, form: Mapping[str, Any], name: str) -> Any:
    if thing := _thing_of(kind):
        return [_read(thing, form, f"{name}.{n}") for n in _places(form, name)]
    if get_origin(kind) is tuple:
        return [line.strip() for line in _text(form, name).splitlines() if line.strip()]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _read(kind, form, name)
    text = _text(form, name)
    if kind is bool:
        return text == "yes"
    if kind is int:
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text  # noqa: PLR2004
    return text


def _places(form: Mapping[str, Any], name: str) -> list[int]:
    """Give the places of a list that the form has, by the mark that each of its things carries."""
    marks = (key[len(name) + 1 :].partition(".") for key in form if key.startswith(f"{name}."))
    places = {int(place) for place, _, rest in marks if rest == _MARK and place.isascii() and place.isdigit()}
    return sorted(places)[:_MOST_IN_LIST]


def _default(info: msgspec.structs.FieldInfo) -> Any:
    return None if info.default is msgspec.NODEFAULT else info.default


def _thing_of(kind: Any) -> type[msgspec.Struct] | None:
    arguments = get_args(kind)
    if get_origin(kind) is tuple and isinstance(arguments[0], type) and issubclass(arguments[0], msgspec.Struct):
        return arguments[0]
    return None


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in {Union, UnionType}:
        return next(one for one in get_args(kind) if one is not type(None))
    return kind


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else ()


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value.replace("\0", "").replace("\r\n", "\n").strip()[:_LONGEST] if isinstance(value, str) else ""
