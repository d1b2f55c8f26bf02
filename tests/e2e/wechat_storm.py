"""A storm over the WeChat way: many citizens at once, a disorderly network, processes killed at seeded moments; and the
reckoning afterwards, which compares what the ledger says with what the simulated platform saw on the phones.
"""

from __future__ import annotations

import asyncio
import random
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from conversations.models import Citizen, Delivery, Turn
from qinwen.database import Database
from tests.wechat_platform import Bubble, Phone, Platform, Push

QUESTIONS = (
    "身份证丢了咋办", "护照多少钱", "那要带啥", "居住证去哪办", "网上能办不", "你好", "社保卡补办几天", "谢谢", "公积金咋提",
    "要本人去吗", "给娃上户口要啥", "医保异地咋备案", "2", "生孩子有啥补贴", "驾照到期了", "今天天气真好", "退休咋办", "嗯",
)  # fmt: skip
# After the last kill everything starts anew, and each turn that waits for the engine waits its half minute.
SETTLED_WITHIN = 300
_OPEN = ("waiting", "offered", "due", "sending")


@dataclass
class Reckoning:
    """What a storm came to; every list of wrongs must be empty.

    `lost` counts answers that were written to a connection that broke at the platform's third and last attempt: nobody can
    know of those, and a push besides would double the ones that did arrive. `unreached` counts messages whose three attempts
    all met a gateway that was down: on a busy machine it may be away for longer than the platform tries.
    """

    messages: int = 0
    delivered: int = 0
    parked: int = 0
    lost: int = 0
    unreached: int = 0
    pushed: int = 0
    wrongs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Strike:
    """How to kill something, and how often beside the others; `gateway` is its address, if it is one."""

    kill: Callable[[], None]
    weight: int
    gateway: str = ""


@dataclass(frozen=True)
class Outage:
    """When a gateway was killed and when it answered again, unix seconds."""

    gateway: str
    began: float
    ended: float


async def talk(platform: Platform, citizen: int, messages: int, chance: random.Random) -> None:
    """Let one citizen send their messages: mostly one after another, sometimes several in a second."""
    phone = platform.phone(f"oStorm{citizen:04d}")
    sent = 0
    await asyncio.sleep(chance.uniform(0, 5))
    while sent < messages:
        burst = min(messages - sent, chance.choice((1, 1, 1, 2, 3)))
        acts = []
        for _ in range(burst):
            kind = chance.random()
            if kind < 0.05:
                acts.append(phone.sends_image())
            elif kind < 0.1:
                acts.append(phone.sends_voice(chance.choice(QUESTIONS)))
            else:
                acts.append(phone.says(chance.choice(QUESTIONS)))
        await asyncio.gather(*acts)
        sent += burst
        await asyncio.sleep(chance.uniform(2, 11))


async def ready(gateway: str) -> None:
    """Wait until a gateway answers."""
    for _ in range(300):
        with suppress(OSError):
            await asyncio.to_thread(urllib.request.urlopen, gateway.replace("/wechat", "/healthz"), timeout=2)
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{gateway} does not start")


async def strike(strikes: Sequence[Strike], every: float, chance: random.Random, outages: list[Outage]) -> None:
    """Kill something now and then, for ever, and write down when a gateway was away. It comes back before the next strike:
    the platform asks three times in ten seconds, and nobody can answer what never reached them.
    """
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * every)
        victim = chance.choices(strikes, [one.weight for one in strikes])[0]
        began = time.time()
        await asyncio.to_thread(victim.kill)
        if victim.gateway:
            try:
                await ready(victim.gateway)
            finally:
                outages.append(Outage(victim.gateway, began, time.time()))


