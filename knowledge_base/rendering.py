"""How a facet reads: the citizen's answer as plain text. The first line is the title; a line 【…】 begins a foldable part."""

from __future__ import annotations

from knowledge_base.content import (
    PROVINCE,
    Basis,
    Contact,
    Duration,
    Eligibility,
    FacetContent,
    Faq,
    Fee,
    FeeItem,
    Guide,
    Materials,
    Place,
    Process,
    Result,
    TimeLimit,
)
from knowledge_base.snapshot import FoundFacet, Version
from language import name_of
from qinwen.replies import Reply, Source
from qinwen.vocabulary import FACET_TITLES, Facet

SAMPLE_NOTE = "示例内容，以当地窗口为准。"


def facet_card(found: FoundFacet, general: FoundFacet | None = None) -> Reply:
    """Give a facet as a card with its source; below a region's own words stands what holds all over the province."""
    title = f"{found.item.everyday_name} · {FACET_TITLES[found.facet]}"
    if found.region != PROVINCE:
        title += f"({name_of(found.region)})"
    parts = [title, found.content.text, *_details(found.content)]
    if general is not None:
        parts += ["【全省通行的说法】", general.content.text, *_details(general.content)]
    if found.version.sample:
        parts.append(SAMPLE_NOTE)
    sources = (facet_source(found),) if general is None else (facet_source(found), facet_source(general))
    return Reply("card", "\n".join(parts), sources=sources)


def faq_card(faq: Faq, version: Version) -> Reply:
    """Give an FAQ as a card with its source."""
    parts = [faq.question, faq.answer]
    if version.sample:
        parts.append(SAMPLE_NOTE)
    line = _join("常见问答", f"第{version.number}版", faq.basis and f"依据 {faq.basis}", _reviewed(version))
    source = Source(version.entry, version.number, faq.facet.value if faq.facet else "", line)
    return Reply("card", "\n".join(parts), sources=(source,))


def facet_text(content: FacetContent) -> str:
    """Give all that a facet says, as lines of text without a title."""
    return "\n".join([content.text, *_details(content)])


def facet_source(found: FoundFacet) -> Source:
    """Name where a facet's answer comes from: item, region, version, basis, date reviewed."""
    region = name_of(found.region) or found.region
    basis = found.content.basis or _first_basis(found)
    line = _join(
        f"《{found.item.name}》办事指南({region})",
        f"第{found.version.number}版",
        basis and f"依据 {basis}",
        _reviewed(found.version),
    )
    return Source(found.version.entry, found.version.number, found.facet.value, line)


def _first_basis(found: FoundFacet) -> str:
    basis = found.version.content.facets.get(Facet.BASIS) if isinstance(found.version.content, Guide) else None
    if not isinstance(basis, Basis) or not basis.list:
        return ""
    first = basis.list[0]
    return f"《{first.law.strip('《》')}》{first.article}"


def _reviewed(version: Version) -> str:
    return f"{version.reviewed_on.isoformat()} 核对" if version.reviewed_on else ""


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _details(content: FacetContent) -> list[str]:  # noqa: C901, PLR0912  (one branch a facet class)
    lines: list[str] = []
    if isinstance(content, Eligibility) and content.conditions:
        lines = ["【条件】", *_numbered(content.conditions)]
    elif isinstance(content, Materials) and content.list:
        lines = ["【材料清单】"]
        for number, material in enumerate(content.list, 1):
            amount = "、".join(
                part
                for part in (
                    f"原件{material.originals}份" if material.originals else "",
                    f"复印件{material.copies}份" if material.copies else "",
                    material.necessity if material.necessity != "必要" else "",
                )
                if part
            )
            when = f"〔{material.when}〕" if material.when else ""
            lines.append(f"{number}. {when}{material.name}" + (f"({amount})" if amount else ""))
            detail = "；".join(part for part in (material.note, material.source and f"来源：{material.source}") if part)
            if detail:
                lines.append(f"   {detail}")
    elif isinstance(content, Process) and content.steps:
        lines = ["【步骤】"]
        for number, step in enumerate(content.steps, 1):
            limit = f"({step.limit})" if step.limit else ""
            lines.append(f"{number}. {step.name} · {step.channel}{limit}")
            if step.note:
                lines.append(f"   {step.note}")
    elif isinstance(content, Place) and content.cross_region:
        lines = [f"通办范围：{content.cross_region}"]
    elif isinstance(content, Duration):
        limits = (("法定时限", content.statutory), ("承诺时限", content.promised))
        lines = [f"{name}：{_limit(limit)}" for name, limit in limits if limit]
        if content.stop_clock:
            lines.append("不算在内：" + ";".join(content.stop_clock))
    elif isinstance(content, Fee) and content.items:
        lines = ["【收费项目】"]
        for item in content.items:
            lines.append(f"· {item.name}：{_price(item)}" + (f"。{item.reduction}" if item.reduction else ""))
    elif isinstance(content, Result):
        pairs = (("名称", content.name), ("有效期", content.validity), ("怎么领", content.delivery))
        lines = [f"{name}：{value}" for name, value in pairs if value]
    elif isinstance(content, Basis) and content.list:
        lines = ["【依据】"]
        for law in content.list:
            document = f"({law.document_no})" if law.document_no else ""
            lines.append(f"· 《{law.law.strip('《》')}》{law.article}{document}" + (f"：{law.content}" if law.content else ""))
    elif isinstance(content, Contact):
        phones = (("咨询", content.consult), ("投诉", content.complain))
        lines = [f"{name}电话：{value}" for name, value in phones if value]
    return lines


def _numbered(lines: tuple[str, ...]) -> list[str]:
    return [f"{number}. {line}" for number, line in enumerate(lines, 1)]


def _limit(limit: TimeLimit) -> str:
    return "当场办结" if limit.days == 0 else f"{limit.days}{limit.unit}{limit.note and f'({limit.note})'}"


def _price(item: FeeItem) -> str:
    return f"{item.amount}{item.unit}" if item.amount[:1].isdigit() else item.amount
