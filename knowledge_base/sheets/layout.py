"""How items, guides and FAQs stand in tables: which sheets, which columns, what each cell may hold.

The same tables are the sheets of a workbook and the rows of a CSV file, for reading, writing and templates alike. A guide is
several rows: one a facet, and one for each of its materials, steps, fees and laws. Used by this package alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qinwen.vocabulary import FACET_TITLES, Facet

CellKind = Literal["text", "code", "number", "flag", "choice", "list", "region", "facet"]
TABLE_COLUMN = "表"
"""The column of a CSV file that says which table a row belongs to, where it holds several."""


@dataclass(frozen=True)
class Column:
    """A column. `field` is a path in the entry's plain data (a dotted name); `facet` says whose own field it is, in a guide.

    `default` is what the field has when nothing is said; `options` are offered, and with `choice` nothing else may stand there.
    """

    title: str
    field: str
    kind: CellKind = "text"
    required: bool = False
    about: str = ""
    default: str = ""
    options: tuple[str, ...] = ()
    facet: Facet | None = None
    width: int = 14


@dataclass(frozen=True)
class Table:
    """A sheet: its rows are entries, facets of guides (`part` empty), or things in a list of a facet (`part` its path)."""

    title: str
    kind: Literal["item", "guide", "faq"]
    columns: tuple[Column, ...]
    about: str
    part: tuple[Facet, str] | None = None
    by_title: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_title", {column.title: column for column in self.columns})


_ITEM = Column("事项代码", "item", "code", required=True, about="英文短名，如 idcard-renew", width=18)
_REGION = Column(
    "行政区划", "region", "region", required=True, about="六位代码或名称，如 610100 或 西安市；全省的写 610000", width=16
)
_UNITS = ("工作日", "自然日", "个月", "日")
_LINES = "一行一个（单元格里换行用 Alt+Enter）"


def _own(facet: Facet, title: str, name: str, kind: CellKind = "text", **more: object) -> Column:
    about = str(more.pop("about", ""))
    return Column(title, name, kind, about=f"只有“{FACET_TITLES[facet]}”填。{about}", facet=facet, **more)  # type: ignore[arg-type]


def _limit(title: str, name: str) -> tuple[Column, ...]:
    return (
        _own(Facet.DURATION, title, f"{name}.days", "number", about="数字；当场办结写 0", width=10),
        _own(Facet.DURATION, f"{title}单位", f"{name}.unit", "choice", default="工作日", options=_UNITS, width=10),
        _own(Facet.DURATION, f"{title}说明", f"{name}.note"),
    )


ITEMS = Table(
    "事项",
    "item",
    (
        Column("事项代码", "code", "code", required=True, about="英文短名，定了不改", width=18),
        Column("事项名称", "name", required=True, about="正式名称", width=30),
        Column("日常叫法", "everyday_name", required=True, about="不超过 8 个字", width=14),
        Column("部门", "department", required=True),
        Column("能否查办件进度", "case_lookup", "flag", required=True, options=("是", "否")),
        Column("事项类型", "type", about="行政许可、公共服务等",
               options=("行政许可", "行政给付", "行政确认", "行政奖励", "行政裁决", "其他行政权力", "公共服务")),
        Column("办件类型", "handling", options=("即办件", "承诺件")),
        Column("服务对象", "served", "list", about=_LINES),
        Column("行使层级", "authority_level", options=("省级", "市级", "县级", "乡级")),
        Column("主题", "topic"),
        Column("办理场所类别", "venue"),
        Column("到现场次数", "visits.count", "number", width=10),
        Column("到现场原因", "visits.why"),
        Column("相关事项", "related", "list", about=f"事项代码，{_LINES}", width=18),
        Column("别名", "aliases", "list", about=_LINES, width=24),
        Column("完整问法", "wordings", "list", about=_LINES, width=30),
    ),
    "一行一个事项。",
)  # fmt: skip
FACETS = Table(
    "办事指南",
    "guide",
    (
        _ITEM,
        _REGION,
        Column("要素", "facet", "facet", required=True, options=tuple(FACET_TITLES.values()), width=14),
        Column("正文", "text", required=True, about="先给答案再给例外", width=60),
        Column("问法", "asked", "list", about=f"市民怎么问这个要素，{_LINES}", width=30),
        Column("依据", "basis", width=24),
        _own(Facet.ELIGIBILITY, "受理条件", "conditions", "list", about=_LINES, width=30),
        _own(Facet.PLACE, "通办范围", "cross_region"),
        _own(Facet.PLACE, "地址", "address", width=24),
        _own(Facet.ONLINE, "网办深度", "depth"),
        *_limit("法定时限", "statutory"),
        *_limit("承诺时限", "promised"),
        _own(Facet.DURATION, "不算在内的环节", "stop_clock", "list", about=_LINES, width=20),
        _own(Facet.FEE, "是否收费", "charged", "flag", options=("是", "否"), default="否", width=10),
        _own(Facet.RESULT, "结果类型", "kind", options=("证照", "批文", "待遇", "登记", "其他")),
        _own(Facet.RESULT, "结果名称", "name", width=20),
        _own(Facet.RESULT, "有效期", "validity"),
        _own(Facet.RESULT, "怎么领", "delivery"),
        _own(Facet.CONTACT, "咨询电话", "consult"),
        _own(Facet.CONTACT, "投诉电话", "complain"),
    ),
    "一行一个要素；同一事项、同一行政区划的各行合成一份指南。",
)
MATERIALS = Table(
    "材料",
    "guide",
    (
        _ITEM,
        _REGION,
        Column("名称", "name", required=True, width=24),
        Column("类型", "kind", "choice", default="其他", options=("证照", "表格", "其他")),
        Column("形式", "form", default="纸质", options=("纸质", "电子", "纸质或电子")),
        Column("必要性", "necessity", default="必要", options=("必要", "非必要", "容缺后补", "免提交")),
        Column("原件份数", "originals", "number", default="0", width=10),
        Column("复印件份数", "copies", "number", default="0", width=10),
        Column("来源", "source", width=20),
        Column("什么情况要", "when", about="人人都要就空着", width=20),
        Column("说明", "note", width=30),
    ),
    "一行一样材料，按先后排。那份指南在“办事指南”表里要有“带什么材料”这一行。",
    (Facet.MATERIALS, "list"),
)
STEPS = Table(
    "步骤",
    "guide",
    (
        _ITEM,
        _REGION,
        Column("名称", "name", required=True, width=20),
        Column("谁办", "who"),
        Column("时限", "limit"),
        Column("渠道", "channel", default="窗口", options=("窗口", "网上")),
        Column("说明", "note", width=40),
    ),
    "一行一步，按先后排。那份指南在“办事指南”表里要有“办理步骤”这一行。",
    (Facet.PROCESS, "steps"),
)
FEES = Table(
    "收费项目",
    "guide",
    (
        _ITEM,
        _REGION,
        Column("名称", "name", required=True, width=20),
        Column("标准", "amount", required=True, about="数字或一句话"),
        Column("单位", "unit", about="如 元/本"),
        Column("依据", "basis", width=24),
        Column("减免", "reduction", width=30),
    ),
    "一行一个收费项目。那份指南在“办事指南”表里要有“收多少钱”这一行。",
    (Facet.FEE, "items"),
)
LAWS = Table(
    "法律依据",
    "guide",
    (
        _ITEM,
        _REGION,
        Column("名称", "law", required=True, width=30),
        Column("条款", "article"),
        Column("文号", "document_no", width=20),
        Column("制定机关", "issuer", width=20),
        Column("日期", "date", about="如 2011-10-29"),
        Column("内容", "content", width=40),
    ),
    "一行一条依据。那份指南在“办事指南”表里要有“政策依据”这一行。",
    (Facet.BASIS, "list"),
)
FAQS = Table(
    "问答",
    "faq",
    (
        Column("编号", "id", "code", required=True, about="英文短名，定了不改，如 idcard-renew-train", width=24),
        Column("标准问题", "question", required=True, width=36),
        Column("相似问", "similar", "list", about=_LINES, width=36),
        Column("答案", "answer", required=True, width=60),
        Column("事项代码", "item", "code", about="不属于哪个事项就空着", width=18),
        Column("要素", "facet", "facet", options=tuple(FACET_TITLES.values())),
        Column("行政区划", "region", "region", default="610000", about="空着就是全省", width=16),
        Column("依据", "basis", width=24),
    ),
    "一行一条问答。",
)
TABLES = (ITEMS, FACETS, MATERIALS, STEPS, FEES, LAWS, FAQS)
BY_TITLE = {table.title: table for table in TABLES}
OF_KIND = {kind: tuple(table for table in TABLES if table.kind == kind) for kind in ("item", "guide", "faq")}
