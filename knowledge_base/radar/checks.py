"""What the radar looks for in live knowledge. Pure functions over a snapshot: nothing is read or written elsewhere.

A check says only what is sure enough to cost an editor's time; what it can't tell it leaves alone. The precision of each on the
sample content stands in `docs/adr/0014-imports-and-radar.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from knowledge_base.content import PROVINCE, Contact, Duration, Faq, Fee, Guide, Item, TimeLimit
from knowledge_base.publishing import item_owner
from knowledge_base.radar.amounts import Amounts, amounts_in, conflict, without_penalties
from knowledge_base.rendering import facet_text
from knowledge_base.snapshot import Rows, Snapshot, Version
from knowledge_base.timeline import governing
from language import ancestors, name_of, normalise
from qinwen.clock import SHAANXI
from qinwen.vocabulary import FACET_TITLES, Facet

SOON = timedelta(days=30)
_TIE = 0.9
_NUMBERED = {Facet.FEE, Facet.DURATION}
_PHONE = re.compile(
    r"1(?:10|19|20|22)|12\d{3}|1[12]\d{1,3}|9[56]\d{3,6}|10\d{3}|0\d{2,3}-?\d{7,8}(?:-\d{1,6})?|1[3-9]\d{9}|[48]00-?\d{3}-?\d{4}|\d{7,8}"
)
_NUMBER = re.compile(r"(?<![\d-])\d[\d-]{1,}\d(?![\d-])")
_CALLED = re.compile(r"(?:电话|热线|拨打)(?:是|为)?[:：]?\s*(\d[\d-]{1,18}\d)")
_DAYS = {"工作日": 1.4, "自然日": 1.0, "日": 1.0, "个月": 30.0}


@dataclass(frozen=True)
class Seen:
    """Something found: which check, in which entry, beside which other, what to say, and what it was found in."""

    kind: str
    entry: str
    words: str
    base: str
    other: str = ""
    facet: Facet | None = None
    due_on: date | None = None

    @property
    def key(self) -> str:
        """What makes it the same finding the next time it is seen."""
        parts = (self.kind, self.entry, self.other, self.facet.value if self.facet else "")
        text = "|".join(parts)
        return text if len(text) <= 200 else f"{self.kind}|{hashlib.sha256(text.encode()).hexdigest()}"  # noqa: PLR2004


class Look:
    """Live knowledge as the checks see it."""

    def __init__(self, knowledge: Snapshot, at: datetime) -> None:
        self.knowledge, self.at, self.today = knowledge, at, at.astimezone(SHAANXI).date()
        self.versions: dict[str, Version] = {version.entry: version for version in knowledge.live(at)}
        self.items: Mapping[str, Item] = knowledge.items

    def guides(self) -> Iterator[tuple[Version, Guide]]:
        """Give the live guides."""
        for version in self.versions.values():
            if isinstance(version.content, Guide):
                yield version, version.content

    def faqs(self) -> Iterator[tuple[Version, Faq]]:
        """Give the live FAQs."""
        for version in self.versions.values():
            if isinstance(version.content, Faq):
                yield version, version.content


def promised_longer(look: Look) -> Iterator[Seen]:
    """Find promises that are longer than the law allows."""
    for version, guide in look.guides():
        body = guide.facets.get(Facet.DURATION)
        if isinstance(body, Duration) and body.statutory and body.promised and _longer(body.promised, body.statutory):
            promised, statutory = (f"{limit.days}{limit.unit}" for limit in (body.promised, body.statutory))
            words = f"承诺时限 {promised}，比法定时限 {statutory} 还长。"
            yield Seen("promised_longer", version.entry, words, f"{promised}/{statutory}", facet=Facet.DURATION)


def faq_contradicts(look: Look) -> Iterator[Seen]:
    """Find FAQs that name a sum or a time that the guide they belong to does not know."""
    for version, faq in look.faqs():
        if faq.item is None or faq.facet not in _NUMBERED:
            continue
        found = look.knowledge.facet(faq.item, faq.facet, faq.region, look.at)
        if found is None or not isinstance(found.version.content, Guide):
            continue
        said, field = amounts_in(without_penalties(faq.answer)), amounts_in(facet_text(found.content))
        # What any other part of the guide says is no contradiction: fees stand in many places.
        whole = amounts_in("\n".join(facet_text(body) for body in found.version.content.facets.values()))
        for unit, wrong in conflict(said, field, whole).items():
            values = "、".join(f"{value}{unit}" for value in wrong)
            there = "、".join(f"{value}{unit}" for value in sorted(field[unit], key=float))
            words = f"问答说 {values}，指南的“{FACET_TITLES[faq.facet]}”写的是 {there}。"
            yield Seen("faq_contradicts", version.entry, words, f"{values}/{there}", found.version.entry, faq.facet)


def fee_differs(look: Look) -> Iterator[Seen]:
    """Find fees that differ from those of the region above without saying on what they stand."""
    for version, guide in look.guides():
        body = guide.facets.get(Facet.FEE)
        if guide.region == PROVINCE or not isinstance(body, Fee) or body.basis or any(item.basis for item in body.items):
            continue
        above = next((a.code for a in ancestors(guide.region)), PROVINCE)
        found = look.knowledge.facet(guide.item, Facet.FEE, above, look.at)
        if found is None:
            continue
        mine, theirs = amounts_in(facet_text(body))["元"], amounts_in(facet_text(found.content))["元"]
        if mine and theirs and mine.isdisjoint(theirs):
            own, other = ("、".join(sorted(values, key=float)) for values in (mine, theirs))
            words = f"{name_of(guide.region)}写 {own} 元，{name_of(found.region)}写 {other} 元，没有写依据。"
            yield Seen("fee_differs", version.entry, words, f"{own}/{other}", found.version.entry, Facet.FEE)


def review_due(look: Look) -> Iterator[Seen]:
    """Find entries whose day of review has passed or is near."""
    for version in look.versions.values():
        due = version.review_due_on
        if due is not None and due <= look.today:
            yield Seen("review_over", version.entry, f"复核日期 {due} 已过，请核对内容。", str(due))
        elif due is not None and due <= look.today + SOON:
            yield Seen("review_soon", version.entry, f"{due} 要复核。", str(due), due_on=due)


def phones_malformed(look: Look) -> Iterator[Seen]:
    """Find telephone numbers that nobody can dial."""
    for version, guide in look.guides():
        for facet, body in guide.facets.items():
            told = [n for n in _CALLED.findall(body.text) if not _PHONE.fullmatch(n)]
            if isinstance(body, Contact):
                told += [
                    n for field in (body.consult, body.complain) for n in _NUMBER.findall(field) if not _PHONE.fullmatch(n)
                ]
            if told:
                numbers = "、".join(dict.fromkeys(told))
                yield Seen("phone", version.entry, f"电话 {numbers} 不像能拨通的号码。", numbers, facet=facet)
    for version, faq in look.faqs():
        if told := [n for n in _CALLED.findall(faq.answer) if not _PHONE.fullmatch(n)]:
            yield Seen("phone", version.entry, f"电话 {'、'.join(told)} 不像能拨通的号码。", "、".join(told))


def answers_differ(look: Look) -> Iterator[Seen]:
    """Find two FAQs that one question leads to and that name different sums or times."""
    groups: dict[tuple[str, str], list[tuple[Version, Faq, Rows]]] = defaultdict(list)
    for version, faq in look.faqs():
        rows = look.knowledge.rows.get(version.entry)
        if rows is not None:
            groups[faq.item or "", faq.region].append((version, faq, rows))
    for group in groups.values():
        for place, (version, faq, rows) in enumerate(group):
            for other_version, other, other_rows in group[place + 1 :]:
                if _tied(rows, other_rows) and (differing := _differing(amounts_in(faq.answer), amounts_in(other.answer))):
                    words = f"和“{other.question}”问的差不多，答的却不一样：{differing}。"
                    yield Seen("answers_differ", version.entry, words, differing, other_version.entry, faq.facet)


def asked_twice(look: Look) -> Iterator[Seen]:
    """Find the same standard question in two FAQs for the same people with different answers."""
    first: dict[tuple[str, str], tuple[Version, Faq]] = {}
    for version, faq in look.faqs():
        key = (_bare(faq.question), faq.region)
        if key not in first:
            first[key] = (version, faq)
        elif first[key][1].answer != faq.answer:
            other = first[key][0]
            yield Seen(
                "asked_twice", version.entry, f"标准问题和 {other.entry} 一模一样，答案不同。", faq.answer[:80], other.entry
            )


def fee_unclear(look: Look) -> Iterator[Seen]:
    """Find guides that say they charge and name nothing, or say they don't and name a sum."""
    for version, guide in look.guides():
        body = guide.facets.get(Facet.FEE)
        if not isinstance(body, Fee):
            continue
        sums = [item for item in body.items if (sum_ := re.match(r"\d+(?:\.\d+)?", item.amount)) and float(sum_[0]) > 0]
        if not body.charged and sums:
            words = f"写着不收费，收费项目里却有 {sums[0].name} {sums[0].amount}{sums[0].unit}。"
            yield Seen("fee_unclear", version.entry, words, sums[0].amount, facet=Facet.FEE)


