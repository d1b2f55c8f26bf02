"""The differences of two versions, field by field: pure functions over their plain data.

Things in a list (materials, steps, fees, laws) are recognised by their name, so that one that only moved is said to have
moved, and one that was put in front does not make all behind it look changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from knowledge_base.content import without_defaults
from knowledge_base.fields import Path, path_title

Change = Literal["added", "removed", "changed", "moved"]
_NAMES = ("name", "law")


@dataclass(frozen=True)
class Difference:
    """One field that differs. `before` and `after` are plain data, None where there is nothing."""

    path: Path
    title: str
    change: Change
    before: Any
    after: Any


def compare(kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Difference]:
    """Give what differs between two versions of an entry, in the order of the fields.

    Args:
        kind: item, guide or faq, for the Chinese titles.
        before: plain data of the older side; None when there was nothing.
        after: of the newer side.
    """
    found: list[tuple[Path, Change, Any, Any]] = []
    # Each facet is a field of its own, also where one side has none.
    both: dict[str, Any] = {"facets": {}} if kind == "guide" else {}
    _compare(both | without_defaults(kind, before or {}), both | without_defaults(kind, after or {}), (), found)
    return [Difference(path, path_title(kind, path), change, old, new) for path, change, old, new in found]


def _compare(before: Any, after: Any, path: Path, found: list[tuple[Path, Change, Any, Any]]) -> None:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            _compare(before.get(key), after.get(key), (*path, key), found)
    elif _is_list(before) and _is_list(after):
        _compare_lists(before or [], after or [], path, found)
    elif _is_empty(before):
        if not _is_empty(after):
            found.append((path, "added", None, after))
    elif _is_empty(after):
        found.append((path, "removed", before, None))
    else:
        found.append((path, "changed", before, after))


def _compare_lists(before: Sequence[Any], after: Sequence[Any], path: Path, found: list[tuple[Path, Change, Any, Any]]) -> None:
    old, new = _by_name(before), _by_name(after)
    for key, place in old.items():
        if key not in new:
            found.append(((*path, place), "removed", before[place], None))
    kept_before = [key for key in old if key in new]
    kept_after = [key for key in new if key in old]
    for key, place in new.items():
        if key not in old:
            found.append(((*path, place), "added", None, after[place]))
            continue
        if kept_before.index(key) != kept_after.index(key):
            found.append(((*path, place), "moved", old[key] + 1, place + 1))
        _compare(before[old[key]], after[place], (*path, place), found)


def _by_name(things: Sequence[Any]) -> dict[tuple[str, int], int]:
    """Give each thing's place by its name, and by how many of that name came before it."""
    places: dict[tuple[str, int], int] = {}
    for place, thing in enumerate(things):
        name = str(thing)
        if isinstance(thing, dict):
            name = next((str(thing[key]) for key in _NAMES if thing.get(key)), f"#{place}")
        count = 0
        while (name, count) in places:
            count += 1
        places[name, count] = place
    return places


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, list | tuple)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
