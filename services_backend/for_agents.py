"""Steps that a person of the desk starts for a citizen: proving who they are, looking a case up, booking a time.

The citizen is asked on their own channel and answers there; what proves them goes to the case system alone. The person sees
how the step stands (`Standing`) and what was said, never what the citizen proved it with. Called by the desk's pages
(`web/console/desk/services.py`) and by the case side when the citizen answers (`web/case_side.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from services_backend import booking_steps, case_steps, keeping
from services_backend import case_words as words
from services_backend.said import find_numbers, looks_like_a_number
from services_backend.talk_state import CaseAnswer, CaseQuestion, Talk, say
from services_backend.talk_turn import TalkTurn
from services_backend.talking import CaseTalk

# What a person may choose for the citizen; an identity is only ever proved by the citizen.
_CHOSEN_BY_AGENT = frozenset({"case", "hall", "day", "time"})
_PROVING = frozenset({"number", "last4", "code"})
_OR_A_PERSON = ("，或者说“转人工”。", "；还是着急，可以转人工。")


class Identity(str, Enum):
    """Whether a citizen proved who they are, as a person of the desk sees it."""

    BOUND = "bound"
    VERIFIED = "verified"
    ASKED = "asked"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """Say it in Chinese."""
        return {
            Identity.BOUND: "已绑定",
            Identity.VERIFIED: "已核实",
            Identity.ASKED: "等市民核对",
            Identity.FAILED: "没有通过",
            Identity.UNKNOWN: "没有核实",
        }[self]


@dataclass(frozen=True)
class Standing:
    """How the steps for a citizen stand.

    Attributes:
        identity: whether they proved who they are.
        until: until when that holds; None where it does not end, or was not proved.
        step: what the citizen is being asked in words; empty where nothing is.
        choices: what the person may choose for the citizen.
    """

    identity: Identity
    until: datetime | None
    step: str
    choices: tuple[str, ...]


_STEPS = {
    "number": "等市民发办件编号",
    "last4": "等市民发身份证后四位",
    "code": "等市民发短信验证码",
    "case": "等市民选哪一件办件",
    "hall": "等市民选大厅",
    "day": "等市民选日期",
    "time": "等市民选时间",
}


class AgentSteps:
    """Starts steps for a citizen, and goes on with them.

    Args:
        talk: the conversation about cases, which does the steps.
    """

    def __init__(self, talk: CaseTalk) -> None:
        self._talk = talk

    def standing(self, session: Session, citizen: str) -> Standing:
        """Tell how the steps for a citizen stand."""
        talk = Talk.from_json(keeping.read_talk(session, citizen))
        until = datetime.fromisoformat(talk.grant_until) if talk.grant_until else None
        proved = bool(talk.grant and until and until > now())
        if keeping.read_binding(session, citizen):
            identity, until = Identity.BOUND, None
        elif proved:
            identity = Identity.VERIFIED
        elif talk.for_agent and talk.step in _PROVING:
            identity = Identity.ASKED
        else:
            identity = Identity.FAILED if talk.failed else Identity.UNKNOWN
        mine = talk.for_agent and talk.step
        choices = tuple(talk.choices) if mine and talk.step in _CHOSEN_BY_AGENT else ()
        return Standing(
            identity, until if identity is Identity.VERIFIED else None, _STEPS.get(talk.step, "") if mine else "", choices
        )

    def is_open(self, session: Session, citizen: str) -> bool:
        """Tell whether a step that a person started waits for the citizen."""
        talk = Talk.from_json(keeping.read_talk(session, citizen))
        return bool(talk.for_agent and talk.step)

    def choices(self, session: Session, citizen: str) -> tuple[str, ...]:
        """Give what the citizen may choose in an open step, in the order it was offered."""
        return tuple(Talk.from_json(keeping.read_talk(session, citizen)).choices)

    async def ask_identity(self, citizen: str, key: str, number: str = "") -> CaseAnswer | None:
        """Ask a citizen to prove who they are; None where they are bound, or proved it a while ago."""
        turn = await self._open(citizen, key, number)
        talk = turn.talk
        known = number or talk.number or talk.shown
        if turn.binding or (not number and talk.open_grant(talk.grant_number)):
            return None

        async def begin() -> CaseAnswer:
            talk.failed = False
            talk.begin("number", aim="identity")
            return (
                await case_steps.take_number(turn, known)
                if known
                else say(Outcome.IDENTITY_REQUIRED, words.ASK_NUMBER_TO_PROVE)
            )

        return await self._do(turn, begin)

    async def look_up(self, citizen: str, key: str, number: str = "") -> CaseAnswer:
        """Look a case up for a citizen: at once where they are bound or proved who they are, else after they do."""
        turn = await self._open(citizen, key, number)
        talk = turn.talk

        async def begin() -> CaseAnswer:
            if not number and not turn.binding and (known := talk.number or talk.shown):
                talk.aim = "status"
                return await case_steps.take_number(turn, known)
            return case_steps.offer_cases(turn, await case_steps.begin_case(turn, "status"))

        return await self._do(turn, begin)

    async def book(self, citizen: str, key: str, item: str, region: str | None) -> CaseAnswer:
        """Begin to book a time for a citizen."""
        turn = await self._open(citizen, key)
        return await self._do(turn, lambda: booking_steps.begin_booking(turn, item, region))

    async def choose(self, citizen: str, key: str, title: str) -> CaseAnswer | None:
        """Choose for a citizen among what was offered; None where that is offered no more."""
        turn = await self._open(citizen, key, title)
        talk = turn.talk
        if not talk.for_agent or talk.step not in _CHOSEN_BY_AGENT or title not in talk.choices:
            return None
        answer = await self._talk.go_on(turn)
        return await self._end(turn, answer) if answer else None

    async def stop(self, citizen: str, key: str) -> CaseAnswer | None:
        """Ask the citizen nothing more; None where nothing was being asked."""
        turn = await self._open(citizen, key)
        if not turn.talk.for_agent or not turn.talk.step:
            return None
        turn.talk.clear()
        await turn.keep_talk()
        return say(Outcome.ACKNOWLEDGED, words.AGENT_STOPPED)

    async def answer(self, question: CaseQuestion) -> tuple[CaseAnswer, bool] | None:
        """Take a citizen's message as the answer to a step, with whether they are asked again; None where it is none."""
        turn = await self._talk.open_turn(question)
        if not turn.talk.for_agent:
            return None
        answer = await self._talk.go_on(turn)
        return (await self._end(turn, answer), bool(turn.talk.step)) if answer else None

    async def _open(self, citizen: str, key: str, text: str = "") -> TalkTurn:
        return await self._talk.open_turn(CaseQuestion(citizen, text, origin=citizen, turn=key))

    async def _do(self, turn: TalkTurn, begin: Callable[[], Awaitable[CaseAnswer]]) -> CaseAnswer:
        answer = await self._talk.run(turn, begin)
        return await self._end(turn, answer or say(Outcome.ERROR, words.DOWN_FOR_NOW))

    async def _end(self, turn: TalkTurn, answer: CaseAnswer) -> CaseAnswer:
        """Keep that a person started what is asked, and leave out of the answer what only the bot could go on with."""
        turn.talk.for_agent = bool(turn.talk.step)
        await turn.keep_talk()
        return replace(
            answer,
            replies=tuple(_for_agent(reply, asks=bool(turn.talk.step)) for reply in answer.replies if _stays(reply, turn)),
        )


def read_number(text: str) -> str | None:
    """Give the case number in what a person typed; empty for nothing, None where it is none of ours."""
    found = find_numbers(text)
    if found:
        return found[0]
    return None if text.strip() or looks_like_a_number(text) else ""


def _stays(reply: Reply, turn: TalkTurn) -> bool:
    """Tell whether a reply is more than the offer of what comes next."""
    return bool(turn.talk.step) or not (reply.choices and reply.text.endswith(("：", "？")))


def _for_agent(reply: Reply, *, asks: bool) -> Reply:
    text = reply.text
    for part in _OR_A_PERSON:
        text = text.replace(part, "。")
    if asks or not reply.choices:
        return replace(reply, text=text)
    return replace(reply, type="text", text=text, choices=())
