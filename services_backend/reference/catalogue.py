"""The items that the reference backend handles cases of: its own short list, as a case system has. `items.yml`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

_FILE = Path(__file__).parent / "items.yml"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item: code and name of the catalogue, promised working days (0 on the spot), desk, materials, result.

    `certificate` tells whether the result has to be made.
    """

    code: str
    name: str
    promised_days: int
    desk: str
    materials: tuple[str, ...]
    result: str
    certificate: bool = False


def load_catalogue() -> list[Item]:
    """Read the items, in the order of the file."""
    return msgspec.convert(yaml.safe_load(_FILE.read_text(encoding="utf-8")), list[Item])
