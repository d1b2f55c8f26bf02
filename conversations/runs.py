"""Running turns in this process: one at a time for each citizen, in the order of the claims, under a renewed lease.

Called by the hub for new messages and by the courier for those whose process died. A turn goes on when the citizen's
connection breaks, so that the repeated message finds the answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conversations import claims, deliveries, ledger
from conversations.carriers import Carrier
from conversations.claims import Claim
from conversations.controls import InForce, in_force
from conversations.erasing import Eraser, erase_records
from conversations.errors import LedgerUnavailable, ResponderUnavailable
from conversations.fallback import NOT_ERASED, respond_without_bot
from conversations.numbered_choices import read_choice, read_choice_number
from conversations.ruling import answer_by_rule, with_banners
from conversations.turns import Asked, CaseResponder, DeskResponder, FinishedTurn, Responder, Response
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

log = logger(__name__)
T = TypeVar("T")
_WAIT_STEP = 0.1
_AT_DESK = frozenset({Holder.QUEUED, Holder.WITH_AGENT})


@dataclass(frozen=True)
class Around:
    """What a turn finds: who holds the conversation, the controls in force, the item that the turn before was about, what a
    person left for the bot, and whether a person started a step that may go on with this message.
    """

    holder: Holder
    controls: InForce
    item: str | None = None
    left: Mapping[str, Any] | None = None
    for_agent: bool = False


class Runs:
    """The turns that this process runs.

    Args:
        database: holds the ledger.
        responder: answers what the bot holds.
        carriers: the channels that push, by name.
        desk: takes the messages that are for a person.
        cases: answers in front of the bot what is about cases.
        erasers: erase what others keep of a citizen.
    """

    def __init__(
        self,
        database: Database,
        responder: Responder,
        carriers: Mapping[str, Carrier],
        desk: DeskResponder | None = None,
        cases: CaseResponder | None = None,
        erasers: Sequence[Eraser] = (),
    ) -> None:
        self.runner = secrets.token_hex(8)
        self._database = database
        self._responder = responder
        self._carriers = carriers
        self._desk = desk
        self._cases = cases
        self.erasers = erasers
        self._order = Order()
        self._held: set[str] = set()

    async def in_ledger(self, work: Callable[[Session], T]) -> T:
        """Do a unit of work in the ledger, in a thread.

        Raises:
            LedgerUnavailable: the database can't be used.
        """

        def run() -> T:
            with self._database.session() as session:
                return work(session)

        try:
            return await asyncio.to_thread(run)
        except SQLAlchemyError as error:
            log.exception("ledger_unavailable")
            raise LedgerUnavailable("系统现在记不下您的话，所以没有处理。请过一会儿再发；急事请打 12345。") from error

    def between_turns(self, citizen: str) -> AbstractAsyncContextManager[None]:
        """Hold a citizen's turns of this process while something else is done with what they stand on."""
        return self._order.hold(citizen)

    def claiming(self, citizen: str) -> AbstractAsyncContextManager[None]:
        """Claim a citizen's messages in the order they came: claiming happens in threads, which overtake each other."""
        return self._order.hold(f"claim:{citizen}")

    async def finish(self, claim: Claim, around: Around | None = None) -> FinishedTurn:
        """Run a turn to its end, or wait for whoever runs it; `around` is what a turn that began with its claim found.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        while not claim.finished:
            finished = await self._run(claim, around) if claim.mine else None
            if finished:
                return finished
            await asyncio.sleep(_WAIT_STEP)
            around = None
            claim = await self.in_ledger(lambda s, c=claim: self._look_again(s, c))  # type: ignore[misc]
        return claim.finished

    async def renew_leases(self) -> None:
        """Say in the ledger that this process still runs its turns."""
        if held := list(self._held):
            await self.in_ledger(lambda s: claims.renew_leases(s, held, self.runner))

    def _look_again(self, session: Session, claim: Claim) -> Claim:
        mine = claims.take_over(session, claim.turn, self.runner)
        return claims.find_claim(session, claim.citizen, claim.message_id, mine=mine) or claim

    async def _run(self, claim: Claim, found: Around | None) -> FinishedTurn | None:
        self._held.add(claim.turn)
        if self._order.is_held(claim.citizen):
            found = None  # whoever holds it may change what was found
        try:
            async with self._order.hold(claim.citizen):
                while not claim.started and not await self.in_ledger(lambda s: claims.begin_turn(s, claim.turn, self.runner)):
                    again = await self.in_ledger(lambda s: self._look_again(s, claim))
                    if again.finished:
                        return again.finished
                    await asyncio.sleep(_WAIT_STEP)
                around = found if found is not None else await self.in_ledger(lambda s: self.look_round(s, claim))
                at_desk = around.holder in _AT_DESK
                # What a channel answers by itself (a picture) goes to the desk too, where a person has to see it.
                response = (None if at_desk else claim.prepared) or await self._respond(claim, around)
                try:
                    finished = await self.in_ledger(lambda s: self._finish(s, claim, response, around.controls))
                except LedgerUnavailable:
                    raise
                except Exception:
                    if not response.erase:
                        raise
                    log.exception("erasing_failed", turn=claim.turn)
                    return await self.in_ledger(lambda s: self._finish(s, claim, NOT_ERASED, around.controls))
                await self._tell_agent(claim, response)
                return finished
        finally:
            self._held.discard(claim.turn)

    def look_round(self, session: Session, claim: Claim) -> Around:
        """Look who answers (without a desk it is always the bot), and what they should know."""
        controls, item = in_force(session, now()), claims.last_item(session, claim.conversation)
        if self._desk is None:
            return Around(Holder.BOT, controls, item)
        holder = ledger.find_holder(session, claim.conversation)
        left = self._desk.left_for_bot(session, claim.conversation) if holder is Holder.BOT else None
        for_agent = bool(holder is Holder.WITH_AGENT and self._cases and self._cases.goes_on_for_agent(session, claim.citizen))
        return Around(holder, controls, item, left, for_agent)

    def _finish(self, session: Session, claim: Claim, response: Response, controls: InForce) -> FinishedTurn | None:
        ledger.hold_citizen(session, claim.citizen)
        with_agent = self._desk and ledger.find_holder(session, claim.conversation) is Holder.WITH_AGENT
        if with_agent and response.author == "bot":
            # A person has the conversation, maybe since this very moment: whatever else was to be said is not said.
            response = Response(Outcome.HANDED_OFF, (), erase=response.erase)
        if response.erase:
            # The citizen goes on chatting: their address stays, and the answer that says what was erased.
            receipt = Reply("text", erase_records(session, claim.citizen, self.erasers, "asked").to_words())
            response = replace(response, replies=(receipt, *response.replies))
        carrier = self._carriers.get(claim.channel)
        if carrier:
            response = with_banners(session, controls, claim.conversation, response)
        finished = claims.finish_turn(session, claim, self.runner, response)
        if finished and carrier and response.replies:
            deliveries.add_parts(session, claim.citizen, claim.turn, carrier.make_parts(response))
        return finished

    async def _respond(self, claim: Claim, around: Around) -> Response:
        text = claim.text
        try:
            if self._desk and around.holder in _AT_DESK:
                text = await self._meant(claim) if around.holder is Holder.QUEUED else text
                taken = await self._desk.respond(claim.conversation, claim.citizen, claim.message_id, text, around.holder)
                return (await self._go_on_for_agent(claim) if around.for_agent and not taken.replies else None) or taken
            text = await self._meant(claim)
            response = answer_by_rule(around.controls, text) or await self._ask_bot(claim, text, around)
        except LedgerUnavailable:
            raise
        except Exception:
            log.exception("responder_failed", turn=claim.turn)
            response = respond_without_bot(text)
        return await self._led_on(claim, text, response)

    async def _go_on_for_agent(self, claim: Claim) -> Response | None:
        """Go on with a step that the person started; where it can't, the message is the person's alone."""
        if self._cases is None:
            return None
        try:
            return await self._cases.respond_for_agent(Asked(claim.citizen, claim.turn, claim.text, claim.said, claim.origin))
        except Exception:
            log.exception("step_for_agent_failed", turn=claim.turn)
            return None

    async def _tell_agent(self, claim: Claim, response: Response) -> None:
        """Let the person's page hear what was said for them; the citizen has it either way."""
        if self._desk and response.author != "bot":
            try:
                await self._desk.note_step(claim.conversation, asks=response.asks)
            except Exception:
                log.exception("step_not_noted", turn=claim.turn)

    async def _meant(self, claim: Claim) -> str:
        """Give what a message stands for: the page sends what a choice stands for, other channels only know its title."""
        if claim.channel in self._carriers or read_choice_number(claim.text):
            return read_choice(claim.text, await self.in_ledger(lambda s: claims.last_choices(s, claim.conversation)))
        return claim.text

    async def _ask_bot(self, claim: Claim, text: str, around: Around) -> Response:
        told = {"region": claim.region, "item": around.item, **({"from_desk": around.left} if around.left else {})}
        patient = claim.channel in self._carriers

        async def ask_bot() -> Response:
            return await self._responder.respond(claim.conversation, text, claim.message_id, told, patient=patient)

        try:
            if self._cases is None:
                return await ask_bot()
            return await self._cases.respond(Asked(claim.citizen, claim.turn, text, claim.said, claim.origin), ask_bot)
        except ResponderUnavailable as error:
            log.warning("responder_unavailable", turn=claim.turn, reason=error.message)
            return respond_without_bot(text)

    async def _led_on(self, claim: Claim, text: str, response: Response) -> Response:
        """Have the desk look at the bot's answer; where it can't, the bot's answer stands."""
        if self._desk is None or response.erase:
            return response
        try:
            return await self._desk.after_bot(claim.conversation, claim.citizen, text, response)
        except LedgerUnavailable:
            raise
        except Exception:
            log.exception("desk_failed", turn=claim.turn)
            return response


class Order:
    """One thing at a time for each key, in the order they came; forgets keys nobody waits for."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = defaultdict(int)

    def is_held(self, key: str) -> bool:
        """Tell whether somebody has the key, or waits for it."""
        return key in self._locks

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Wait for the key's turn, and hold it."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
