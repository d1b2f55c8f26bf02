"""Reads the package's YAML data into frozen dataclasses: words, keys, allowances, cities. People change these, not code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from conversations import Allowance

_FOLDER = Path(__file__).parent / "data"
_BINDING = re.compile(r"bind_([0-9A-Z]{10})", re.ASCII)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What we say to what is no question (`words.yml`)."""

    welcome: str
    voice: str
    image: str
    video: str
    link: str
    sticker: str
    blank: str
    unknown: str
    slow_down: str
    broken: str


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a menu's key or a code's scene makes the citizen say (`keys.yml`)."""

    menu: dict[str, str]
    scenes: dict[str, str]


class City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a city of the province lies, degrees; `region` is its code."""

    region: str
    name: str
    latitude: float
    longitude: float


class _Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    messages: int
    seconds: float


@cache
def words() -> Words:
    """Give the words of `words.yml`."""
    return msgspec.convert(_read("words"), Words)


@cache
def keys() -> Keys:
    """Give the keys of `keys.yml`."""
    return msgspec.convert(_read("keys"), Keys)


def said_by_scene(scene: str) -> str | None:
    """Give what whoever scans a QR code with a scene says by that; None where the scene is none of ours.

    A receipt's code carries the one-time binding code, which whoever holds the receipt could as well type.
    """
    binding = _BINDING.fullmatch(scene)
    return f"绑定码 {binding[1]}" if binding else keys().scenes.get(scene)


@cache
def cities() -> tuple[City, ...]:
    """Give the cities of `cities.yml`."""
    return msgspec.convert(_read("cities")["cities"], tuple[City, ...])


@cache
def allowances() -> Mapping[str, Allowance]:
    """Give what each kind of push lets us send afterwards (`allowances.yml`)."""
    table = msgspec.convert(_read("allowances"), dict[str, _Allowance])
    return {trigger: Allowance(row.messages, row.seconds) for trigger, row in table.items()}


def _read(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
