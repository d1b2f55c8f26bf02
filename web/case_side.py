"""The case side as the hub sees it: between the hub's types and those of `services_backend`. Made by `serving`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from conversations import Asked, Response, read_choice
from qinwen.replies import Choice
from qinwen.vocabulary import Facet, Outcome
from services_backend import Act, AgentSteps, CaseAnswer, CaseQuestion, CaseTalk

_OWN_WORDS = {"cancel"}
# A wish for a person is the desk's, which the hub asks next.
_NOT_OURS = {"request_handoff"}


class CaseSide:
    """Answers what is about cases and appointments, and has the bot answer the rest (`conversations.CaseResponder`)."""

    def __init__(self, talk: CaseTalk) -> None:
        self._talk = talk
        self._steps = AgentSteps(talk)

    def expects_secret(self, session: Session, citizen: str) -> bool:
        """Tell whether the citizen's next message may be a number that proves an identity."""
        return self._talk.expects_secret(session, citizen)

    async def respond(self, asked: Asked, ask_bot: Callable[[], Awaitable[Response]]) -> Response:
        """Answer one message."""
        question = CaseQuestion(asked.citizen, asked.text, asked.said, asked.origin or asked.citizen, asked.turn)
        turn = await self._talk.open_turn(question)
        if answer := await self._talk.before_bot(turn):
            return _response(answer)
        response = await ask_bot()
        if response.request and response.request.get("name") in _NOT_OURS:
            return response
        act = _read_act(response)
        if act and (answer := await self._talk.after_bot(turn, act)):
            return replace(_response(answer), region=response.region, intent=response.intent, confidence=response.confidence)
        if response.outcome is Outcome.EMERGENCY:
            return response  # who is in danger is asked about nothing else
        reminder = await self._talk.remind(turn)
        return replace(response, replies=(*response.replies, reminder)) if reminder else response

    def goes_on_for_agent(self, session: Session, citizen: str) -> bool:
        """Tell whether a person who has the conversation started a step that may wait for the citizen's message."""
        return self._steps.is_open(session, citizen)

    async def respond_for_agent(self, asked: Asked) -> Response | None:
        """Go on with such a step; the turn stays the person's, and what is said is the desk's."""
        offered = await self._talk.room.keep(lambda s: self._steps.choices(s, asked.citizen))
        text = read_choice(asked.text, [Choice(title, title) for title in offered])
        question = CaseQuestion(asked.citizen, text, asked.said, asked.origin or asked.citizen, asked.turn)
        answered = await self._steps.answer(question)
        if answered is None:
            return None
        answer, asks = answered
        return Response(Outcome.HANDED_OFF, answer.replies, answer.item, author="system", asks=asks)


def _read_act(response: Response) -> Act | None:
    """Give the wish that the bot understood: a request of its actions, a cancelling, or what an answer was about."""
    if response.request:
        request = response.request
        return Act(str(request.get("name")), request.get("item"), request.get("region"))
    if response.intent in _OWN_WORDS:
        return Act(str(response.intent))
    return Act("", response.item, response.region, whole=response.facet == Facet.OVERVIEW) if response.item else None


def _response(answer: CaseAnswer) -> Response:
    return Response(answer.outcome, answer.replies, answer.item, erase=answer.erase)