def item_missing(look: Look) -> Iterator[Seen]:
    """Find entries that belong to, or point to, an item that is not there."""
    for version in look.versions.values():
        content = version.content
        if isinstance(content, Item):
            if gone := [code for code in content.related if code not in look.items]:
                yield Seen("item_missing", version.entry, f"相关事项 {'、'.join(gone)} 不存在或已撤下。", ",".join(gone))
        elif content.item and content.item not in look.items:
            words = f"所属的事项 {content.item} 已撤下，市民问不到这一条。"
            yield Seen("item_missing", version.entry, words, content.item, item_owner(content.item))


def ending_soon(look: Look) -> Iterator[Seen]:
    """Find entries that end soon and have nothing to follow."""
    for version in look.versions.values():
        if version.valid_to is None or version.valid_to > look.at + SOON:
            continue
        if governing(look.knowledge.spans(version.entry), version.valid_to) is None:
            day = version.valid_to.astimezone(SHAANXI).date()
            yield Seen("ending_soon", version.entry, f"{day} 到期，到期以后没有接着用的版本。", str(day), due_on=day)


Check = Callable[[Look], Iterator[Seen]]
CHECKS: tuple[Check, ...] = (
    promised_longer,
    faq_contradicts,
    fee_differs,
    review_due,
    phones_malformed,
    answers_differ,
    asked_twice,
    fee_unclear,
    item_missing,
    ending_soon,
)
KIND_TITLES = {
    "promised_longer": "承诺比法定还长",
    "faq_contradicts": "问答和指南的数对不上",
    "fee_differs": "收费和上级不同，没写依据",
    "review_over": "复核过期",
    "review_soon": "快到复核日期",
    "phone": "电话不对",
    "answers_differ": "一个问题两种答案",
    "asked_twice": "标准问题重复",
    "fee_unclear": "收不收费说不清",
    "item_missing": "事项不在了",
    "ending_soon": "快到期，没有接续",
}
WORKING_DAYS = {
    "promised_longer": 3,
    "faq_contradicts": 5,
    "fee_differs": 10,
    "review_over": 5,
    "review_soon": 20,
    "phone": 2,
    "answers_differ": 5,
    "asked_twice": 5,
    "fee_unclear": 5,
    "item_missing": 5,
    "ending_soon": 10,
}


