"""The hub: takes a citizen's message, claims it in the ledger, has it answered in the citizen's order, and hands the answer
to the channel. Called by the channels.

Two ways in: `take` waits for the answer (the web page keeps its connection), `receive` lets a channel that must answer
within seconds ask for it with `answer_within`, and pushes it later otherwise.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from conversations import claims, deliveries, erasing, ledger
from conversations.carriers import Carrier
from conversations.claims import Claim
from conversations.controls import in_force
from conversations.deliveries import Offer
from conversations.erasing import Eraser
from conversations.errors import SessionUnknown, TooBusy, TooManyMessages
from conversations.fallback import BUSY, STILL_WORKING
from conversations.limits import RateLimiter
from conversations.pace import Pace
from conversations.runs import Around, Runs
from conversations.turns import CaseResponder, CitizenMessage, DeskResponder, FinishedTurn, Responder, Response
from conversations.typing import Side, TypingSigns
from conversations.vault import Vault
from language import hide_secrets
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

log = logger(__name__)
T = TypeVar("T")
# Writes a message (conversation, author, reply) in an open transaction; gives its id.
Say = Callable[[str, str, Reply], int]
_POLL = 0.05
# A platform that hears nothing asks again: three times in all, five seconds each (`wechat.md` §2.3).
_OVERRUN = 1.5
_LAST_ATTEMPT_AFTER = 9.0
# So many turns are never too many, however slow they are.
_ALWAYS = 16


@dataclass(eq=False)
class Received:
    """A message that was claimed and is being answered."""

    citizen: str
    channel: str
    claimed: asyncio.Future[Claim]
    task: asyncio.Task[FinishedTurn]
    began: float = field(default_factory=time.monotonic)

    @property
    def turn(self) -> str:
        """The turn's id."""
        return self.claimed.result().turn