async def settle(database: Database) -> None:
    """Wait until the ledger has nothing open: every turn ended, every delivery sent or put away."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        with database.session() as session:
            turns = session.scalars(select(Turn.state).where(Turn.state != "done")).all()
            due = session.scalars(select(Delivery.state).where(Delivery.state.in_(_OPEN))).all()
        if not turns and not due:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"the ledger does not settle: {len(turns)} turns open, deliveries {sorted(due)}")


def reckon(platform: Platform, database: Database, outages: Sequence[Outage]) -> Reckoning:
    """Compare the phones with the ledger."""
    result = Reckoning()
    with database.session() as session:
        for phone in platform.phones.values():
            citizen = session.scalar(select(Citizen.id).where(Citizen.channel == "wechat", Citizen.address == phone.openid))
            turns = session.scalars(select(Turn).where(Turn.citizen_id == citizen)).all()
            rows = session.scalars(select(Delivery).where(Delivery.citizen_id == citizen).order_by(Delivery.id)).all()
            result.messages += len(phone.pushes)
            unreached = sum(nobody_there(push, outages) for push in phone.pushes)
            result.unreached += unreached
            if not len(phone.pushes) - unreached <= len(turns) <= len(phone.pushes):
                result.wrongs.append(f"{phone.openid}: {len(phone.pushes)} messages, {len(turns)} turns, {unreached} unreached")
            answered = {row.turn_id for row in rows if row.state in {"sent", "parked"}}
            missing = [turn.id for turn in turns if turn.id not in answered]
            if missing:
                result.wrongs.append(f"{phone.openid}: turns without an answer {missing}")
            if [row.id for row in rows if row.state == "parked" and not row.reason]:
                result.wrongs.append(f"{phone.openid}: parked without a reason")
            result.delivered += sum(row.state == "sent" for row in rows)
            result.pushed += sum(row.way == "push" for row in rows)
            result.parked += sum(row.state == "parked" for row in rows)
            wrongs, lost = compare(phone, rows, {turn.id: turn.message_id.split(":")[1] for turn in turns})
            result.wrongs += wrongs
            result.lost += lost
    return result


def nobody_there(push: Push, outages: Sequence[Outage]) -> bool:
    """Tell whether each of the platform's attempts met a gateway that was down, so that the message may not have arrived."""
    return all(
        attempt.result in {"refused", "broken", "timeout"}
        and any(one.gateway == attempt.gateway and one.began < attempt.ended and attempt.started < one.ended for one in outages)
        for attempt in push.attempts
    )


def compare(phone: Phone, rows: Sequence[Delivery], messages: Mapping[str, str]) -> tuple[list[str], int]:
    """Find what a phone shows that the ledger did not send, lacks that it sent, or shows in another order; and count what
    was lost on the wire. `messages` gives the platform's id of the message of each turn.
    """
    texts = {row.id: _squeeze(row.part["text"])[:12] for row in rows}
    expected: list[tuple[list[str], bool, str]] = []
    pushes = {push.id: push for push in phone.pushes}
    lost = 0
    carrying = ""
    for row in rows:
        if row.state not in {"sent", "parked"}:
            continue
        if row.way == "reply" and row.reply_turn and row.reply_turn == carrying:
            expected[-1][0].append(texts[row.id])  # several parts in one reply are one bubble
            continue
        carrying = row.reply_turn or ""
        expected.append(([texts[row.id]], row.state == "sent", messages.get(row.reply_turn or "", "")))
    left = list(phone.received)
    wrongs = []
    for words, certain, message in expected:
        found = next((bubble for bubble in left if _holds(bubble, words)), None)
        if found:
            left.remove(found)
        elif certain:
            tried = [attempt.result for attempt in pushes[message].attempts] if message in pushes else []
            if tried and tried[-1] not in {"reply", "nothing"}:
                lost += 1
            else:
                wrongs.append(f"{phone.openid}: missing {words[0]}, attempts {tried}")
    wrongs += [f"{phone.openid}: too many {bubble.text[:20]!r}" for bubble in left]
    return wrongs or out_of_order(phone, [words for words, _, _ in expected]), lost


def out_of_order(phone: Phone, expected: Sequence[Sequence[str]]) -> list[str]:
    """Find bubbles in another order than the ledger's. An answer that was lost on the wire comes when the platform asks
    again, after others perhaps: nobody could know, so these are left out.
    """
    lost = {push.id for push in phone.pushes if any(attempt.result == "timeout" for attempt in push.attempts)}
    place = 0
    for bubble in phone.received:
        if bubble.to in lost:
            continue
        found = next((n for n in range(place, len(expected)) if _holds(bubble, expected[n])), None)
        if found is None:
            return [f"{phone.openid}: out of order {bubble.text[:20]!r}"]
        place = found + 1
    return []


def _holds(bubble: Bubble, words: Sequence[str]) -> bool:
    return all(word in _squeeze(bubble.text) for word in words)


def _squeeze(text: str) -> str:
    return "".join(text.split())
