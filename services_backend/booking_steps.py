"""Appointments by conversation: what for, which hall, which day, which time; listing and cancelling them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from qinwen.clock import SHAANXI, now, today
from qinwen.vocabulary import Outcome
from services_backend import case_words as words
from services_backend.appointments import Appointment, Hall, Slot
from services_backend.errors import NotPossible
from services_backend.said import read_day, read_time
from services_backend.talk_state import CaseAnswer, say
from services_backend.talk_turn import TalkTurn

_DAYS = 14
_MOST_DAYS = 7
_CONFIRMED = re.compile(r"(?:是|对|好|嗯|确定|取消|就是?它|就?这个)+[的吧了]*")
_MAYBE_TIME = re.compile(r"[\d一二三四五六七八九十两今明后]|天|周|星期|礼拜|点|半")
_AGAIN = {"slot_full", "slot_unknown", "appointment_exists"}


async def begin_booking(turn: TalkTurn, item: str | None, region: str | None) -> CaseAnswer:
    """Begin to book: for an item, at a hall."""
    talk = turn.talk
    talk.clear()
    talk.aim = "book"
    talk.key = turn.key("book", turn.question.turn)
    talk.region = region or ""
    if not item:
        talk.begin("item")
        return say(Outcome.ASK_SLOT, "好的，约个时间去办事。您要办什么事？比如：换身份证、办护照。")
    return await take_item(turn, item, region)


async def take_item(turn: TalkTurn, item: str, region: str | None) -> CaseAnswer:
    """Take what the appointment is for, and ask for the hall."""
    turn.talk.item = item
    turn.talk.region = region or turn.talk.region
    halls = await turn.backend.list_halls()
    found = _halls_named(halls, turn.question.text, turn.talk.region)
    title = await _title(turn, item)
    if len(found) == 1:
        return await _ask_day(turn, found[0].hall, found[0].name, title)
    turn.talk.begin("hall", choices={hall.name: hall.hall for hall in found})
    return say(Outcome.ASK_SLOT, f"{title}您去哪个大厅？要办别的事，直接说办什么。", *[hall.name for hall in found])


async def take_hall(turn: TalkTurn) -> CaseAnswer | None:
    """Take the hall, and ask for the day."""
    choices = turn.talk.choices
    text = turn.question.text.strip()
    named = [name for name in choices if name == text] or [
        name for name in choices if any(part and part in text for part in _names_in(name))
    ]
    if len(named) != 1:
        return None
    return await _ask_day(turn, choices[named[0]], named[0])


async def take_day(turn: TalkTurn) -> CaseAnswer | None:
    """Take the day, and ask for the time."""
    if not _MAYBE_TIME.search(turn.question.text):
        return None
    slots = await _slots(turn)
    days = _days(slots)
    day = read_day(turn.question.text, today(), days)
    if day is None:
        return None
    return await _ask_time(turn, slots, day)


async def take_time(turn: TalkTurn) -> CaseAnswer | None:
    """Take the time, and book it."""
    if not _MAYBE_TIME.search(turn.question.text):
        return None
    slots = await _slots(turn)
    another = read_day(turn.question.text, today(), _days(slots))
    day = another or date.fromisoformat(turn.talk.day)
    here = {_local(slot.starts_at).time(): slot for slot in slots if _local(slot.starts_at).date() == day}
    at = read_time(turn.question.text, list(here))
    if at is None:
        return await _ask_time(turn, slots, another) if another else None
    talk = turn.talk
    try:
        made = await turn.backend.book(here[at].slot, talk.item, turn.citizen, turn.key(talk.key, here[at].slot))
    except NotPossible as error:
        if error.code in _AGAIN:
            answer = await _ask_time(turn, await _slots(turn), day)
            return say(
                Outcome.ASK_SLOT,
                error.message + answer.replies[0].text,
                *[choice.title for choice in answer.replies[0].choices],
            )
        talk.clear()
        return say(Outcome.ACKNOWLEDGED, error.message, "我的预约")
    talk.clear()
    return say(
        Outcome.ACKNOWLEDGED,
        f"约好了：{await _title(turn, made.item)}{words.appointment_line(made)}（{made.hall.address}）。"
        f"取号码 {made.pickup_code}，到了在取号机上输它。"
        "带上身份证原件和要交的材料；去不了请提前取消，把位置让给别人。",
        "我的预约",
        "取消预约",
    )


async def list_appointments(turn: TalkTurn) -> CaseAnswer:
    """List the citizen's appointments to come."""
    turn.talk.aim = "book"
    mine = await _upcoming(turn)
    if not mine:
        return say(Outcome.ACKNOWLEDGED, "您现在没有预约。", words.BOOK)
    lines = [f"· {words.appointment_line(one)}，取号码 {one.pickup_code}" for one in mine]
    return say(Outcome.ACKNOWLEDGED, "\n".join(["您的预约：", *lines]), "取消预约")


