"""The dashboard's figures on what citizens asked and how it ended: the words that define each for people, and the counting.

Called by the console, which brings what the desk knows of ratings. A figure without anything to look at is None, never zero.
Source of "resolved": no handoff, no re-ask of the same item within 24 hours, no bad rating, at least one factual answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, cast, func, or_, select
from sqlalchemy import Integer as IntegerType
from sqlalchemy.orm import Session

from conversations.figure_conditions import (
    ANSWERS,
    NO_ANSWERS,
    SLOW,
    Window,
    asked_again,
    chunks,
    ended,
    in_vain,
    in_window,
    judged_in,
    opened_in,
    timed,
    why_not_resolved,
)
from conversations.models import Conversation, Turn
from conversations.sql_time import local_day, seconds_between
from qinwen.vocabulary import Outcome

TOP = 15
_ANSWERED = frozenset(outcome.value for outcome in ANSWERS)
_IDS_AT_ONCE = 500
_BUCKETS_PER_SECOND = 100

DEFINITIONS = {
    "turns": ("消息", "市民发来、已经处理完的消息，按收到的时间算；一条消息算一次，平台重发的不重复算。"),
    "citizens": ("市民", "这段时间里发过消息的市民，同一个人算一个。"),
    "conversations": ("会话", "这段时间里开始的会话；一段时间没说话以后再说，算新的会话。"),
    "answered": ("答出", "结果是“答了、查到办件、查无此件、紧急提示”的消息。"),
    "unanswered": ("没答出", "结果是“反问、追问、没找到、出故障（含停用期间）”的消息。"),
    "answer_rate": (
        "答出率",
        "答出 ÷（答出 + 没答出）。闲聊、评价、谢谢、范围外和不当的话、要身份核验、转人工和留言，两边都不算。",
    ),
    "in_vain": ("反问没有结果", "机器人反问或追问以后，这个会话里再也没有答出过的消息。"),
    "reasked": (
        "又问了一遍",
        "答出以后 24 小时内，同一位市民又问了同一事项：在同一会话里要连要素也相同，在别的会话里事项相同就算。",
    ),
    "judged": (
        "能判定的会话",
        "这段时间里开始、问过问题（有答出或没答出的消息，或转过人工）、最后一句话过了 24 小时的会话。",
    ),
    "resolved": (
        "解决",
        (
            "能判定的会话里四条都满足的：至少有一次查得到依据的答复（答了或查到办件）；没有转人工或留言；"
            "答出的事项 24 小时内没有又问一遍；没有不满意、非常不满意的评价。"
        ),
    ),
    "unresolved": ("没解决", "能判定的会话里，不满足上面四条的；每个会话后面写着缺哪几条。"),
    "resolved_rate": ("解决率", "解决 ÷ 能判定的会话。还不到 24 小时的会话不算，所以今天的要到明天才有。"),
    "timed": ("算用时的消息", "已经回答、不是转人工以后的消息；回答用时由它们算出。"),
    "p50": ("回答用时（中位数）", "从收到消息到回答写进台账，一半的消息不超过这么久；转人工以后的不算。精确到 0.01 秒。"),
    "p95": ("回答用时（95%）", "同上，95% 的消息不超过这么久。"),
    "slow": ("回答慢", f"回答用时超过 {SLOW:.0f} 秒的消息；转人工以后的不算。微信最多等 5 秒。"),
}
WHY = {
    "no_answer": "没有查得到依据的答复",
    "handoff": "转过人工或留言",
    "reasked": "24 小时内又问了一遍",
    "bad_rating": "评价不满意",
}


@dataclass(frozen=True)
class Top:
    """An item or a facet, with how often it was asked and answered."""

    code: str
    turns: int
    answered: int


@dataclass(frozen=True)
class Day:
    """One day in Shaanxi."""

    day: str
    turns: int
    answered: int
    unanswered: int


@dataclass(frozen=True)
class Figures:
    """The figures of a window; `DEFINITIONS` says what each is."""

    turns: int
    citizens: int
    conversations: int
    answered: int
    unanswered: int
    answer_rate: float | None
    in_vain: int
    reasked: int
    judged: int
    resolved: int
    unresolved: int
    resolved_rate: float | None
    timed: int
    p50: float | None
    p95: float | None
    slow: int
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    days: Sequence[Day] = ()
    items: Sequence[Top] = ()
    facets: Sequence[Top] = ()


def measure_turns(session: Session, window: Window, badly_rated: Collection[str], moment: datetime) -> Figures:
    """Give the figures of a window.

    Args:
        session: an open session.
        window: which turns.
        badly_rated: the conversations that got a bad rating.
        moment: now; conversations that may still be asked again are not judged.
    """
    kinds = _by_kind(session, window)
    outcomes = _outcomes(kinds)
    answered, unanswered = (sum(outcomes.get(one, 0) for one in some) for some in (ANSWERS, NO_ANSWERS))
    citizens = session.scalar(select(func.count(func.distinct(Turn.citizen_id))).where(in_window(window))) or 0
    judged, resolved = _judge(session, window, badly_rated, moment)
    p50, p95, slow, counted = _times(session, window)
    return Figures(
        turns=sum(outcomes.values()),
        citizens=citizens,
        conversations=_count_conversations(session, opened_in(window)),
        answered=answered,
        unanswered=unanswered,
        answer_rate=_share(answered, answered + unanswered),
        in_vain=_count(session, window, in_vain()),
        reasked=_count(session, window, asked_again(Turn)),
        judged=judged,
        resolved=resolved,
        unresolved=judged - resolved,
        resolved_rate=_share(resolved, judged),
        timed=counted,
        p50=p50,
        p95=p95,
        slow=slow,
        outcomes=outcomes,
        days=_days(session, window),
        items=_top((item, outcome, count) for outcome, item, _, count in kinds),
        facets=_top((facet, outcome, count) for outcome, _, facet, count in kinds),
    )


def _judge(session: Session, window: Window, badly_rated: Collection[str], moment: datetime) -> tuple[int, int]:
    judged = judged_in(window, moment)
    good = and_(judged, ~or_(*why_not_resolved().values()))
    spoilt = sum(
        _count_conversations(session, and_(good, Conversation.id.in_(ids))) for ids in chunks(badly_rated, _IDS_AT_ONCE)
    )
    return _count_conversations(session, judged), _count_conversations(session, good) - spoilt


def _count(session: Session, window: Window, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Turn).where(in_window(window), condition)) or 0


def _count_conversations(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Conversation).where(condition)) or 0


def _by_kind(session: Session, window: Window) -> list[tuple[str, str | None, str | None, int]]:
    """Count the turns of a window by outcome, item and facet, in one pass: outcomes and the most asked come out of it."""
    columns = (Turn.outcome, Turn.item, Turn.facet)
    rows = session.execute(select(*columns, func.count()).where(in_window(window)).group_by(*columns))
    return [(outcome or "", item, facet, count) for outcome, item, facet, count in rows]


def _outcomes(kinds: Sequence[tuple[str, str | None, str | None, int]]) -> dict[Outcome, int]:
    found: Counter[str] = Counter()
    for outcome, _, _, count in kinds:
        found[outcome] += count
    return {outcome: found[outcome.value] for outcome in Outcome if outcome.value in found}


def _top(counted: Iterable[tuple[str | None, str, int]]) -> list[Top]:
    """Give the codes that come most often, out of code, outcome and count."""
    turns: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for code, outcome, count in counted:
        if code is not None:
            turns[code] += count
            answered[code] += count if outcome in _ANSWERED else 0
    first = sorted(turns, key=lambda code: (-turns[code], code))[:TOP]
    return [Top(code, turns[code], answered[code]) for code in first]


def _counted(outcomes: Collection[Outcome]) -> ColumnElement[int]:
    return func.sum(case((ended(Turn, outcomes), 1), else_=0))


def _days(session: Session, window: Window) -> list[Day]:
    day = local_day(Turn.started_at)
    rows = session.execute(
        select(day, func.count(), _counted(ANSWERS), _counted(NO_ANSWERS)).where(in_window(window)).group_by(day).order_by(day)
    )
    return [Day(str(name), count, int(good), int(bad)) for name, count, good, bad in rows]


def _times(session: Session, window: Window) -> tuple[float | None, float | None, int, int]:
    """Give median, 95th percentile, the number of slow ones and of all, by a histogram that the database makes in one pass."""
    seconds = seconds_between(Turn.started_at, Turn.finished_at)
    bucket = cast(seconds * _BUCKETS_PER_SECOND + 0.5, IntegerType)
    counts = session.execute(
        select(bucket, func.count(), func.sum(case((seconds > SLOW, 1), else_=0)))
        .where(in_window(window), timed())
        .group_by(bucket)
        .order_by(bucket)
    ).all()
    whole = sum(count for _, count, _ in counts)
    return (
        _percentile([(place, count) for place, count, _ in counts], whole, 0.5),
        _percentile([(place, count) for place, count, _ in counts], whole, 0.95),
        int(sum(slow for _, _, slow in counts)),
        whole,
    )


def _percentile(counts: Sequence[tuple[int, int]], whole: int, part: float) -> float | None:
    passed = 0
    for bucket, count in counts:
        passed += count
        if passed >= part * whole:
            return bucket / _BUCKETS_PER_SECOND
    return None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