class Hub:
    """Where every channel brings its messages.

    Args:
        database: holds the ledger.
        responder: answers what the bot holds.
        limiter: messages per citizen.
        idle: seconds without a word after which a new conversation begins.
        carriers: the channels that push, by name.
        most_turns: how many turns may be under way in this process before it says that it is busy.
        desk: takes the messages that are for a person.
        cases: answers in front of the bot what is about cases.
        erasers: erase what others keep of a citizen.
        longest_wait: how many seconds one more turn may have to wait, by the recent pace, before it says that it is busy: an
            answer that is late for its request costs more work than one in time.
        ahead: told the text of a message before it is claimed, unless something in it could prove an identity.
        vault: keeps the personal data of messages, whose texts only hold placeholders.
    """

    def __init__(
        self,
        database: Database,
        responder: Responder,
        limiter: RateLimiter,
        idle: float,
        carriers: Mapping[str, Carrier] | None = None,
        most_turns: int = 64,
        desk: DeskResponder | None = None,
        cases: CaseResponder | None = None,
        erasers: Sequence[Eraser] = (),
        longest_wait: float = math.inf,
        ahead: Callable[[str], None] | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.runs = Runs(database, responder, carriers or {}, desk, cases, erasers)
        self._cases = cases
        self._desk = desk
        self.carriers = carriers or {}
        self._limiter = limiter
        self._idle = idle
        self._most_turns = most_turns
        self._longest_wait = longest_wait
        self._ahead = ahead
        self._vault = vault
        self._pace = Pace()
        self._received: dict[tuple[str, str], Received] = {}
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.courier_wake = asyncio.Event()
        self.typing = TypingSigns()

    async def open_citizen(self, channel: str, address: str) -> str:
        """Find or make a citizen; returns their id.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self.runs.in_ledger(lambda s: ledger.open_citizen(s, channel, address))

    async def find_citizen(self, channel: str, address: str) -> str:
        """Give the id of a known citizen.

        Raises:
            SessionUnknown: there is none with this address.
            LedgerUnavailable: the database can't be used.
        """
        found = await self.runs.in_ledger(lambda s: ledger.find_citizen(s, channel, address))
        if found is None:
            raise SessionUnknown("会话已失效，请刷新页面重新开始。")
        return found

    async def alias_citizen(self, citizen: str, channel: str, address: str) -> None:
        """Give a citizen a second address: whoever comes from there is the same person, with the same conversation.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        await self.runs.in_ledger(lambda s: ledger.alias_citizen(s, citizen, channel, address))

    async def forget(self, citizen: str) -> None:
        """Erase a citizen's words and address, what others keep of them, and what is still to be sent. Twice does no harm.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        await self.runs.in_ledger(lambda s: erasing.erase_records(s, citizen, self.runs.erasers, "left", forget_address=True))

    async def take(self, message: CitizenMessage, channel: str = "webchat") -> FinishedTurn:
        """Answer a message; the same message id gives the same answer and does nothing twice.

        Raises:
            TooManyMessages: the citizen sends faster than allowed.
            TooBusy: this process has its hands full, so nothing was taken.
            LedgerUnavailable: the database can't be used, so nothing was taken.
        """
        return await asyncio.shield(self._start(message, channel).task)

    async def receive(self, message: CitizenMessage, channel: str) -> Received:
        """Claim a message and begin to answer it; the same message id finds what the first began.

        Raises:
            TooManyMessages: the citizen sends faster than allowed.
            TooBusy: this process has its hands full, so nothing was taken.
            LedgerUnavailable: the database can't be used, so nothing was taken.
        """
        received = self._start(message, channel)
        await asyncio.shield(received.claimed)
        return received

    async def answer_within(self, received: Received, seconds: float) -> Offer:
        """Offer the one message that may go back with the request; without a part where the answer is pushed later.

        On a channel that can't push, an answer that is late lets the platform ask again, and at the last time says so.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        carrier = self.carriers[received.channel]
        offer = await self._offer_until(received, carrier, time.monotonic() + seconds)
        if received.task.done() and not received.task.exception() and not received.task.result().response.replies:
            return Offer()
        if offer.part is None and not carrier.pushes and time.monotonic() - received.began < _LAST_ATTEMPT_AFTER:
            return await self._offer_until(received, carrier, time.monotonic() + _OVERRUN)
        if offer.part is None and await self.runs.in_ledger(lambda s: deliveries.defer(s, received.citizen, received.turn)):
            self.courier_wake.set()
            return Offer() if carrier.pushes else Offer(carrier.make_parts(STILL_WORKING)[0])
        return offer

    async def confirm(self, received: Received) -> None:
        """Note that the answer was written to the request's connection."""
        await self.runs.in_ledger(lambda s: deliveries.confirm(s, received.turn))

    async def withdraw(self, received: Received, offer: Offer) -> None:
        """Note that the connection was closed before the answer was written: it is pushed, unless it is offered anew."""
        if (lease := offer.lease) is not None:
            await self.runs.in_ledger(lambda s: deliveries.withdraw(s, received.turn, lease))
            self.courier_wake.set()

    async def post(self, conversation: str, author: str, reply: Reply) -> int:
        """Tell a citizen something that answers no turn (`author` "agent" or "system"); gives the message's id.

        Raises:
            ConversationUnknown: there is no such conversation.
            LedgerUnavailable: the database can't be used.
        """
        return await self.within(lambda _, say: say(conversation, author, reply))

    async def within(self, work: Callable[[Session, Say], T]) -> T:
        """Do some work in the database and tell citizens things, in one transaction: both happen, or neither.

        Args:
            work: gets the session and `say`, which writes a message like `post`.

        Raises:
            ConversationUnknown: there is no such conversation.
            LedgerUnavailable: the database can't be used.
        """
        told: set[str] = set()
        pushed: list[str] = []

        def run(session: Session) -> T:
            def say(conversation: str, author: str, reply: Reply) -> int:
                citizen, channel, number = ledger.post_message(session, conversation, author, reply)
                if carrier := self.carriers.get(channel):
                    parts = carrier.make_parts(Response(Outcome.ACKNOWLEDGED, (reply,)))
                    deliveries.add_parts(session, citizen, None, parts)
                    pushed.append(citizen)
                told.add(citizen)
                return number

            return work(session, say)

        result = await self.runs.in_ledger(run)
        for citizen in told:
            self._tell_listeners(citizen)
        if pushed:
            self.courier_wake.set()
        return result

    async def tell(
        self, citizen: str, reply: Reply, note: Callable[[Session], bool], notice: Mapping[str, str] | None = None
    ) -> bool:
        """Tell a citizen something unasked, if `note` in the same transaction says that it is still to be told.

        `notice` holds the facts for a channel that can only notify them any more (`Carrier.notify`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """

        def write(session: Session) -> bool:
            conversation = ledger.find_last_conversation(session, citizen)
            if conversation is None or not note(session):
                return False
            _, channel, _ = ledger.post_message(session, conversation, "bot", reply)
            if carrier := self.carriers.get(channel):
                parts = carrier.make_parts(Response(Outcome.ACKNOWLEDGED, (reply,)))
                if notice and carrier.notifies:
                    parts = ({**parts[0], "notice": dict(notice)}, *parts[1:])
                deliveries.add_parts(session, citizen, None, parts)
            return True

        told = await self.runs.in_ledger(write)
        self._tell_listeners(citizen)
        self.courier_wake.set()
        return told

    async def banners(self) -> list[dict[str, Any]]:
        """List the banners in force, the newest first, each `{"id", "text", "until"}`.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        found = await self.runs.in_ledger(lambda s: in_force(s, now()))
        return [{"id": one.id, "text": one.text, "until": one.ends_at.isoformat()} for one in found.banners]

    async def last_heard(self, citizen: str) -> datetime | None:
        """Give when a citizen wrote last; None where nobody can be told anything any more.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self.runs.in_ledger(lambda s: ledger.last_heard(s, citizen))

    async def messages_after(self, citizen: str, after: int | None) -> list[dict[str, Any]]:
        """List a citizen's messages above an id (see `ledger.messages_after`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self.runs.in_ledger(lambda s: ledger.messages_after(s, citizen, after))

    async def who_answers(self, citizen: str) -> dict[str, str]:
        """Tell who answers a citizen now: `{"holder", "text"}`; `text` says where they stand while they wait for a person.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self.runs.in_ledger(lambda s: self._look_who(s, citizen))

    async def news(self, citizen: str, after: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Give `messages_after` and `who_answers` in one look, for pages that are told of each change.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self.runs.in_ledger(lambda s: (ledger.messages_after(s, citizen, after), self._look_who(s, citizen)))

    def show_typing(self, citizen: str, side: Side) -> None:
        """Show that somebody types in a citizen's conversation; nothing is written."""
        self.typing.note(citizen, side)
        if side == "agent":
            self._tell_listeners(citizen)

    def between_turns(self, citizen: str) -> AbstractAsyncContextManager[None]:
        """Hold a citizen's turns of this process while something else is done with what they stand on."""
        return self.runs.between_turns(citizen)

    def listen(self, citizen: str) -> asyncio.Event:
        """Give an event that is set whenever something new is written for a citizen."""
        event = asyncio.Event()
        self._listeners[citizen].add(event)
        return event

    def stop_listening(self, citizen: str, event: asyncio.Event) -> None:
        """Give an event of `listen` back."""
        self._listeners[citizen].discard(event)
        if not self._listeners[citizen]:
            del self._listeners[citizen]

    def wake_listeners(self) -> None:
        """Wake all listeners, so that they see that the process stops."""
        for events in list(self._listeners.values()):
            for event in events:
                event.set()

    async def drain(self) -> None:
        """Wait for the turns that still run; called at shutdown."""
        if self._received:
            await asyncio.wait([received.task for received in self._received.values()], timeout=10)

    async def resume(self, claim: Claim) -> None:
        """Run a turn whose process died."""
        await self._end(claim)

    def require_room(self) -> None:
        """Make sure that one more message can be answered in time. It costs nothing, so that many can be turned away.

        Raises:
            TooBusy: it can't.
        """
        turns = len(self._received)
        wait = self._pace.wait_behind(turns)
        if turns >= self._most_turns or (turns >= _ALWAYS and wait > self._longest_wait):
            log.warning("turn_shed", open_turns=turns, wait=round(wait, 1))
            raise TooBusy(BUSY)

    def _start(self, message: CitizenMessage, channel: str) -> Received:
        key = (message.citizen, message.message_id)
        known = self._received.get(key)
        if known:
            return known
        if not self._limiter.allow(message.citizen):
            raise TooManyMessages("您发得太快了，我跟不上。请等几秒再发。")
        self.require_room()
        claimed: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()
        received = Received(message.citizen, channel, claimed, asyncio.create_task(self._run(message, channel, claimed)))
        self._received[key] = received
        received.task.add_done_callback(lambda _: self._drop(key))
        return received

    def _drop(self, key: tuple[str, str]) -> None:
        self._received.pop(key, None)
        self._pace.turn_ended(len(self._received))

    async def _run(self, message: CitizenMessage, channel: str, claimed: asyncio.Future[Claim]) -> FinishedTurn:
        if self._ahead and message.prepared is None and hide_secrets(message.text, expected=True).text == message.text:
            self._ahead(message.text)
        try:
            async with self.runs.claiming(message.citizen):
                claim, around = await self.runs.in_ledger(lambda s: self._claim(s, message, channel))
        except BaseException as error:
            claimed.set_exception(error)
            claimed.exception()  # whoever awaits the task sees it; the future may have no waiter
            raise
        claimed.set_result(claim)
        return await self._end(claim, around)

    def _claim(self, session: Session, message: CitizenMessage, channel: str) -> tuple[Claim, Around | None]:
        expects_secret = self._cases is not None and self._cases.expects_secret(session, message.citizen)
        claim = claims.claim_turn(
            session, message, channel, self.runs.runner, self._idle, expects_secret=expects_secret, vault=self._vault
        )
        return claim, self.runs.look_round(session, claim) if claim.mine and claim.started else None

    def _look_who(self, session: Session, citizen: str) -> dict[str, str]:
        holder = ledger.find_last_holder(session, citizen) if self._desk else Holder.BOT
        text = self._desk.waiting_words(session, citizen) if self._desk and holder is Holder.QUEUED else ""
        return {"holder": holder.value, "text": text}

    async def _end(self, claim: Claim, around: Around | None = None) -> FinishedTurn:
        finished = await self.runs.finish(claim, around)
        self._tell_listeners(claim.citizen)
        if claim.channel in self.carriers:
            self.courier_wake.set()
        log.info("turn_finished", turn=finished.turn, outcome=finished.response.outcome.value)
        return finished

    def _tell_listeners(self, citizen: str) -> None:
        for event in self._listeners.get(citizen, ()):
            event.set()

    async def _offer_until(self, received: Received, carrier: Carrier, deadline: float) -> Offer:
        await asyncio.wait([received.task], timeout=max(0.0, deadline - time.monotonic()))
        while received.task.done() and not received.task.exception():
            offer = await self.runs.in_ledger(lambda s: deliveries.offer(s, received.citizen, received.turn, carrier.merge))
            if offer.part is not None or not offer.wait or time.monotonic() > deadline - _POLL:
                return offer
            await asyncio.sleep(_POLL)
        return Offer()
