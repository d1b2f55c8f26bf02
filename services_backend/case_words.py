"""What citizens read about cases and appointments. One sentence stands in one place: known and unknown numbers share theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from qinwen.clock import SHAANXI, today
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from services_backend.appointments import Appointment
from services_backend.case_numbers import print_case_number
from services_backend.cases import Case, CasePage, CaseSummary, local_date
from services_backend.explaining import Explanation, Offer, tell_date
from services_backend.keeping import KnownCase
from services_backend.talk_state import CaseAnswer, say
from services_backend.vocabulary import CaseState

DESK, BIND, LIST, UNBIND, BOOK = "转人工", "绑定身份", "我的办件", "解除绑定", "预约办事"
SUBMIT, NO_REASON = "就这些，提交评价", "没有原因，直接提交"

ASK_NUMBER = (
    "请告诉我办件编号：受理回执上SN开头、后面14位数字的那一串，怎么分段写都行。"
    "没有编号，可以用回执上的绑定码绑定身份，再说“我的办件”。"
)
ASK_NUMBER_TO_BIND = (
    "绑定身份以后，说“我的办件”就能看全部办件，有进展我也会告诉您。请发回执上的10位绑定码；没有绑定码，发办件编号，用短信验证。"
)
NOT_A_NUMBER = "这不像是我们的办件编号：它是SN开头、后面14位数字。请照着受理回执再发一次。"
ASK_LAST4 = (
    "为了不让别人看到您的办件，要先核对身份。请发申请人身份证号的后四位（只用来核对，不会留在聊天记录里）。"
    "编号发错了，直接再发一次就行。"
)
WRONG_LAST4 = "这一步要的是身份证号的后四位，比如 1234 或 123X。请再发一次。"
ASK_CODE = "好的。编号和后四位对得上的话，一条6位数的验证码已经发到申请时留的手机上，5分钟内有效。请把它发给我。"
WRONG_CODE = "这一步要的是短信里的6位验证码。请再发一次；没收到，就说“重发验证码”。"
RESEND = "要重发，请再发一次身份证号的后四位。手机号换过的，请带身份证到受理窗口更新，或者说“转人工”。"
NOT_FOUND = "没有查到：办件编号、身份证后四位或验证码对不上。请照着回执核对，再发一次验证码，或者重新发编号。"
NOT_FOUND_END = (
    "还是没有查到：办件编号、身份证后四位或验证码对不上。先停在这里，免得把次数用完。"
    "请照着受理回执核对以后再来，也可以带身份证到受理窗口查，或者说“转人工”。"
)
OTHER_WAYS = "急着知道，可以带身份证到受理窗口查，或者说“转人工”。"
PROVED = "身份核对好了，谢谢您。坐席只看得到“已核实”，看不到您发的数字。"
ASK_NUMBER_TO_PROVE = (
    "坐席要先核对您的身份。请发办件编号（受理回执上SN开头、后面14位数字），再用身份证后四位和短信验证码核对；"
    "也可以直接发回执上的10位绑定码。坐席看不到您发的后四位、验证码和绑定码。"
)
AGENT_STOPPED = "坐席先不办这一步了，刚才问您的不用再答。"
DROPPED = "好的，这件事先放下。您还想问什么？"
DOWN_FOR_NOW = "办件系统暂时连不上，这件事现在没有办完。请过一会儿再说一次，同一件事不会做两遍；着急可以打12345。"
OURS = "办件系统没有接受这次查询，已经记下来让人去修。请先打12345问。"
NUMBER_FIRST = "您是要查办件吗？请先告诉我办件编号，我再核对身份。刚才的数字没有留下来。"
BINDING_OVER = "您的身份绑定已经失效，请重新绑定。"
BAD_BINDING_CODE = "这个绑定码不对，或者已经用过、过期了。请照着回执再发一次，也可以发办件编号，用短信验证来绑定。"
NOT_BOUND = "您现在没有绑定身份。"
BIND_SHOWN = "看全部办件要先绑定身份。您刚才已经核对过，点“绑定身份”就行；有进展我也会告诉您。"
UNBOUND = "已经解除绑定：我这里不再能看到您的办件，也不再发办件通知。"
NOTICES_OFF = "好的，以后办件有进展我不再主动告诉您。想恢复，说“打开通知”。"
NOTICES_ON = "好的，以后办件有进展我会主动告诉您。不想要了，说“别给我发通知”。"
NO_NOTICES_UNBOUND = "好的。您没有绑定身份，我本来就不会主动给您发通知。"
NO_NOTICES_YET = "要收到通知，先要绑定身份。"
REMINDERS = {
    "number": "刚才的事还没完：请发办件编号（SN开头）。不办了就说“取消”。",
    "last4": "刚才查的办件还等着核对身份：请发身份证号的后四位。不查了就说“取消”。",
    "code": "刚才查的办件还等着短信验证码：请把6位数字发给我。不查了就说“取消”。",
    "case": "刚才查的办件还没选：想细看哪一件？不查了就说“取消”。",
    "level": "刚才的评价还没完：您满意吗？不评了就说“取消”。",
    "reasons": "刚才的评价还没提交：有什么原因要说吗？",
    "item": "刚才的预约还没完：您要办什么事？不约了就说“取消”。",
    "hall": "刚才的预约还没完：您去哪个大厅？不约了就说“取消”。",
    "day": "刚才的预约还没完：您哪天去？不约了就说“取消”。",
    "time": "刚才的预约还没完：您几点去？不约了就说“取消”。",
    "which": "刚才要取消的预约是哪一个？不取消了就说“算了”。",
}


def tell_case(case: Case, explained: Explanation, *, bound: bool) -> CaseAnswer:
    """Show a case: a card with the sentences, the facts and the way so far, then what the citizen can do."""
    printed = print_case_number(case.number)
    facts = [
        f"· 办件编号：{printed}",
        f"· 申请人：{case.applicant}",
        f"· 申报：{_day(case.submitted_at)}",
        *([f"· 受理：{_day(case.accepted_at)}"] if case.accepted_at else []),
        f"· 承诺时限：{f'{case.promised_days}个工作日' if case.promised_days else '当天办结'}",
    ]
    way = [f"· {_day(event.at)} {event.state.label}{f'：{event.note}' if event.note else ''}" for event in case.events]
    title = f"{case.item_name} · {case.state.label}"
    card = Reply("card", "\n".join([title, *explained.sentences, "【办件信息】", *facts, "【办理经过】", *way]))
    choices = {
        Offer.HAND_IN: ("还要带什么材料", f"{case.item_name}要带什么材料"),
        Offer.URGE: ("催办", f"催办 {printed}"),
        Offer.DESK: (DESK, DESK),
        Offer.RATE: ("评价这次办事", f"评价 {printed}"),
    }
    offered: list[str | tuple[str, str]] = [choices[offer] for offer in explained.offers if offer in choices]
    if bound:
        offered.append(LIST)
    else:
        offered.append(BIND)
    more = say(Outcome.CASE_STATUS, "接下来您可以：", *offered)
    return CaseAnswer(Outcome.CASE_STATUS, (card, *more.replies), item=case.item)


def tell_known(known: Sequence[KnownCase]) -> CaseAnswer:
    """Tell how cases stood when the citizen last saw them, and promise the news."""
    seen = [
        f"{moment(one.seen_at)}我看到的是：{one.item_name}（{print_case_number(one.number)}）"
        f"{one.state.label}，从{tell_date(local_date(one.since), today())}开始"
        for one in known
    ]
    end = "现在可能已经变了。系统恢复了，我马上把最新的情况告诉您。"
    if len(seen) == 1:
        return say(Outcome.CASE_STATUS, f"办件系统暂时连不上。{seen[0]}；{end}")
    return say(Outcome.CASE_STATUS, "\n".join(["办件系统暂时连不上。", *(f"· {one}" for one in seen), end]))


def promise_words() -> CaseAnswer:
    """Say that nothing can be seen now, and that we will tell."""
    return say(Outcome.ERROR, "办件系统暂时连不上，现在查不到，不能瞎说。它恢复了，我会马上告诉您；着急可以打12345。")


def tell_list(page: CasePage, applicant: str) -> CaseAnswer:
    """List a bound citizen's cases, with a choice for each."""
    if not page.cases:
        return say(Outcome.CASE_STATUS, f"{applicant}名下现在没有办件。")
    pages = -(-page.total // page.size)
    title = f"{applicant}的办件（共{page.total}件）" + (f"，第{page.page}页" if pages > 1 else "")
    lines = [
        f"· {case.item_name}：{case.state.label}，从{tell_date(local_date(case.since), today())}开始" + _due(case)
        for case in page.cases
    ]
    choices: list[str | tuple[str, str]] = [
        (f"{case.item_name}（尾号{case.number[-4:]}）", f"查 {print_case_number(case.number)}") for case in page.cases
    ]
    if page.page < pages:
        choices.append(("下一页", f"我的办件 第{page.page + 1}页"))
    asked = say(Outcome.CASE_STATUS, "想细看哪一件？", *choices)
    return CaseAnswer(Outcome.CASE_STATUS, (Reply("card", "\n".join([title, *lines])), *asked.replies))


def _due(case: CaseSummary) -> str:
    """Say by when a case is to be done; while its clock stands still there is no such day."""
    day = case.promised_due_on
    if day is None or not case.state.is_open or case.state in {CaseState.CORRECTION, CaseState.SPECIAL}:
        return ""
    told = tell_date(day, today())
    return f"，最晚{told}办完" if day >= today() else f"，应当在{told}办完，已经过期"


def slot_words(starts_at: datetime) -> str:
    """Give a time as people say it: 11月25日（周三）09:30."""
    local = starts_at.astimezone(SHAANXI)
    return f"{tell_date(local.date(), today())}{local:%H:%M}"


def appointment_line(appointment: Appointment) -> str:
    """Give an appointment in one line."""
    return f"{slot_words(appointment.starts_at)} {appointment.hall.name}"


def moment(at: datetime) -> str:
    """Give a moment as people say it."""
    local = at.astimezone(SHAANXI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def day_words(day: date) -> str:
    """Give a day as people say it."""
    return tell_date(day, today())


def _day(at: datetime) -> str:
    return tell_date(local_date(at), today())
