"""What citizens would see of a content before it is published: the same cards, made by the same code."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge_base.content import PROVINCE, Content, Faq, Guide, Item
from knowledge_base.impact import as_version
from knowledge_base.rendering import facet_card, faq_card
from knowledge_base.snapshot import Snapshot
from language import name_of
from qinwen.replies import Reply
from qinwen.vocabulary import FACET_TITLES, Facet


@dataclass(frozen=True)
class PreviewedReply:
    """One answer as a citizen would see it, and the question that leads to it."""

    question: str
    reply: Reply


def preview(content: Content, knowledge: Snapshot) -> list[PreviewedReply]:
    """Give the answers that a content leads to: of a guide one a facet, of an FAQ one, of an item none of its own."""
    version, rows = as_version(content, knowledge, None)
    if isinstance(content, Faq):
        return [PreviewedReply(content.question, faq_card(content, version))]
    if isinstance(content, Item):
        return []
    snapshot, at = knowledge.replace(version, rows), knowledge.clock()
    shown = []
    for facet in Facet:
        found = snapshot.facet(content.item, facet, content.region, at) if facet in content.facets else None
        if found is None:
            continue
        general = snapshot.facet(content.item, facet, PROVINCE, at) if content.region != PROVINCE else None
        shown.append(PreviewedReply(_question(content, facet, found.item), facet_card(found, general)))
    return shown


def _question(guide: Guide, facet: Facet, item: Item) -> str:
    asked = guide.facets[facet].asked
    place = "" if guide.region == PROVINCE else f"{name_of(guide.region)}，"
    return asked[0] if asked else f"{place}{item.everyday_name}：{FACET_TITLES[facet]}？"
