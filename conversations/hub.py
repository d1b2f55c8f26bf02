"""The hub: takes a citizen's message, claims it in the ledger, has it answered in the conversation's order, and records
how the turn ended. Called by the channels; calls the responder.

One turn of a conversation runs at a time: the engine's own lock lets a second turn in when the first is slow, and makes
waiters poll once a second (design §6). A turn goes on when the citizen's connection breaks, so that the repeated message
finds the answer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conversations import ledger
from conversations.errors import LedgerUnavailable, ResponderUnavailable, SessionUnknown, TooManyMessages
from conversations.fallback import respond_without_bot
from conversations.limits import RateLimiter
from conversations.turns import CitizenMessage, FinishedTurn, Responder, Response
from language import mask_personal
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger

log = logger(__name__)
T = TypeVar("T")
_STALE_AFTER = timedelta(seconds=120)
_WAIT_STEP = 0.2


class Hub:
    """Where every channel brings its messages.

    Args:
        database: holds the ledger.
        responder: answers what the bot holds.
        limiter: messages per citizen.
        idle: seconds without a word after which a new conversation begins.
    """

    def __init__(self, database: Database, responder: Responder, limiter: RateLimiter, idle: float) -> None:
        self._database = database
        self._responder = responder
        self._limiter = limiter
        self._idle = idle
        self._running: dict[tuple[str, str], asyncio.Task[FinishedTurn]] = {}
        self._order = ConversationLocks()
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)

    async def open_citizen(self, channel: str, address: str) -> str:
        """Find or make a citizen; returns their id.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self._in_ledger(lambda s: ledger.open_citizen(s, channel, address))

    async def find_citizen(self, channel: str, address: str) -> str:
        """Give the id of a known citizen.

        Raises:
            SessionUnknown: there is none with this address.
            LedgerUnavailable: the database can't be used.
        """
        found = await self._in_ledger(lambda s: ledger.find_citizen(s, channel, address))
        if found is None:
            raise SessionUnknown("会话已失效，请刷新页面重新开始。")
        return found

    async def take(self, message: CitizenMessage) -> FinishedTurn:
        """Answer a message; the same message id gives the same answer and does nothing twice.

        Raises:
            TooManyMessages: the citizen sends faster than allowed.
            LedgerUnavailable: the database can't be used, so nothing was taken.
        """
        key = (message.citizen, message.message_id)
        task = self._running.get(key)
        if task is None:
            if not self._limiter.allow(message.citizen):
                raise TooManyMessages("您发得太快了，我跟不上。请等几秒再发。")
            task = asyncio.create_task(self._run(message))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def messages_after(self, citizen: str, after: int | None) -> list[dict[str, Any]]:
        """List a citizen's messages above an id (see `ledger.messages_after`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        return await self._in_ledger(lambda s: ledger.messages_after(s, citizen, after))

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
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=10)

    async def _run(self, message: CitizenMessage) -> FinishedTurn:
        # Claiming happens in threads, which overtake each other; a citizen's messages are claimed in the order they came.
        async with self._order.hold(f"citizen:{message.citizen}"):
            claim = await self._in_ledger(lambda s: ledger.claim_turn(s, message, self._idle))
        while not claim.new:
            if claim.finished:
                return claim.finished
            if await self._in_ledger(partial(ledger.take_over, turn=claim.turn, stale_before=now() - _STALE_AFTER)):
                break
            await asyncio.sleep(_WAIT_STEP)
            claim = await self._in_ledger(lambda s: ledger.claim_turn(s, message, self._idle))
        taken = claim
        async with self._order.hold(taken.conversation):
            response = await self._respond(taken, message)
            finished = await self._in_ledger(lambda s: ledger.finish_turn(s, taken, message.citizen, response))
        for event in self._listeners.get(message.citizen, ()):
            event.set()
        log.info("turn_finished", turn=finished.turn, outcome=finished.response.outcome.value)
        return finished

    async def _respond(self, claim: ledger.Claim, message: CitizenMessage) -> Response:
        try:
            return await self._responder.respond(
                claim.conversation, mask_personal(message.text), message.message_id, {"region": claim.region}
            )
        except ResponderUnavailable as error:
            log.warning("responder_unavailable", turn=claim.turn, reason=error.message)
        except Exception:
            log.exception("responder_failed", turn=claim.turn)
        return respond_without_bot(message.text)

    async def _in_ledger(self, work: Callable[[Session], T]) -> T:
        def run() -> T:
            with self._database.session() as session:
                return work(session)

        try:
            return await asyncio.to_thread(run)
        except SQLAlchemyError as error:
            log.exception("ledger_unavailable")
            raise LedgerUnavailable("系统现在记不下您的话，所以没有处理。请过一会儿再发；急事请打 12345。") from error


class ConversationLocks:
    """One turn of a conversation at a time, in the order they came; forgets conversations nobody waits for."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = defaultdict(int)

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[None]:
        """Wait for the conversation's turn, and hold it."""
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        self._users[conversation] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[conversation] -= 1
            if not self._users[conversation]:
                del self._users[conversation], self._locks[conversation]
