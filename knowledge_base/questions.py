"""A question as answering takes it, and the answer as it comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome


@dataclass(frozen=True)
class Option:
    """One choice that was offered: what it shows, the text that choosing it sends, and what it leads to."""

    title: str
    value: str
    item: str
    facet: Facet
    region: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data for a slot."""
        return {
            "title": self.title,
            "value": self.value,
            "item": self.item,
            "facet": self.facet.value,
            "region": self.region,
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> Option:
        """Read what `to_json` gave."""
        return cls(shape["title"], shape["value"], shape["item"], Facet(shape["facet"]), shape.get("region"))


@dataclass(frozen=True)
class Context:
    """What the conversation is about: the last item and facet, the citizen's region, the choices last offered."""

    item: str | None = None
    facet: Facet | None = None
    region: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Question:
    """A citizen's question.

    Attributes:
        text: normalised.
        vector: its sentence vector, float32 [d], or None.
        intents: the classifier's probabilities by intent name.
        regions: codes of the regions it names.
        context: what was said before.
    """

    text: str
    vector: NDArray[np.float32] | None = None
    intents: Mapping[str, float] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    context: Context = Context()

    @property
    def region(self) -> str | None:
        """The region it names last, else the conversation's."""
        return self.regions[-1] if self.regions else self.context.region

    def facets(self) -> dict[Facet, float]:
        """Give the probabilities of the facet intents, summing to one where any was seen."""
        found = {facet: self.intents.get(f"ask_{facet.value}", 0.0) for facet in Facet}
        total = sum(found.values())
        return {facet: share / total for facet, share in found.items()} if total > 0 else found


@dataclass(frozen=True)
class Answer:
    """How a question was answered; `options` are the choices now on offer."""

    outcome: Outcome
    replies: tuple[Reply, ...]
    item: str | None = None
    facet: Facet | None = None
    region: str | None = None
    options: tuple[Option, ...] = ()
    confidence: float = 0.0
