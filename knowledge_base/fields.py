"""What the fields of items, guides and FAQs are called in Chinese, and which a guide needs (`guide-fields`, the starred ones).

Pages, differences, files and completeness all take the words from here. A path is a tuple of field names and list places, as
in `("facets", "fee", "items", 1, "amount")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge_base.content import (
    FACET_TYPES,
    PROVINCE,
    Basis,
    Contact,
    Duration,
    Eligibility,
    FacetContent,
    Faq,
    Fee,
    Guide,
    Item,
    Materials,
    Place,
    Process,
)
from qinwen.vocabulary import FACET_TITLES, Facet

Path = tuple[str | int, ...]

ITEM_TITLES = {
    "code": "事项代码",
    "name": "事项名称",
    "everyday_name": "日常叫法",
    "department": "部门",
    "case_lookup": "能否查办件进度",
    "type": "事项类型",
    "handling": "办件类型",
    "served": "服务对象",
    "authority_level": "行使层级",
    "topic": "主题",
    "venue": "办理场所类别",
    "visits": "到现场次数",
    "count": "次数",
    "why": "原因",
    "related": "相关事项",
    "aliases": "别名",
    "wordings": "完整问法",
}
FAQ_TITLES = {
    "id": "编号",
    "question": "标准问题",
    "answer": "答案",
    "item": "事项代码",
    "facet": "要素",
    "region": "行政区划",
    "similar": "相似问",
    "basis": "依据",
}
_COMMON = {"text": "正文", "asked": "问法", "basis": "依据"}
_FACET_TITLES: dict[Facet, dict[str, str]] = {
    Facet.ELIGIBILITY: {"conditions": "受理条件"},
    Facet.MATERIALS: {
        "list": "材料",
        "name": "名称",
        "kind": "类型",
        "form": "形式",
        "necessity": "必要性",
        "originals": "原件份数",
        "copies": "复印件份数",
        "source": "来源",
        "when": "什么情况要",
        "note": "说明",
    },
    Facet.PROCESS: {
        "steps": "步骤",
        "name": "名称",
        "who": "谁办",
        "limit": "时限",
        "channel": "渠道",
        "note": "说明",
    },
    Facet.PLACE: {"cross_region": "通办范围", "address": "地址"},
    Facet.ONLINE: {"depth": "网办深度"},
    Facet.DURATION: {
        "statutory": "法定时限",
        "promised": "承诺时限",
        "stop_clock": "不算在内的环节",
        "days": "数字",
        "unit": "单位",
        "note": "说明",
    },
    Facet.FEE: {
        "charged": "是否收费",
        "items": "收费项目",
        "name": "名称",
        "amount": "标准",
        "unit": "单位",
        "basis": "依据",
        "reduction": "减免",
    },
    Facet.RESULT: {"kind": "结果类型", "name": "名称", "validity": "有效期", "delivery": "怎么领"},
    Facet.BASIS: {
        "list": "法律依据",
        "law": "名称",
        "article": "条款",
        "document_no": "文号",
        "issuer": "制定机关",
        "date": "日期",
        "content": "内容",
    },
    Facet.CONTACT: {"consult": "咨询电话", "complain": "投诉电话"},
}
_NO_MATERIALS = re.compile(
    r"(?:不用|无需|不需要?|免)(?:带|交|提交|提供|准备)?(?:任何|什么|申请)?(?:材料|证件)|什么都不用带|免材料|免提交"
)


@dataclass(frozen=True)
class Needed:
    """A field that publishing needs and that is not filled."""

    path: Path
    title: str


def facet_field_titles(facet: Facet) -> dict[str, str]:
    """Give the Chinese names of a facet's own fields and those of the things in its lists."""
    return {**_COMMON, **_FACET_TITLES.get(facet, {})}


def path_title(kind: str, path: Sequence[str | int]) -> str:
    """Say in Chinese where a field stands, for example `收多少钱 · 收费项目第2项 · 标准`.

    Args:
        kind: of the entry: item, guide or faq.
        path: see the module.
    """
    titles = {"item": ITEM_TITLES, "faq": FAQ_TITLES}.get(kind, {"item": "事项代码", "region": "行政区划"})
    rest = list(path)
    parts: list[str] = []
    if kind == "guide" and rest[:1] == ["facets"]:
        rest = rest[1:]
        if rest:
            name = str(rest.pop(0))
            known = name in set(Facet)
            parts.append(FACET_TITLES[Facet(name)] if known else name)
            titles = facet_field_titles(Facet(name)) if known else {}
    for step in rest:
        if isinstance(step, int):
            parts[-1] = f"{parts[-1]}第{step + 1}项" if parts else f"第{step + 1}项"
        else:
            parts.append(titles.get(step, step))
    return " · ".join(parts)


