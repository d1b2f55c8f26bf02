"""The typed reply that travels from an action to the citizen (design §5, citizen API).

Actions make it, the engine carries it as JSON, the hub stores it, each channel shows it in its own way. A reply's text
is plain text; a line of the form 【小标题】 begins a part that a channel may fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

ReplyType = Literal["text", "card", "choices", "status"]


@dataclass(frozen=True)
class Choice:
    """A button: what it shows, and the text that pressing it sends."""

    title: str
    value: str


@dataclass(frozen=True)
class Source:
    """Where an answer comes from: entry, its version, the facet, and a line naming basis and review date."""

    entry: str
    version: int
    facet: str
    title: str


@dataclass(frozen=True)
class Reply:
    """One bubble for the citizen."""

    type: ReplyType
    text: str
    choices: tuple[Choice, ...] = ()
    sources: tuple[Source, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the reply in the citizen API's shape."""
        shape = asdict(self)
        return {**shape, "choices": list(shape["choices"]), "sources": list(shape["sources"])}

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> Reply:
        """Read what `to_json` gave.

        Raises:
            ValueError: the shape is not a reply's.
        """
        try:
            if shape["type"] not in get_args(ReplyType):
                raise ValueError(f"unknown reply type {shape['type']!r}")
            return cls(
                type=shape["type"],
                text=str(shape["text"]),
                choices=tuple(Choice(str(c["title"]), str(c["value"])) for c in _list(shape.get("choices"))),
                sources=tuple(
                    Source(str(s["entry"]), int(s["version"]), str(s["facet"]), str(s["title"]))
                    for s in _list(shape.get("sources"))
                ),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a reply: {error}") from error


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    return value if isinstance(value, list | tuple) else ()
