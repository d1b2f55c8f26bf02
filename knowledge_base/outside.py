"""Owns what is asked of a government but not of us: matters that no item covers, and other provinces' affairs.

The matters (`data/outside_matters.yml`) stand in the ranking as one more item, `OUTSIDE`, so that they win against an item
that only looks alike. The places are looked for in the words alone. Called by `ranking` and `Answerer`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from knowledge_base.snapshot import Rows
from knowledge_base.wordings import Wording
from language import Encoder, find_regions

OUTSIDE = "!"
"""Stands for the item of a question about a matter that no item covers."""

_PLACES = Path(__file__).parent / "data" / "other_places.yml"
_HERE = re.compile(r"陕西|本地|本省|省内|咱这|这边|这里|回来|转回|回老家|转来|转到|迁来|过来|回陕")
_PLACE = r"(?P<place>{})(?:省|市)?(?:那边|那里)?"
_AT_HEAD = rf"^(?:请问|你好|您好|想问|问一下|问下|咨询|那|,|我想|想|知道)*{_PLACE}(?P<rest>.*)"
_IN = rf"[在到去]{_PLACE}(?:怎么|咋|如何|能|可以|想|要)?(?:给..?.?)?(?:申请|办|领|补|落户|上户|登记|换|缴|买)(?P<rest>.*)"
# Who comes from there, or lives there for a while, asks about an affair here.
_COMES = re.compile(
    r"^.{0,4}(?:人|户口|户籍|籍|打工|上班|工作|务工|做事|交|缴|考|读|念|上学|上大学|大学|回|转|迁|来|买|带|住院|住着|长住|看|就医|出差|退休|租|干|当兵|娶|嫁|车牌|牌照|驾)"
)


def outside_rows(encoder: Encoder | None, owned: Sequence[tuple[str, Rows]]) -> list[tuple[str, Rows]]:
    """Give the matters as rows of the item `OUTSIDE`, but for those that an item is called by now.

    None for a knowledge base that is smaller than the list: the list would say what is rare, and win too easily.

    Args:
        encoder: makes their vectors.
        owned: the rows of the knowledge base, with the item that each belongs to.
    """
    known = {w.text for _, rows in owned for w in rows.wordings if w.kind in {"name", "alias"}}
    names = [name for name in _matters() if name not in known]
    if not names or sum(len(rows.wordings) for _, rows in owned) < len(names):
        return []
    vectors = encoder.encode(names, "question") if encoder else None
    return [(OUTSIDE, Rows(OUTSIDE, tuple(Wording("alias", name) for name in names), vectors))]


def other_place(text: str, item: str) -> str | None:
    """Give the place outside the province whose affairs are asked; None where the question is one for us.

    Args:
        text: the normalised question.
        item: what it is about; some are done for every place, and some are about leaving or coming.
    """
    head, inside, everywhere, from_afar = _places()
    if item in from_afar or _HERE.search(text) or next(iter(find_regions(text)), None):
        return None
    found = head.match(text)
    if found is None and item not in everywhere:
        found = inside.search(text)
    return found["place"] if found and not _COMES.match(found["rest"]) else None


@cache
def _matters() -> tuple[str, ...]:
    path = Path(__file__).parent / "data" / "outside_matters.yml"
    return tuple(dict.fromkeys(map(str, yaml.safe_load(path.read_text(encoding="utf-8"))["matters"])))


@cache
def _places() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str], frozenset[str]]:
    data = yaml.safe_load(_PLACES.read_text(encoding="utf-8"))
    names = "|".join(sorted(map(re.escape, data["places"]), key=len, reverse=True))
    compiled = [re.compile(pattern.replace("{}", names)) for pattern in (_AT_HEAD, _IN)]
    return compiled[0], compiled[1], frozenset(data["done_everywhere"]), frozenset(data["from_afar"])