def titled(kind: str, value: Any, path: Path = ()) -> Any:
    """Give plain data with the fields' Chinese names instead of their own, for people to read.

    Args:
        kind: of the entry: item, guide or faq.
        value: the plain data of an entry, or of what stands at `path` in one.
        path: where it stands.
    """
    if isinstance(value, dict):
        return {
            path_title(kind, (*path, name)).rpartition(" · ")[2]: titled(kind, one, (*path, name))
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [titled(kind, one, (*path, place)) for place, one in enumerate(value)]
    return value


def complaint(error: str, shape: Any) -> str:
    """Say in Chinese what the conversion of plain data found wrong: fields by title and name, places by number.

    Args:
        error: the sentence of msgspec, which ends in the place, as ` - at `$.list[1]``.
        shape: the class that was converted to.
    """
    titles = {Item: ITEM_TITLES, Faq: FAQ_TITLES}.get(shape) or next(
        (facet_field_titles(facet) for facet, kind in FACET_TYPES.items() if kind is shape), _COMMON
    )

    def named(name: str) -> str:
        return f"{titles[name]}（{name}）" if name in titles else name

    words, _, place = error.partition(" - at `$")
    steps = [named(name) if name else f"第{int(number) + 1}项" for name, number in _STEP.findall(place)]
    for pattern, saying in _COMPLAINTS:
        if found := pattern.match(words):
            words = saying.format(*map(named, found.groups()))
            break
    return "".join(steps) + ("：" if steps else "") + words


def missing_fields(content: Item | Guide | Faq) -> list[Needed]:
    """List the needed fields that are empty.

    A guide of the whole province needs all facets and fields; one of a region only those of the facets it carries, for all
    else it takes from above it.
    """
    if isinstance(content, Item):
        return [Needed((name,), ITEM_TITLES[name]) for name in _ITEM_NEEDS if not _filled(getattr(content, name))]
    if isinstance(content, Faq):
        return [Needed((n,), FAQ_TITLES[n]) for n in ("question", "answer") if not getattr(content, n).strip()]
    whole = content.region == PROVINCE
    found = []
    for facet in Facet:
        body = content.facets.get(facet)
        if body is None:
            if whole:
                found.append(Needed(("facets", facet.value), FACET_TITLES[facet]))
            continue
        for field, is_filled in _FACET_NEEDS.get(facet, ()):
            if whole and not is_filled(body):
                path = ("facets", facet.value, field)
                found.append(Needed(path, path_title("guide", path)))
    return found


def _filled(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _fee_is_said(body: FacetContent) -> bool:
    return isinstance(body, Fee) and (not body.charged or bool(body.items))


def _materials_are_said(body: FacetContent) -> bool:
    return isinstance(body, Materials) and (bool(body.list) or bool(_NO_MATERIALS.search(body.text)))


_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_COMPLAINTS = (
    (re.compile(r"Object missing required field `(\w+)`"), "“{}”没有填"),
    (re.compile(r"Object contains unknown field `(\w+)`"), "没有“{}”这个字段"),
    (re.compile(r"Expected `(?:int|int \| null)`, got `\w+`"), "要填整数"),
    (re.compile(r"Expected `str(?: \| null)?`, got `\w+`"), "要填文字"),
    (re.compile(r"Expected `bool`, got `\w+`"), "要填是或否"),
    (re.compile(r"Expected `array`, got `\w+`"), "应当是一个列表"),
    (re.compile(r"Expected `object(?: \| null)?`, got `\w+`"), "应当是一组字段"),
    (re.compile(r"Invalid enum value '?(.+?)'?$"), "不能填“{}”"),
)
_ITEM_NEEDS = ("code", "name", "department", "type", "handling", "served", "authority_level", "visits")
_FACET_NEEDS: dict[Facet, tuple[tuple[str, Callable[[FacetContent], bool]], ...]] = {
    Facet.ELIGIBILITY: (("conditions", lambda b: isinstance(b, Eligibility) and bool(b.conditions)),),
    Facet.MATERIALS: (("list", _materials_are_said),),
    Facet.PROCESS: (("steps", lambda b: isinstance(b, Process) and bool(b.steps)),),
    Facet.PLACE: (("address", lambda b: isinstance(b, Place) and bool(b.address)),),
    Facet.DURATION: (
        ("statutory", lambda b: isinstance(b, Duration) and b.statutory is not None),
        ("promised", lambda b: isinstance(b, Duration) and b.promised is not None),
    ),
    Facet.FEE: (("items", _fee_is_said),),
    Facet.BASIS: (("list", lambda b: isinstance(b, Basis) and bool(b.list)),),
    Facet.CONTACT: (
        ("consult", lambda b: isinstance(b, Contact) and bool(b.consult)),
        ("complain", lambda b: isinstance(b, Contact) and bool(b.complain)),
    ),
}
