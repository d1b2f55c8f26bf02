"""The calls we use and their limits as data: `apis.yml`, read into frozen structures."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

_FILE = Path(__file__).parent / "apis.yml"


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call; `repeatable` says that calling twice does no harm."""

    method: Literal["GET", "POST"]
    path: str
    per_minute: int
    per_day: int
    repeatable: bool = False


class MediaLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What we take of one kind: bytes at most, and the types by what the file's bytes say."""

    largest: int
    types: tuple[str, ...]


class MediaRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What we take."""

    image: MediaLimits
    voice: MediaLimits


class NoticeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field of a notice must look like; `shorten` is the length it may be cut to."""

    pattern: str
    shorten: int = 0


class Apis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `apis.yml`."""

    apis: dict[str, Api]
    message_gap: float
    media: MediaRules
    notice_fields: dict[str, NoticeField]


@cache
def read_apis() -> Apis:
    """Read the file.

    Raises:
        msgspec.ValidationError: it does not have the right shape.
    """
    return msgspec.convert(yaml.safe_load(_FILE.read_text(encoding="utf-8")), Apis)
