"""Under which wordings an item or entry is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from knowledge_base.content import Content, Faq, Guide, Item
from qinwen.vocabulary import Facet

WordingKind = Literal["name", "alias", "wording", "asked", "question", "similar", "answer"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One text to find something by, and the facet it asks for where it asks for one."""

    kind: WordingKind
    text: str
    facet: Facet | None = None


def item_wordings(item: Item) -> list[Wording]:
    """Give an item's names and the whole questions that ask for it."""
    names = dict.fromkeys((item.name, item.everyday_name))
    return [
        *(Wording("name", text) for text in names),
        *(Wording("alias", text) for text in dict.fromkeys(item.aliases) if text not in names),
        *(Wording("wording", text, Facet.OVERVIEW) for text in dict.fromkeys(item.wordings)),
    ]


def guide_wordings(guide: Guide) -> list[Wording]:
    """Give the everyday questions for each facet of a guide."""
    return [Wording("asked", text, facet) for facet, content in guide.facets.items() for text in dict.fromkeys(content.asked)]


def faq_wordings(faq: Faq) -> list[Wording]:
    """Give an FAQ's question, its similar questions, and its answer."""
    similar = (text for text in dict.fromkeys(faq.similar) if text != faq.question)
    return [
        Wording("question", faq.question, faq.facet),
        *(Wording("similar", text, faq.facet) for text in similar),
        Wording("answer", faq.answer[:256], faq.facet),
    ]


def wordings_of(content: Content) -> list[Wording]:
    """Give the wordings of whatever it is."""
    if isinstance(content, Item):
        return item_wordings(content)
    return guide_wordings(content) if isinstance(content, Guide) else faq_wordings(content)
