"""The choices that an answer offers, and recognising the one that a citizen took: by its text, a number or an ordinal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge_base.content import Item
from knowledge_base.questions import Option
from language import name_of
from qinwen.vocabulary import FACET_TITLES, Facet

_OFFERED_FACETS = (
    Facet.MATERIALS,
    Facet.PROCESS,
    Facet.PLACE,
    Facet.ONLINE,
    Facet.DURATION,
    Facet.FEE,
    Facet.ELIGIBILITY,
    Facet.PROXY,
)
_QUESTIONS: dict[Facet, str] = {
    Facet.OVERVIEW: "怎么办",
    Facet.ELIGIBILITY: "谁能办",
    Facet.MATERIALS: "要带什么材料",
    Facet.PROCESS: "办理步骤是什么",
    Facet.PLACE: "去哪儿办",
    Facet.HOURS: "几点上班",
    Facet.ONLINE: "网上怎么办",
    Facet.DURATION: "几天办好",
    Facet.FEE: "要交多少钱",
    Facet.PROXY: "能不能代办",
    Facet.DEFERRAL: "缺材料怎么办",
    Facet.RESULT: "办完得到什么",
    Facet.BASIS: "依据什么规定",
    Facet.CONTACT: "找谁咨询投诉",
}
_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ORDINAL = re.compile(
    r"^(?:我?(?:选|要|是|点|问)?(?:的是)?)?\s*第?\s*(\d{1,2}|[一二两三四五六七八九十])\s*(?:个|项|条|种|件|号)?(?:吧|呢|的)?[.!,、)]?$"
)
_LAST = re.compile(r"^(?:我?(?:选|要|是))?\s*(?:最后|最后面|末尾|最下面)(?:一|那)?(?:个|项|条)?(?:吧)?[.!]?$")


def clarifying_options(items: Sequence[Item], facet: Facet, region: str | None) -> list[Option]:
    """Offer items to choose from, for the facet that was asked."""
    return [
        Option(
            item.everyday_name if facet is Facet.OVERVIEW else f"{item.everyday_name}:{FACET_TITLES[facet]}",
            f"{item.name}{_QUESTIONS[facet]}",
            item.code,
            facet,
            region,
        )
        for item in items
    ]


def facet_options(item: Item, region: str | None) -> list[Option]:
    """Offer the facets of an item that are asked most."""
    return [
        Option(FACET_TITLES[facet], f"{item.everyday_name}{_QUESTIONS[facet]}", item.code, facet, region)
        for facet in _OFFERED_FACETS
    ]


def region_options(item: Item, facet: Facet, regions: Sequence[str]) -> list[Option]:
    """Offer the regions that have an answer of their own."""
    options = []
    for code in regions:
        name = name_of(code) or code
        options.append(Option(name, f"{name}{item.everyday_name}{_QUESTIONS[facet]}", item.code, facet, code))
    return options


def chosen_option(text: str, options: Sequence[Option]) -> Option | None:
    """Give the option that a text takes: its title, its value, its number, or an ordinal."""
    if not options:
        return None
    bare = text.strip(" .!?,")
    for option in options:
        if bare in (option.title, option.value):
            return option
    ordinal = _ORDINAL.match(text)
    if ordinal:
        number = _NUMERALS.get(ordinal[1]) or int(ordinal[1])
        return options[number - 1] if 1 <= number <= len(options) else None
    return options[-1] if _LAST.match(text) else None
