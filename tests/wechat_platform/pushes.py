"""Carries pushes to the developer's server: five seconds an attempt, three attempts, the same MsgId and signature each time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from .account import Account
from .answers import Reply, read_answer
from .bad_answers import RETRIED, SILENT, BadAnswer, Question
from .cipher import Cipher, sign
from .clock import Clock
from .envelopes import Envelope, make_envelope, write_xml
from .line import Line
from .media import MediaStore
from .records import Attempt, Bubble, Fault, Push, wall

ATTEMPTS = 3
HANG_UP_AFTER = 5.0
# Events whose failure the citizen sees; the others fail unseen.
SEEN_EVENTS = frozenset({"subscribe", "scan", "click", "scancode_waitmsg"})


@dataclass
class Delivery:
    """How pushes go out. `spacing` is the least time from one attempt to the next, seconds of the platform.

    `choose`: `round_robin` or `random` over the gateways, for every attempt anew. `new_cipher`: encrypt each attempt
    afresh (whether the real platform does is not known); timestamp, nonce and MsgId stay in any case.
    """

    choose: str = "round_robin"
    spacing: float = HANG_UP_AFTER
    new_cipher: bool = False


class Courier:
    """Delivers pushes and judges the answers. `show` is told of everything that reaches or fails a phone."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        media: MediaStore,
        gateways: list[str],
        delivery: Delivery,
        seed: int | str,
        show: Callable[[str, Bubble | Fault], None],
    ) -> None:
        self.gateways = gateways
        self.delivery = delivery
        self._account = account
        self._clock = clock
        self._media = media
        self._seed = seed
        self._show = show
        self._turn = 0
        self._cipher = None if account.mode == "plaintext" else Cipher(account.aes_key, account.app_id)
        self._line = Line(clock.scaled(HANG_UP_AFTER))

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    async def deliver(self, push: Push, lose: int = 0) -> None:
        """Bring a push to the developer's server, or give up after the third attempt.

        Arguments:
            lose: so many answers are lost on their way back: the server wrote them, the platform never saw them.
        """
        for number in range(1, ATTEMPTS + 1):
            started = wall()
            problem = await self._attempt(push, number, number <= lose)
            if problem is None:
                return
            if problem.reason not in RETRIED or number == ATTEMPTS:
                self._fail(push, problem)
                return
            rest = self._clock.scaled(self.delivery.spacing) - (wall() - started)
            await asyncio.sleep(max(0.0, rest))

    async def verify(self, gateway: str, echo: str = "4375120948345356249") -> str | None:
        """Verify a server's address as the console does on saving; gives what is wrong, or None."""
        stamp, nonce = str(self._clock.stamp()), f"{random.Random(f'{self._seed}/echo').getrandbits(31)}"
        query = {"signature": sign(self._account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
        try:
            status, body = await self._line.get(gateway, query)
        except BadAnswer as bad:
            return str(bad)
        if status != 200:
            return f"HTTP 状态是 {status}"
        return None if body == echo.encode() else "没有原样回 echostr"

    def wrap(self, push: Push, number: int = 1) -> Envelope:
        """Give the request that carries a push."""
        fresh = number if self.delivery.new_cipher else 1
        salt = random.Random(f"{self._seed}/{push.number}/{fresh}").randbytes(16)
        query = {"timestamp": push.timestamp, "nonce": push.nonce, "openid": push.openid}
        return make_envelope(self._account, self._cipher, query, write_xml(push.fields), salt)

    async def _attempt(self, push: Push, number: int, lost: bool) -> BadAnswer | None:
        gateway, started = self._choose(push, number), wall()
        problem: BadAnswer | None = None
        reply: Reply | None = None
        try:
            status, body = await self._line.post(gateway, self.wrap(push, number))
            if lost:
                raise BadAnswer("timeout", "回答在路上丢了")  # noqa: TRY301
            question = Question(push.openid, push.is_message, self._media.known())
            reply = read_answer(self._account, self._cipher, question, status, body)
        except BadAnswer as bad:
            problem = bad
        result = problem.reason if problem else ("reply" if reply else "nothing")
        detail = str(problem) if problem else ""
        push.attempts.append(Attempt(number, gateway, started, wall(), result, detail))
        if reply:
            self._hand_over(push, number, reply)
        return problem

    def _hand_over(self, push: Push, number: int, reply: Reply) -> None:
        bubble = Bubble(wall(), reply.kind, reply.text, "passive", number, push.id, reply.content)
        if push.reply is None:
            push.reply = bubble
            if push.fields.get("Event") != "unsubscribe":  # who has left sees nothing any more
                self._show(push.openid, bubble)
        else:  # a message has one passive reply on the phone, however often it was delivered
            push.repeats.append(bubble)

    def _fail(self, push: Push, problem: BadAnswer) -> None:
        if push.answered:  # a second delivery of what was answered: its failure harms nobody
            return
        seen = push.is_message or str(push.fields.get("Event", "")).lower() in SEEN_EVENTS
        push.fault = Fault(wall(), problem.reason, str(problem), push.id, seen and problem.reason not in SILENT)
        self._show(push.openid, push.fault)

    def _choose(self, push: Push, number: int) -> str:
        if not self.gateways:
            return ""
        if self.delivery.choose == "random":
            draw = random.Random(f"{self._seed}/{push.number}/{number}/{len(push.attempts)}")
            return draw.choice(self.gateways)
        self._turn += 1
        return self.gateways[(self._turn - 1) % len(self.gateways)]
