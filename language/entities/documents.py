"""Finds certificates and papers by their everyday names (户口本, 房本) and gives their proper ones (居民户口簿, …).

The names are data: `data/documents.yml`.
"""

from collections.abc import Iterator
from functools import cache

from language.data_files import read_data
from language.entities.entity import Entity, EntityKind
from language.name_index import NameIndex


def find_documents(text: str) -> Iterator[Entity]:
    """Yield the documents named in a normalised text; the longest name wins at each place."""
    index, start = _name_index(), 0
    while start < len(text):
        match = next(index.matches_at(text, start), None)
        if match is None:
            start += 1
            continue
        end = start + len(match.name)
        yield Entity(EntityKind.DOCUMENT, match.name, match.value, start, end)
        start = end


@cache
def document_terms() -> tuple[str, ...]:
    """Return every name of a document, for the segmenter to keep whole."""
    return tuple(_names())


@cache
def _names() -> dict[str, str]:
    documents: dict[str, list[str]] = read_data("documents")["documents"]
    return {name: proper for proper, also in documents.items() for name in (proper, *also)}


@cache
def _name_index() -> NameIndex[str]:
    return NameIndex(_names())
