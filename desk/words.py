"""What the citizen reads about the desk: the queue, leaving a message, who comes and goes. Nothing here decides anything."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from desk.desks import Desk
from desk.forecasts import QueuePlace
from desk.vocabulary import RatingLevel
from qinwen.clock import SHAANXI
from qinwen.replies import Choice, Reply

LEAVE_MESSAGE, KEEP_WAITING, BACK_TO_BOT = "留言", "继续等", "回到机器人"
ASK_FOR_PERSON = "转人工"
OFFER = "要不要请坐席来接着办？"
_WEEKDAYS = "一二三四五六日"
_IN_QUEUE = (Choice("继续等", KEEP_WAITING), Choice("留言，晚些答复我", LEAVE_MESSAGE), Choice("不等了，问机器人", BACK_TO_BOT))
_NO_MESSAGE = (Choice("不留言了", BACK_TO_BOT),)


def queued(desk: Desk, place: QueuePlace | None) -> Reply:
    """Say that somebody is in the queue, where, and how long it will take."""
    return Reply("choices", f"已为您转到{desk.name}。{_standing(place)}前面聊的内容坐席都能看到，不用再说一遍。", _IN_QUEUE)


def still_queued(place: QueuePlace | None) -> Reply:
    """Say it again, to somebody who writes while waiting."""
    return Reply("choices", f"这句我替您记下了，坐席一来就能看到。{_standing(place)}", _IN_QUEUE)


def leave_a_message(desk: Desk) -> Reply:
    """Ask for the message."""
    return Reply(
        "choices",
        f"请把要问的事在一条消息里说清楚，发出来就是给{desk.name}的留言，{desk.answer_days} 个工作日内答复您。",
        _NO_MESSAGE,
    )


def closed(desk: Desk, opens_at: datetime | None, moment: datetime) -> Reply:
    """Say that nobody is there now, when somebody is, and ask for a message."""
    opens = f"下次上班是{say_moment(opens_at, moment)}。" if opens_at else ""
    return Reply(
        "choices",
        f"{desk.name}现在不在服务时间。{opens}您可以留言：把要问的事在一条消息里说清楚发给我，"
        f"上班后 {desk.answer_days} 个工作日内答复您。急事请打 12345。",
        _NO_MESSAGE,
    )


def offered(choice: Choice, *, upset: bool) -> Reply:
    """Offer a person to somebody whom the bot did not help."""
    begin = "听得出您着急了，实在对不住。" if upset else "连着几次没帮上您，实在对不住。"
    return Reply("choices", f"{begin}{OFFER}前面说的坐席都看得到，不用再说一遍。", (choice,))


def closed_for_complaint(desk: Desk, opens_at: datetime | None, moment: datetime) -> Reply:
    """Say to somebody who complains that nobody is there now, and how to be heard."""
    opens = f"下次上班是{say_moment(opens_at, moment)}。" if opens_at else ""
    return Reply(
        "choices",
        f"听得出这事让您着急上火了。{desk.name}现在不在服务时间。{opens}您可以给坐席留言，上班后答复您；"
        "要投诉，请打 12345 热线，说清时间、地点和经过，会有单位限期答复您。",
        (Choice("给人工留言", ASK_FOR_PERSON),),
    )


def message_taken(desk: Desk, number: int, due_on: date) -> Reply:
    """Say that the message was taken, its number, and until when it is answered."""
    return Reply(
        "text",
        f"留言收到了，编号 {number}。{desk.name}最晚 {due_on.month} 月 {due_on.day} 日答复，答复会直接发到这里。"
        "这期间有别的事，还可以接着问我。",
    )


def back_to_bot() -> Reply:
    """Say that the bot is there again, to somebody who left the queue."""
    return Reply("text", "好的，不排队了，我接着帮您。您想问什么？还想找人，随时说「转人工」。")


def given_back() -> Reply:
    """Say that a person ended the service just as the citizen wrote."""
    return Reply("text", "刚才的人工服务已经结束，您这句话坐席没有看到。请再发一次，我来答；还要找人，请说「转人工」。")


def emergency(number: str | None) -> Reply:
    """Say which number to call; nobody queues with an emergency."""
    return Reply("text", f"情况紧急，请马上拨打 {number or '110'}。请先保证自己和身边人的安全。")


def cooling_down(until: datetime, moment: datetime) -> Reply:
    """Say until when the desk does not take somebody."""
    return Reply("text", f"人工服务对您暂停到{say_moment(until, moment)}。这期间我照常回答办事问题；急事请打 12345。")


def agent_came(desk: Desk) -> Reply:
    """Say that a person is there."""
    return Reply("text", f"{desk.name}的坐席来了，下面由人工为您服务。")


def taken_over(desk: Desk) -> Reply:
    """Say that another person goes on."""
    return Reply("text", f"下面由{desk.name}的班长接着为您服务，前面说的都在，不用重说。")


def moved(desk: Desk) -> Reply:
    """Say that another desk goes on."""
    return Reply("text", f"您的事转到了{desk.name}，那边会有坐席接着办，前面说的都在，不用重说。")


def back_in_queue(desk: Desk) -> Reply:
    """Say that the agent is gone and somebody else comes."""
    return Reply("text", f"刚才的坐席没能及时回复您，实在抱歉。已经把您排到{desk.name}的最前面，换一位坐席接着办。")


def nobody_left(desk: Desk, opens_at: datetime | None, moment: datetime) -> Reply:
    """Say to somebody in the queue that the desk closes now."""
    return Reply("choices", f"对不起，没等到坐席就下班了。{closed(desk, opens_at, moment).text}", _NO_MESSAGE)


def no_message_came() -> Reply:
    """Say that no message is expected any more."""
    return Reply("text", "没有等到您的留言，先不等了。我还在，您想问什么直接说；还想找人，随时说「转人工」。")


def service_ended() -> Reply:
    """Say that the person ended the service, and ask for a rating."""
    levels = tuple(Choice(level.label, f"评价：{level.label}") for level in RatingLevel)
    return Reply("choices", "这次人工服务结束了，我接着陪您。给刚才的服务打个分吧：", levels)


def say_moment(moment: datetime, now: datetime) -> str:
    """Say a moment to a citizen: 今天 14:00, 明天 9:00, 10 月 9 日（周五）9:00."""
    local, today = moment.astimezone(SHAANXI), now.astimezone(SHAANXI).date()
    clock = f"{local.hour}:{local.minute:02d}"
    if local.date() == today:
        return f"今天 {clock}"
    if local.date() == today + timedelta(days=1):
        return f"明天 {clock}"
    return f" {local.month} 月 {local.day} 日（周{_WEEKDAYS[local.weekday()]}）{clock}"


def standing(place: QueuePlace) -> str:
    """Say on the page, while somebody waits, where they stand now and how long it may still take."""
    before = f"您前面还有 {place.ahead} 位" if place.ahead else "您排在第一位"
    if place.wait is None:
        return f"正在排队：{before}；坐席暂时都不在，要等多久说不准"
    return f"正在排队：{before}，大约还要等 {place.wait.describe()}".replace("等 两", "等两")


def _standing(place: QueuePlace | None) -> str:
    if place is None:
        return ""
    before = f"您前面还有 {place.ahead} 位" if place.ahead else "您排在第一位"
    if place.wait is None:
        return f"{before}。坐席暂时都不在，要等多久说不准。"
    return f"{before}，大约要等 {place.wait.describe()}（十次里有八次在这个范围）。".replace("等 两", "等两")
