"""The desk's edge towards the hub: hands a conversation over, takes its messages, posts what agents write.

Built in `manage.py` with a database and a router, given to the hub as its desk, then connected to the hub's `within`. Each
method opens its own sessions, in threads. What changes and what the citizen is told of it are one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conversations import LedgerUnavailable, Response, Say
from desk import following_up, holding, leading, moving, queueing, responder, sending, words, work_items
from desk.desks import active_desks, read_desk
from desk.errors import DeskError
from desk.events import Bell
from desk.forecasts import Forecaster, QueuePlace
from desk.handling import Handling
from desk.holding import Closing
from desk.moving import Due
from desk.queueing import HandoffRequest, Placed, Placement
from desk.returned import ReturnedFacts, last_returned
from desk.routing import Router
from desk.transcript import read_lines
from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

log = logger(__name__)
T = TypeVar("T")


class Within(Protocol):
    """How the desk changes something and tells the citizen of it in one transaction: the hub's `within`."""

    async def __call__(self, work: Callable[[Session, Say], T]) -> T:
        """Do the work, which may say things; what was said is delivered after the commit."""


class ServiceDesk:
    """The desk as the hub and the pages use it.

    Args:
        database: the main database.
        router: chooses desks.
    """

    def __init__(self, database: Database, router: Router) -> None:
        self._database = database
        self.router = router
        self._within: Within | None = None
        self._forecaster = Forecaster()
        self.bell = Bell()

    def connect(self, within: Within) -> None:
        """Say how messages go to the citizen."""
        self._within = within

    async def respond(self, conversation: str, citizen: str, message_id: str, text: str, holder: Holder) -> Response:
        """Take a message of a citizen who waits for a person or has one (`conversations.DeskResponder`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        del citizen, holder  # the handling knows better: the holder may have changed since the hub looked
        answered = await self.do(lambda s: responder.answer(s, conversation, message_id, text, now()))
        if isinstance(answered, Response):
            return answered
        place = await self._tell_place(answered.handling)
        # Without a place, an agent came in this very moment: then nothing is said here any more.
        return Response(Outcome.DESK_QUEUED, (words.still_queued(place),)) if place else Response(Outcome.HANDED_OFF, ())

    async def after_bot(self, conversation: str, citizen: str, text: str, response: Response) -> Response:
        """Hand over a conversation whose citizen wants a person, or offer one (`conversations.DeskResponder`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        if not leading.reads_history(text, response):
            return response

        def look(session: Session) -> tuple[leading.Wish | None, Response]:
            lines = [line for line in read_lines(session, citizen) if line.conversation == conversation]
            # The message of this turn is the last one written.
            before = lines[:-1] if lines and lines[-1].author == "citizen" else lines
            if wish := leading.wish_of(text, response, before):
                return wish, response
            desks, moment = active_desks(session), now()
            is_open = any(desk.hours.is_open(moment) for desk in desks.by_code.values())
            return None, leading.offer(text, response, before, desks, is_open=is_open)

        wish, response = await self.do(look, ring=False)
        if wish is None:
            return response
        try:
            handed = await self.hand_over(leading.make_request(conversation, citizen, text, response, wish))
        except DeskError as error:
            log.warning("not_handed_over", conversation=conversation, reason=error.code)
            return response
        return replace(handed, intent=response.intent, confidence=response.confidence)

    def waiting_words(self, session: Session, citizen: str) -> str:
        """Say where a citizen stands in the queue (`conversations.DeskResponder`)."""
        place = self._forecaster.look_again(session, citizen, now())
        return words.standing(place) if place else ""

    def left_for_bot(self, session: Session, conversation: str) -> Mapping[str, Any] | None:
        """Give what the last person told the citizen (`conversations.DeskResponder`)."""
        returned = last_returned(session, conversation)
        return returned.for_bot() if returned else None

    async def hand_over(self, request: HandoffRequest) -> Response:
        """Take a conversation from the bot to the desk, and say to the citizen what happens now.

        Raises:
            DeskUnknown: there is no active desk.
            AlreadyTaken: the conversation is over.
            LedgerUnavailable: the database can't be used.
        """
        placement = await self.do(lambda s: queueing.enqueue(s, self.router, request, now()))
        log.info("handed_over", conversation=request.conversation, placed=placement.placed.value)
        if placement.placed is Placed.QUEUED and placement.handling:
            place = await self._tell_place(placement.handling)
            placement = replace(placement, place=place) if place else Placement(Placed.WITH_AGENT, placement.handling)
        outcome, replies = tell_placement(placement)
        return Response(outcome, replies, request.item, request.facet, request.region)

    async def claim(self, handling: str, agent: str) -> Handling:
        """Take a waiting conversation, and tell the citizen that a person is there.

        Raises:
            DeskError: see `holding.claim`.
        """

        def take(session: Session, say: Say) -> Handling:
            claimed = holding.claim(session, handling, agent, now())
            if claimed.fresh:
                say(claimed.handling.conversation, "system", words.agent_came(read_desk(session, claimed.handling.desk)))
            return claimed.handling

        return await self.do_and_say(take)

    async def send(self, handling: str, agent: str, client_id: str, reply: Reply) -> int:
        """Send an agent's message; the same `client_id` again sends nothing and gives the same number.

        Raises:
            NotHolding: the agent does not hold the conversation.
            DeskRefused: the text is empty or too long.
            LedgerUnavailable: the database can't be used; sending it again is safe.
        """
        moment = now()
        return await self.do_and_say(lambda s, say: sending.send_once(s, say, handling, agent, client_id, reply, moment))

    async def say_step(self, handling: str, agent: str, client_id: str, replies: Sequence[Reply]) -> None:
        """Say what a step says that the agent started (identity, case, booking); the same `client_id` again says nothing.

        Raises:
            NotHolding: the agent does not hold the conversation.
            LedgerUnavailable: the database can't be used; doing it again is safe.
        """
        moment = now()

        def speak(session: Session, say: Say) -> None:
            for place, reply in enumerate(replies):
                own = f"{client_id}.{place}" if place else client_id
                sending.send_once(session, say, handling, agent, own, reply, moment, "system")

        await self.do_and_say(speak)

    async def note_step(self, conversation: str, *, asks: bool) -> None:
        """Hear that a step which the agent started went on with the citizen's message (`conversations.DeskResponder`).

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        await self.do(lambda s: responder.note_step(s, conversation, asks=asks))

    async def close(self, handling: str, agent: str, closing: Closing) -> ReturnedFacts:
        """End a person's service, tell the citizen, and give what the bot should know.

        Raises:
            DeskError: see `holding.close`.
        """

        def end(session: Session, say: Say) -> ReturnedFacts:
            returned = holding.close(session, handling, agent, closing, now())
            say(returned.conversation, "system", words.service_ended())
            return returned

        return await self.do_and_say(end)

    async def transfer(self, handling: str, agent: str, desk: str, note: str, to_agent: str | None = None) -> Handling:
        """Send a conversation on to a desk or an agent there, and tell the citizen.

        Raises:
            DeskError: see `moving.transfer_to_desk` and `moving.transfer_to_agent`.
        """

        def send_on(session: Session, say: Say) -> Handling:
            if to_agent:
                moved = moving.transfer_to_agent(session, handling, agent, desk, to_agent, note, now())
            else:
                moved = moving.transfer_to_desk(session, handling, agent, desk, note, now())
            say(moved.conversation, "system", words.moved(read_desk(session, desk)))
            return moved

        return await self.do_and_say(send_on)

    async def move(self, handling: str, supervisor: str, desk: str, to_agent: str | None, note: str = "") -> Handling:
        """Let a supervisor put a conversation to a desk's queue, or to an agent there, and tell the citizen.

        Raises:
            DeskError: see `moving.move`.
        """

        def put(session: Session, say: Say) -> Handling:
            moved = moving.move(session, handling, supervisor, desk, to_agent, now(), note)
            say(moved.conversation, "system", words.moved(read_desk(session, desk)))
            return moved

        return await self.do_and_say(put)

    async def take_over(self, handling: str, supervisor: str) -> Handling:
        """Let a supervisor take a conversation, waiting or from another agent, and tell the citizen; twice changes nothing.

        Raises:
            DeskError: see `holding.take_over`.
        """

        def take(session: Session, say: Say) -> Handling:
            taken = holding.take_over(session, handling, supervisor, now())
            if taken.fresh:
                say(taken.handling.conversation, "system", words.taken_over(read_desk(session, taken.handling.desk)))
            return taken.handling

        return await self.do_and_say(take)

    async def follow_up(self, handling: str, agent: str, reply: Reply) -> int:
        """Come back to a citizen after the service ended; a second click is refused.

        Raises:
            DeskError: see `following_up.end_follow_up`.
            DeskRefused: the text is empty or too long.
            LedgerUnavailable: the database can't be used.
        """
        sending.check_text(reply)

        def tell(session: Session, say: Say) -> int:
            done = following_up.end_follow_up(session, handling, agent)
            return say(done.conversation, "agent", reply)

        return await self.do_and_say(tell)

    async def answer_work_item(self, item: int, agent: str, reply: Reply) -> int:
        """Answer a left message; a second answer is refused.

        Raises:
            DeskError: see `work_items.begin_answer`.
            LedgerUnavailable: the database can't be used.
        """

        def answer(session: Session, say: Say) -> int:
            begun = work_items.begin_answer(session, item, agent, now())
            return say(begun.conversation, "agent", reply)

        return await self.do_and_say(answer)

    async def sweep(self) -> int:
        """Do what time has made due: silent and absent agents, overflow, closing time; gives how many were moved.

        Any number of processes may call it; each handling is looked at again under its lock.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        count = 0
        for handling, due in await self.do(lambda s: moving.find_due(s, now()), ring=False):
            if await self.do_and_say(lambda s, say, h=handling, d=due: _mend(s, say, h, d)):  # type: ignore[misc]
                count += 1
                log.info("handling_mended", handling=handling, due=due.value)
        return count

    async def do(self, work: Callable[[Session], T], *, ring: bool = True) -> T:
        """Do a unit of work in the database, in a thread; then wake the pages.

        Raises:
            DeskError: what the work raises.
            LedgerUnavailable: the database can't be used.
        """

        def run() -> T:
            with self._database.session() as session:
                return work(session)

        try:
            result = await asyncio.to_thread(run)
        except SQLAlchemyError as error:
            log.exception("desk_unavailable")
            raise LedgerUnavailable("服务台的数据库暂时用不了，请过一会儿再试。") from error
        if ring:
            self.bell.ring()
        return result

    async def do_and_say(self, work: Callable[[Session, Say], T]) -> T:
        """Do a unit of work that tells citizens things, all in one transaction; then wake the pages.

        Raises:
            DeskError: what the work raises.
            LedgerUnavailable: the database can't be used.
        """
        if self._within is None:
            message = "the desk was not connected to the hub"
            raise RuntimeError(message)
        result = await self._within(work)
        self.bell.ring()
        return result

    async def _tell_place(self, handling: str) -> QueuePlace | None:
        return await self.do(lambda s: self._forecaster.tell_place(s, handling, now()), ring=False)


def tell_placement(placement: Placement) -> tuple[Outcome, tuple[Reply, ...]]:
    """Give the outcome and the words for what became of somebody who asked for a person."""
    if placement.placed is Placed.EMERGENCY:
        return Outcome.EMERGENCY, (words.emergency(placement.number),)
    if placement.placed is Placed.COOLING_DOWN and placement.until:
        return Outcome.DESK_CLOSED, (words.cooling_down(placement.until, now()),)
    if placement.placed is Placed.CLOSED and placement.desk and placement.handling is None:
        return Outcome.DESK_CLOSED, (words.closed_for_complaint(placement.desk, placement.opens_at, now()),)
    if placement.placed is Placed.CLOSED and placement.desk:
        return Outcome.DESK_CLOSED, (words.closed(placement.desk, placement.opens_at, now()),)
    if placement.placed is Placed.QUEUED and placement.desk:
        return Outcome.DESK_QUEUED, (words.queued(placement.desk, placement.place),)
    return Outcome.HANDED_OFF, ()


def _mend(session: Session, say: Say, handling: str, due: Due) -> bool:
    mended = moving.mend(session, handling, due, now())
    if mended:
        say(mended.handling.conversation, "system", _tell_mended(mended))
    return mended is not None


def _tell_mended(mended: moving.Mended) -> Reply:
    moment = now()
    if mended.due is Due.OVERFLOW:
        return words.moved(mended.desk)
    if mended.due is Due.DESK_CLOSED:
        return words.nobody_left(mended.desk, mended.desk.hours.next_opening(moment), moment)
    if mended.due is Due.NO_MESSAGE:
        return words.no_message_came()
    return words.back_in_queue(mended.desk)
