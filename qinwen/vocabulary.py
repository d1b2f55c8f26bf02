"""The vocabularies that every package shares: facets, outcomes, who holds a conversation (design §2, §5)."""

from __future__ import annotations

from enum import Enum


class Facet(str, Enum):
    """Which part of a guide is asked (要素)."""

    OVERVIEW = "overview"
    ELIGIBILITY = "eligibility"
    MATERIALS = "materials"
    PROCESS = "process"
    PLACE = "place"
    HOURS = "hours"
    ONLINE = "online"
    DURATION = "duration"
    FEE = "fee"
    PROXY = "proxy"
    DEFERRAL = "deferral"
    RESULT = "result"
    BASIS = "basis"
    CONTACT = "contact"

    @property
    def label(self) -> str:
        """The facet's name as citizens and editors read it."""
        return FACET_TITLES[self]


FACET_TITLES: dict[Facet, str] = {
    Facet.OVERVIEW: "总体怎么办",
    Facet.ELIGIBILITY: "谁能办",
    Facet.MATERIALS: "带什么材料",
    Facet.PROCESS: "办理步骤",
    Facet.PLACE: "去哪儿办",
    Facet.HOURS: "办公时间",
    Facet.ONLINE: "网上怎么办",
    Facet.DURATION: "几天办好",
    Facet.FEE: "收多少钱",
    Facet.PROXY: "能不能代办",
    Facet.DEFERRAL: "缺材料怎么办",
    Facet.RESULT: "办完得到什么",
    Facet.BASIS: "政策依据",
    Facet.CONTACT: "咨询和投诉",
}


class Outcome(str, Enum):
    """How a turn ended (结果). Every turn ends with exactly one (design §5)."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    NOT_FOUND = "not_found"
    REFUSED_OUT_OF_SCOPE = "refused_out_of_scope"
    REFUSED_UNSAFE = "refused_unsafe"
    EMERGENCY = "emergency"
    CASE_STATUS = "case_status"
    CASE_NOT_FOUND = "case_not_found"
    ASK_SLOT = "ask_slot"
    IDENTITY_REQUIRED = "identity_required"
    HANDED_OFF = "handed_off"
    DESK_QUEUED = "desk_queued"
    DESK_CLOSED = "desk_closed"
    SMALLTALK = "smalltalk"
    ACKNOWLEDGED = "acknowledged"
    RATED = "rated"
    ERROR = "error"


class Holder(str, Enum):
    """Who answers a conversation now (design §3)."""

    BOT = "bot"
    QUEUED = "queued"
    WITH_AGENT = "with_agent"
    CLOSED = "closed"


OUTCOME_TITLES: dict[Outcome, str] = {
    Outcome.ANSWERED: "答了",
    Outcome.CLARIFY: "反问是哪一件",
    Outcome.NOT_FOUND: "没找到",
    Outcome.REFUSED_OUT_OF_SCOPE: "不归我们管",
    Outcome.REFUSED_UNSAFE: "不当的话",
    Outcome.EMERGENCY: "紧急提示",
    Outcome.CASE_STATUS: "查到办件",
    Outcome.CASE_NOT_FOUND: "查无此件",
    Outcome.ASK_SLOT: "追问一项",
    Outcome.IDENTITY_REQUIRED: "要核验身份",
    Outcome.HANDED_OFF: "坐席接待",
    Outcome.DESK_QUEUED: "排队等人工",
    Outcome.DESK_CLOSED: "服务台没开或留言",
    Outcome.SMALLTALK: "闲聊",
    Outcome.ACKNOWLEDGED: "应了一声",
    Outcome.RATED: "评价",
    Outcome.ERROR: "出故障或停用",
}