def look(knowledge: Snapshot, at: datetime) -> list[Seen]:
    """Give everything that the checks find in what is live at a moment; each finding once."""
    seen: dict[str, Seen] = {}
    looked = Look(knowledge, at)
    for check in CHECKS:
        for one in check(looked):
            seen.setdefault(one.key, one)
    return list(seen.values())


def _longer(promised: TimeLimit, statutory: TimeLimit) -> bool:
    if promised.unit == statutory.unit:
        return promised.days > statutory.days
    # Units that can't be compared exactly: only what is longer by more than any holiday explains.
    return promised.days * _DAYS[promised.unit] > statutory.days * _DAYS[statutory.unit] * 1.3 + 3


def _tied(rows: Rows, other: Rows) -> bool:
    """Tell whether a question can't tell two FAQs apart: the same words, or standard questions of one meaning."""
    asked = [{_bare(w.text) for w in one.wordings if w.kind in {"question", "similar"}} for one in (rows, other)]
    if asked[0] & asked[1]:
        return True
    if rows.vectors is None or other.vectors is None:
        return False
    return bool(np.dot(rows.vectors[0], other.vectors[0]) >= _TIE)


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", normalise(text))


def _differing(one: Amounts, other: Amounts) -> str:
    parts = []
    for unit in one:
        if one[unit] and other[unit] and one[unit].isdisjoint(other[unit]):
            mine, theirs = ("、".join(sorted(values, key=float)) for values in (one[unit], other[unit]))
            parts.append(f"{mine}{unit} 和 {theirs}{unit}")
    return "；".join(parts)
