"""A case in plain words: its state and since when, who has it, what comes next, the expected day, what the citizen can do.

Pure: a case and a date in, sentences out. The conversation shows `Explanation.text` and offers `Explanation.offers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from services_backend.cases import Case, CaseResult, local_date
from services_backend.timetable import Clock, Timetable, make_timetable
from services_backend.vocabulary import CaseState, Fetching

_WEEKDAYS = "一二三四五六日"
_REMEDIES = "对这个决定不服的，可以在收到决定书之日起60日内申请行政复议，或者在6个月内提起行政诉讼。"
_NEXT = {
    CaseState.PRE_REVIEW: "工作人员先看材料齐不齐，看过以后会收件，或者告诉您要补什么。",
    CaseState.RECEIVED: "材料已经收下，接下来决定受理不受理，或者告诉您要补什么。",
    CaseState.ACCEPTED: "已经受理，接下来进入审查。",
    CaseState.REVIEW: "正在审查，接下来作出决定。",
    CaseState.SPECIAL: "正在走特别程序，结束以后接着审查。",
    CaseState.DECIDED: "决定已经作出，接下来办结、出结果。",
    CaseState.MADE: "证件已经做好。",
    CaseState.WITHDRAWN: "这件申请已经撤回，不再办理。还想办的话，可以重新申请。",
}


class Offer(str, Enum):
    """What the citizen can do now, the most useful first."""

    HAND_IN = "hand_in"
    URGE = "urge"
    DESK = "desk"
    FETCH = "fetch"
    RATE = "rate"


@dataclass(frozen=True)
class Explanation:
    """A case explained: the sentences in order, the expected day if one can be told, and what the citizen can do."""

    state: CaseState
    sentences: tuple[str, ...]
    timetable: Timetable
    offers: tuple[Offer, ...]

    @property
    def expected(self) -> date | None:
        """The last promised day (with the clock stopped or not started: if it went on today)."""
        return self.timetable.due

    @property
    def text(self) -> str:
        """All sentences, a line each."""
        return "\n".join(self.sentences)


def explain_case(case: Case, today: date) -> Explanation:
    """Explain a case as of a day in Shaanxi."""
    table = make_timetable(case, today)
    sentences = [f"{case.item_name}：{case.state.label}，从{tell_date(local_date(case.since), today)}开始。"]
    if case.state.is_open and (case.desk or case.step):
        sentences.append(_who(case))
    sentences += _next(case, today)
    sentences += _time(case, table, today)
    if case.state.is_open and table.late:
        sentences.append(
            "今天已经替您催过了，每件每天可以催一次；还不放心，可以转人工。"
            if case.urged_on == today
            else "让您久等了。您可以催办（每件每天一次），也可以转人工。"
        )
    if case.state.is_finished and not case.rated:
        sentences.append("办得怎么样，欢迎您评价。")
    return Explanation(case.state, tuple(sentences), table, _offers(case, table, today))


def tell_date(day: date, today: date) -> str:
    """Give a day as people say it: with its weekday, and its year if it is another."""
    year = f"{day.year}年" if day.year != today.year else ""
    return f"{year}{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


def _who(case: Case) -> str:
    if case.desk and case.step:
        return f"现在在{case.desk}，办到“{case.step}”。"
    return f"现在在{case.desk}。" if case.desk else f"现在办到“{case.step}”。"


def _next(case: Case, today: date) -> list[str]:
    """Say what happens next, or what it came to."""
    note = next((event.note for event in reversed(case.events) if event.state is case.state and event.note), "")
    if case.state is CaseState.CORRECTION:
        return _correction(case, today)
    if case.state is CaseState.REJECTED:
        return [f"不受理的原因：{note}。" if note else "不受理的原因写在通知书里。", "条件齐了可以重新申请。", _REMEDIES]
    if case.state is CaseState.REFUSED:
        return [f"没有批准的原因：{note}。" if note else "没有批准的原因写在决定书里。", _REMEDIES]
    if case.state is CaseState.SPECIAL and note:
        return [f"正在走特别程序：{note}，结束以后接着审查。"]
    if case.state in {CaseState.GRANTED, CaseState.MADE}:
        return [*([_NEXT[CaseState.MADE]] if case.state is CaseState.MADE else ["申请已经批准。"]), _fetch(case.result)]
    if case.state is CaseState.DELIVERED:
        return [_delivered(case.result)]
    return [_NEXT[case.state]]


def _correction(case: Case, today: date) -> list[str]:
    if not case.missing:
        return ["还要补材料，补什么以补正通知书为准。"]
    items = "；".join(f"{m.name}（{m.reason}）" if m.reason else m.name for m in case.missing)
    if case.correction_due_on is None:
        return [f"请补交：{items}。"]
    words = f"请在{tell_date(case.correction_due_on, today)}以前补交：{items}。"
    return [words, "补交的日子已经过了，请尽快联系窗口。"] if today > case.correction_due_on else [words]


def _fetch(result: CaseResult | None) -> str:
    if result is None:
        return "结果怎么领，以办结通知为准。"
    if result.fetching is Fetching.POST:
        number = f"，快递单号{result.delivery_number}" if result.delivery_number else "，寄出以后会有快递单号"
        return f"{result.name}邮寄给您{number}。"
    if result.fetching is Fetching.ELECTRONIC:
        return f"{result.name}是电子的，登录{result.place or '办事平台'}就能看、能下载。"
    return f"带上身份证和受理回执，到{result.place or '受理窗口'}领{result.name}。"


def _delivered(result: CaseResult | None) -> str:
    if result is None:
        return "结果已经送达。"
    number = f"，快递单号{result.delivery_number}" if result.delivery_number else ""
    return f"{result.name}已经送达{number}。"


def _time(case: Case, table: Timetable, today: date) -> list[str]:
    """Say how the promised time stands."""
    promised = f"承诺{case.promised_days}个工作日办结" if case.promised_days else "这是即办件，受理当天办结"
    if table.clock is Clock.NONE:
        return []
    if table.clock is Clock.FINISHED:
        return _finished_time(case, table)
    if table.clock is Clock.NOT_STARTED:
        words = f"办理时限从受理的第二天算起，{promised}。" if case.promised_days else f"{promised}。"
        return [words, *_if_today("受理", table, today)]
    if table.clock is Clock.STOPPED:
        return [*_stopped_time(case, table, today)]
    if table.due is None:
        return [f"{promised}，到{(table.unknown_year or 0) - 1}年底还剩{table.left_in_unknown}个。", _unknown(table)]
    paused = f"，中间有{table.paused}个工作日按规定不算" if table.paused else ""
    if not table.late:
        left = f"还剩{table.remaining}个工作日" if table.remaining else "今天是最后一天"
        used = f"，已经用了{table.used}个" if case.promised_days else ""
        return [f"{promised}{used}{paused}。最晚{tell_date(table.due, today)}办完，{left}。"]
    past = f"超过{table.late_by}个工作日" if table.late_by else "过期"
    return [f"{promised}{paused}，最晚应当在{tell_date(table.due, today)}办完，现在已经{past}。"]


def _stopped_time(case: Case, table: Timetable, today: date) -> list[str]:
    why = "补材料" if case.state is CaseState.CORRECTION else "特别程序"
    if table.late and table.due:
        return [f"最晚应当在{tell_date(table.due, today)}办完，停下计时以前就已经过期。"]
    words = f"{why}的时间不算在办理时限里：承诺{case.promised_days}个工作日，已经用了{table.used}个，还剩{table.remaining}个。"
    return [words, *_if_today("补齐" if case.state is CaseState.CORRECTION else "结束", table, today)]


def _if_today(what: str, table: Timetable, today: date) -> list[str]:
    if table.due:
        return [f"如果今天{what}，最晚{tell_date(table.due, today)}办完。"]
    return [_unknown(table)]


def _unknown(table: Timetable) -> str:
    return (
        f"{table.unknown_year}年的放假和调休安排还没有装进系统，跨到那一年的日子算不准，"
        "所以现在说不出哪一天办完；装入以后再问就能算出来。"
    )


def _finished_time(case: Case, table: Timetable) -> list[str]:
    if table.unknown_year and not table.late:
        return []
    if case.promised_days == 0:
        return ["这是即办件，当天办结的。"] if not table.late else ["这是即办件，没有做到当天办结，很抱歉。"]
    paused = f"（另有{table.paused}个工作日按规定不算）" if table.paused else ""
    if table.late:
        over = f"超过了{table.late_by}个工作日" if table.late_by else "过了承诺的日子"
        return [f"承诺{case.promised_days}个工作日{paused}，{over}，很抱歉。"]
    return [f"承诺{case.promised_days}个工作日，实际用了{table.used}个{paused}。"]


def _offers(case: Case, table: Timetable, today: date) -> tuple[Offer, ...]:
    offers = []
    if case.state is CaseState.CORRECTION:
        offers.append(Offer.HAND_IN)
    if case.state.is_open and table.late:
        offers += [Offer.DESK] if case.urged_on == today else [Offer.URGE, Offer.DESK]
    if case.state in {CaseState.GRANTED, CaseState.MADE}:
        offers.append(Offer.FETCH)
    if case.state.is_finished and not case.rated:
        offers.append(Offer.RATE)
    return tuple(offers)