async def begin_cancelling(turn: TalkTurn) -> CaseAnswer:
    """Cancel the one appointment that is named, or ask which."""
    turn.talk.aim = "book"
    mine = await _upcoming(turn)
    turn.talk.clear()
    if not mine:
        return say(Outcome.ACKNOWLEDGED, "您现在没有可以取消的预约。", words.BOOK)
    turn.talk.begin("which", choices={_cancel_words(one): one.appointment for one in mine})
    if re.search("所有|全部|都", turn.question.text):
        return await _cancel(turn, mine)
    named = [one for one in mine if _is_named(one, turn.question.text)]
    if len(named) == 1:
        return await _cancel(turn, named)
    return say(Outcome.ASK_SLOT, "要取消哪一个？", *[_cancel_words(one) for one in mine], "都不取消")


async def take_which(turn: TalkTurn) -> CaseAnswer | None:
    """Take which appointment is to be cancelled."""
    text = turn.question.text.strip()
    meant = _CONFIRMED.fullmatch(text)
    if re.fullmatch(r"都?不(?:取消|要取消|退)了?|算了", text):
        turn.talk.clear()
        return say(Outcome.ACKNOWLEDGED, "好的，预约都还在。", "我的预约")
    if not meant and text not in turn.talk.choices and not _MAYBE_TIME.search(text):
        return None
    mine = [one for one in await _upcoming(turn) if one.appointment in turn.talk.choices.values()]
    named = [one for one in mine if turn.talk.choices.get(text) == one.appointment] or [
        one for one in mine if _is_named(one, text)
    ]
    if len(mine) == 1 and meant:
        named = mine
    return await _cancel(turn, named) if len(named) == 1 else None


async def _cancel(turn: TalkTurn, appointments: Sequence[Appointment]) -> CaseAnswer:
    for one in appointments:
        await turn.backend.cancel(one.appointment, turn.citizen)
    turn.talk.clear()
    lines = "；".join(words.appointment_line(one) for one in appointments)
    return say(Outcome.ACKNOWLEDGED, f"已经取消：{lines}。", words.BOOK)


async def _title(turn: TalkTurn, item: str) -> str:
    """Say in front of a sentence what an appointment is for; nothing where the item has no title."""
    title = await turn.room.keep(lambda session: turn.room.item_title(session, item))
    return f"办“{title}”，" if title else ""


async def _ask_day(turn: TalkTurn, hall: str, name: str, title: str = "") -> CaseAnswer:
    turn.talk.hall = hall
    slots = await _slots(turn)
    days = _days(slots)
    if not days:
        turn.talk.clear()
        return say(Outcome.ACKNOWLEDGED, f"{name}这两周都约满了。可以过几天再看，也可以约别的大厅。", words.BOOK)
    if named := read_day(turn.question.text, today(), days):
        return await _ask_time(turn, slots, named)
    shown = [words.day_words(day) for day in days[:_MOST_DAYS]]
    turn.talk.begin("day", choices=dict.fromkeys(shown, ""))
    return say(Outcome.ASK_SLOT, f"{title}{name}，您哪天去？", *shown)


async def _ask_time(turn: TalkTurn, slots: Sequence[Slot], day: date) -> CaseAnswer:
    times = [_local(slot.starts_at) for slot in slots if _local(slot.starts_at).date() == day]
    if not times:
        return await _ask_day(turn, turn.talk.hall, "这天约满了")
    shown = [f"{at:%H:%M}" for at in times]
    turn.talk.begin("time", day=day.isoformat(), choices=dict.fromkeys(shown, ""))
    return say(Outcome.ASK_SLOT, f"{words.day_words(day)}，几点去？", *shown)


async def _slots(turn: TalkTurn) -> Sequence[Slot]:
    return await turn.backend.list_slots(turn.talk.hall, today(), _DAYS)


async def _upcoming(turn: TalkTurn) -> list[Appointment]:
    moment = now()
    return [
        one for one in await turn.backend.list_appointments(turn.citizen) if one.state == "booked" and one.starts_at > moment
    ]


def _halls_named(halls: Sequence[Hall], text: str, region: str) -> Sequence[Hall]:
    """Give the halls that a text or a region means; all where it means none."""
    named = [hall for hall in halls if any(part in text for part in _names_in(hall.name))]
    regional = [hall for hall in halls if region and hall.region[:4] == region[:4]] if region[2:] != "0000" else []
    exact = [hall for hall in regional if hall.region == region]
    return named or (exact if len(exact) == 1 else regional) or halls


def _names_in(name: str) -> list[str]:
    """Give the names under which a hall may be meant: its own, its place's."""
    place = re.split("政务|市民|便民", name)[0]
    short = re.sub(r"[市县区]$", "", place.split("市")[-1] or place)
    return [part for part in (name, place, short) if len(part) > 1]


def _days(slots: Sequence[Slot]) -> list[date]:
    return sorted({_local(slot.starts_at).date() for slot in slots})


def _local(at: datetime) -> datetime:
    return at.astimezone(SHAANXI)


def _cancel_words(one: Appointment) -> str:
    return f"取消 {words.appointment_line(one)}"


def _is_named(one: Appointment, text: str) -> bool:
    local = _local(one.starts_at)
    day = read_day(text, today(), [local.date()])
    at = read_time(text, [local.time().replace(second=0, microsecond=0)])
    return bool(day or at)
