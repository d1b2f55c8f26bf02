"""The words of the case system: states of a case, channels, ways to get the result, rating levels and their reasons.

Fields after the national tables of case exchange and of 好差评; the reference backend and the client share them.
"""

from __future__ import annotations

from enum import Enum


class CaseState(str, Enum):
    """How far a case is (办件状态)."""

    PRE_REVIEW = "pre_review"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CORRECTION = "correction"
    SPECIAL = "special"
    REVIEW = "review"
    DECIDED = "decided"
    GRANTED = "granted"
    REFUSED = "refused"
    MADE = "made"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state's name as citizens read it."""
        return STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """Whether the office still has to decide."""
        return self not in _ENDED

    @property
    def is_finished(self) -> bool:
        """Whether there is a decision with its result (办结 and what follows): such a case can be rated."""
        return self in _FINISHED


STATE_LABELS: dict[CaseState, str] = {
    CaseState.PRE_REVIEW: "待预审",
    CaseState.RECEIVED: "已收件",
    CaseState.ACCEPTED: "已受理",
    CaseState.REJECTED: "不予受理",
    CaseState.CORRECTION: "待补正",
    CaseState.SPECIAL: "特别程序",
    CaseState.REVIEW: "审查中",
    CaseState.DECIDED: "已决定",
    CaseState.GRANTED: "已办结（准予）",
    CaseState.REFUSED: "已办结（不予批准）",
    CaseState.MADE: "已制证",
    CaseState.DELIVERED: "已送达",
    CaseState.WITHDRAWN: "已撤回",
}
_FINISHED = {CaseState.GRANTED, CaseState.REFUSED, CaseState.MADE, CaseState.DELIVERED}
_ENDED = _FINISHED | {CaseState.REJECTED, CaseState.WITHDRAWN}


class Channel(str, Enum):
    """Where a case was filed."""

    WINDOW = "window"
    ONLINE = "online"
    TERMINAL = "terminal"


class Fetching(str, Enum):
    """How the applicant gets the result."""

    WINDOW = "window"
    POST = "post"
    ELECTRONIC = "electronic"


class RatingLevel(int, Enum):
    """The five levels of 好差评; the last two are 差评 and must be followed up."""

    VERY_SATISFIED = 5
    SATISFIED = 4
    FAIRLY_SATISFIED = 3
    DISSATISFIED = 2
    VERY_DISSATISFIED = 1

    @property
    def label(self) -> str:
        """The level's name as citizens read it."""
        return _LEVEL_LABELS[self.value]

    @property
    def is_bad(self) -> bool:
        """Whether it is a 差评."""
        return self.value <= RatingLevel.DISSATISFIED.value


_LEVEL_LABELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}


class RatingReason(str, Enum):
    """What a rating is about: the online indicators of the national 好差评, and what people name at the window."""

    EFFICIENCY = "efficiency"
    GUIDE = "guide"
    CONVENIENCE = "convenience"
    PLATFORM = "platform"
    ATTITUDE = "attitude"
    MATERIALS = "materials"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The reason's name as citizens read it."""
        return _REASON_LABELS[self]


_REASON_LABELS = {
    RatingReason.EFFICIENCY: "办事效率",
    RatingReason.GUIDE: "办事指南精确度",
    RatingReason.CONVENIENCE: "办事便捷度",
    RatingReason.PLATFORM: "平台操作性",
    RatingReason.ATTITUDE: "服务态度",
    RatingReason.MATERIALS: "材料要求",
    RatingReason.OTHER: "其他",
}
