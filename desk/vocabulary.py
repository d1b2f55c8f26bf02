"""The desk's vocabularies: each enum with the words that staff and citizens read."""

from __future__ import annotations

from enum import Enum


class _Labelled(str, Enum):
    """A code with its Chinese name."""

    label: str

    def __new__(cls, code: str, label: str = "") -> _Labelled:  # noqa: PYI034  (Self needs 3.11)
        """Make a member of its code and label; by its code alone, Enum finds it and does not come here."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class HandlingState(_Labelled):
    """Where a handed-off conversation stands."""

    QUEUED = ("queued", "排队中")
    LEAVING_MESSAGE = ("leaving_message", "正在留言")
    WITH_AGENT = ("with_agent", "接待中")
    CLOSED = ("closed", "已结束")


OPEN = (HandlingState.QUEUED, HandlingState.LEAVING_MESSAGE, HandlingState.WITH_AGENT)


class Presence(_Labelled):
    """Whether an agent is there."""

    ONLINE = ("online", "在线")
    AWAY = ("away", "暂离")
    WRAP_UP = ("wrap_up", "整理中")
    OFFLINE = ("offline", "离线")


class HandoffReason(_Labelled):
    """Why a conversation came to the desk."""

    ASKED = ("asked", "市民要找人工")
    REPEATED = ("repeated", "问了几遍没有解决")
    COMPLAINT = ("complaint", "市民要投诉")
    UPSET = ("upset", "市民情绪激动")
    OUTCOME = ("outcome", "机器人答不了")
    RETURNED = ("returned", "接待中断，退回排队")


class Mood(_Labelled):
    """How the citizen seems to feel, by what they wrote."""

    CALM = ("calm", "平静")
    WORRIED = ("worried", "着急")
    UPSET = ("upset", "生气")


class CloseOutcome(_Labelled):
    """How an agent's service ended."""

    RESOLVED = ("resolved", "已解决")
    FOLLOW_UP = ("follow_up", "需要后续跟进")
    REFERRED = ("referred", "已指引到其他单位")
    UNRESOLVED = ("unresolved", "未解决")
    NO_ANSWER = ("no_answer", "市民没有回应")
    SPAM = ("spam", "骚扰")
    LEFT = ("left", "市民离开排队")
    MESSAGE = ("message", "改为留言")


BY_AGENT = (
    CloseOutcome.RESOLVED,
    CloseOutcome.FOLLOW_UP,
    CloseOutcome.REFERRED,
    CloseOutcome.UNRESOLVED,
    CloseOutcome.NO_ANSWER,
)


class MoveKind(_Labelled):
    """Why a handling changed its desk or agent."""

    TRANSFER = ("transfer", "坐席转交")
    OVERFLOW = ("overflow", "转上级服务台")
    SILENT = ("silent", "坐席久未回复")
    ABSENT = ("absent", "坐席离开")
    SUPERVISOR = ("supervisor", "班长调派")


class WorkItemState(_Labelled):
    """Where a message that was left stands."""

    OPEN = ("open", "待领取")
    ASSIGNED = ("assigned", "处理中")
    DONE = ("done", "已答复")


class RatingTarget(_Labelled):
    """What a chat rating is about."""

    TURN = ("turn", "机器人的回答")
    ENTRY = ("entry", "知识条目")
    AGENT = ("agent", "人工服务")


class RatingLevel(int, Enum):
    """The five levels of 好差评; 不满意 and 非常不满意 are 差评 (国办发〔2019〕51号)."""

    VERY_GOOD = 5
    GOOD = 4
    FAIR = 3
    BAD = 2
    VERY_BAD = 1

    @property
    def label(self) -> str:
        """The level's name as citizens read it."""
        return ("非常不满意", "不满意", "基本满意", "满意", "非常满意")[self.value - 1]

    @property
    def is_bad(self) -> bool:
        """Whether it is a 差评, which somebody must follow up."""
        return self.value <= RatingLevel.BAD.value


class CaseState(_Labelled):
    """Where the follow-up of a 差评 stands."""

    OPEN = ("open", "待回访")
    CONTACTED = ("contacted", "已回访")
    RESOLVED = ("resolved", "已办结")


class Appeal(_Labelled):
    """An agent's appeal against a rating that was a mistake or malicious."""

    NONE = ("none", "没有申诉")
    PENDING = ("pending", "申诉待审")
    UPHELD = ("upheld", "申诉成立，不计入")
    REJECTED = ("rejected", "申诉不成立")
