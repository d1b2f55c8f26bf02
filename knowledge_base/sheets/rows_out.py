"""From entries to rows of cells: what `rows_in` reads back without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from knowledge_base.content import PROVINCE
from knowledge_base.sheets.cells import write_cell
from knowledge_base.sheets.layout import FACETS, OF_KIND, Column, Table
from qinwen.vocabulary import Facet


def rows_of(kind: str, body: Mapping[str, Any]) -> Iterator[tuple[Table, list[str]]]:
    """Give the rows of an entry, each with its table.

    Args:
        kind: item, guide or faq.
        body: the entry's plain data.
    """
    if kind != "guide":
        table = OF_KIND[kind][0]
        yield table, _cells(table.columns, {"region": PROVINCE, **body} if kind == "faq" else body)
        return
    own = {"item": body["item"], "region": body["region"]}
    for facet in Facet:
        content = body["facets"].get(facet.value)
        if content is None:
            continue
        columns = [c for c in FACETS.columns if c.facet in {None, facet}]
        cells = dict(zip((c.title for c in columns), _cells(columns, {**content, **own, "facet": facet.value}), strict=True))
        yield FACETS, [cells.get(column.title, "") for column in FACETS.columns]
        for table in OF_KIND["guide"]:
            if table.part is not None and table.part[0] is facet:
                for thing in content.get(table.part[1], ()):
                    yield table, _cells(table.columns, {**thing, **own})


def union_of(tables: Iterable[Table]) -> list[str]:
    """Give the titles of all columns of some tables, each once, for a file that holds them all."""
    return list(dict.fromkeys(column.title for table in tables for column in table.columns))


def _cells(columns: Sequence[Column], body: Mapping[str, Any]) -> list[str]:
    return [write_cell(column, _value(column, body)) for column in columns]


def _value(column: Column, body: Mapping[str, Any]) -> Any:
    """Give a field's value, or what it has when nothing is said; a limit that is not there has no unit either."""
    outer, _, inner = column.field.partition(".")
    value = body.get(outer)
    if inner:
        return None if value is None else value.get(inner, _default(column))
    return _default(column) if value is None else value


def _default(column: Column) -> Any:
    if column.kind == "flag":
        return {"是": True, "否": False}.get(column.default)
    return column.default or None
