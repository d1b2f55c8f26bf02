"""The conversation about cases and appointments: what a message means where the talk stands, and what is answered.

The edge (`web/case_side.py`) asks `before_bot` with every message: where it answers something that was asked, it is answered
here and nobody else sees it. Otherwise the bot answers; `after_bot` takes over what it understood as a wish about cases, and
`remind` leads back to what was being asked. Nothing here raises but for our own database.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from language import detect_safety, normalise
from qinwen.database import Database
from qinwen.log import logger
from qinwen.patience import at_most
from qinwen.replies import Choice, Reply
from qinwen.sealing import Sealer
from qinwen.vocabulary import Outcome
from services_backend import booking_steps, case_steps, keeping, rating_steps
from services_backend import case_words as words
from services_backend.backend import ServicesBackend
from services_backend.errors import BackendRefused, BackendUnavailable, IdentityWrong, NotPossible, TooManyAttempts
from services_backend.said import find_numbers, looks_like_a_number
from services_backend.talk_state import Act, CaseAnswer, CaseQuestion, Talk, say
from services_backend.talk_turn import PURPOSE, CaseRoom, TalkTurn
from services_backend.try_limits import TryLimits

log = logger(__name__)
T = TypeVar("T")
_WITHIN = 3.2
_MOST_REMINDERS = 2
_CANCEL = re.compile(
    r"(?:我|那|就|先|还是)*(?:取消|算了|退出|停|不(?:查|办|约|评|绑|用|要|弄|看)(?:了|啦)|别查了)"
    r"(?:吧|了|啊|先不查了|不查了|不约了|不办了|不评了)*"
)
_RESEND = re.compile(
    r"重(?:新)?发|再发|没(?:有)?收到|收不到|过期|没来|(?:手机|号码?|电话).{0,6}(?:换|丢|停机|停用|不用|没了|注销|打不通)"
)
_COMMANDS = (
    (re.compile(r"(?:帮我|请)?催办?\s*SN[\d\s]+", re.ASCII), "urge_case"),
    (re.compile(r"(?:再)?查(?:一下|询)?\s*SN[\d\s]+", re.ASCII), "check_case"),
    (re.compile(r"(?:我要)?评价\s*SN[\d\s]+.{0,8}"), "rate_case"),
    (re.compile(r"绑定身份"), "bind_account"),
    (re.compile(r"解除绑定|解绑"), "unbind_account"),
    (re.compile(r"(?:打开|开启|恢复|重新打开)(?:办件)?(?:通知|提醒|消息|推送)"), "want_notices"),
    (
        re.compile(
            r"(?:那|以后|今后|往后|有[^，。]{1,4}|办件|还是|继续|接着|再|重新|恢复|请|麻烦|你|您|给|把)*"
            r"(?:还是|继续|接着|重新|恢复|以后)[^，。]{0,4}(?:通知|提醒|告诉|推送|说)(?:给)?我(?:一声|一下)?[吧了呗嘛啊。！!]*"
        ),
        "want_notices",
    ),
    (re.compile(r"我的办件(?: 第(?P<page>\d{1,3})页)?"), "list_cases"),
    (re.compile(r"我的预约"), "list_appointments"),
    (re.compile(r"取消预约"), "cancel_appointment"),
    (re.compile(r"预约办事"), "book_appointment"),
    (re.compile(r"确定删除我的记录"), "erase_records"),
)
_UNBIND = re.compile(r"解绑|解除|解开|解掉|退出|注销|取消绑|不想绑|不绑")
_ERASE = re.compile(
    r"(?:请|帮我|把|给我|我要(?:求)?|现在)*(?:删除|删掉|删了|清空|清除|抹去|销毁|擦除)(?:我|我的|全部|所有|的|本人)*"
    r"(?:聊天|对话|个人|咨询|历史)?(?:记录|数据|信息|资料)(?:全部|都)?(?:吧|了)?|确定删除我的记录"
)
_ONLY_SECRETS = re.compile(r"(?:\[(?:后四位|验证码)\]|[\s,，。.;；、!！是对嗯好的我吧])+")
ERASE = "确定删除我的记录"


class CaseTalk:
    """Answers what citizens want of their cases and appointments.

    Args:
        backend: the case system.
        database: the main database.
        secret: seals what opens cases.
        limits: our own limit on tries.
        previous_secret: what was sealed with before; it still opens.
        item_title: gives an item's title by its code; empty where there is none.
    """

    def __init__(
        self,
        backend: ServicesBackend,
        database: Database,
        secret: str,
        limits: TryLimits,
        previous_secret: str = "",
        item_title: Callable[[Session, str], str] = lambda _, code: code,
    ) -> None:
        self.room = CaseRoom(backend, database, Sealer(secret, PURPOSE, previous_secret), limits, item_title)

    def expects_secret(self, session: Session, citizen: str) -> bool:
        """Tell whether the bot just asked this citizen for a number that proves an identity."""
        return Talk.from_json(keeping.read_talk(session, citizen)).expects_secret

    async def open_turn(self, question: CaseQuestion) -> TalkTurn:
        """Read once where the talk stands; what follows in the same turn takes what this gives."""

        def read(session: Session) -> tuple[dict[str, Any] | None, keeping.KeptBinding | None]:
            return keeping.read_talk(session, question.citizen), keeping.read_binding(session, question.citizen)

        kept, bound = await self.room.keep(read)
        access = self.room.sealer.open(bound.access) if bound else ""
        return TalkTurn(self.room, question, Talk.from_json(kept), access, bound.applicant if bound else "", kept)

    async def before_bot(self, turn: TalkTurn) -> CaseAnswer | None:
        """Answer a message that continues what was asked, or that can mean one thing only; None: the bot's."""
        question = turn.question
        if detect_safety(question.text):
            return None

        async def begin() -> CaseAnswer | None:
            if turn.talk.step and (answered := await _continue(turn)):
                return answered
            plain = question.text.strip()
            for pattern, name in _COMMANDS:
                if found := pattern.fullmatch(plain):
                    return await _act(turn, Act(name), int(found.groupdict().get("page") or 1))
            if question.said.binding_code:
                return await case_steps.bind_by_code(turn)
            if question.said and _ONLY_SECRETS.fullmatch(plain):
                turn.talk.begin("number", aim="status")
                return say(Outcome.ASK_SLOT, words.NUMBER_FIRST)
            return None

        return await self.run(turn, begin)

    async def after_bot(self, turn: TalkTurn, act: Act) -> CaseAnswer | None:
        """Take over a wish about cases that the bot understood; None: the bot's answer stands."""
        if not act.name and not turn.talk.step:
            return None
        return await self.run(turn, lambda: _act(turn, act))

    async def go_on(self, turn: TalkTurn) -> CaseAnswer | None:
        """Take a message as the answer to what was asked, and as nothing else; None where it is none."""
        if not turn.talk.step or detect_safety(turn.question.text):
            return None
        return await self.run(turn, lambda: _continue(turn))

    async def remind(self, turn: TalkTurn) -> Reply | None:
        """Give what leads back to an open question after the citizen asked something else; None where nothing is open.

        After some interruptions the citizen is left in peace: they have gone on to something else.
        """
        talk = turn.talk
        if not talk.step:
            return None
        if talk.reminded >= _MOST_REMINDERS:
            talk.clear()
            reminder = None
        else:
            talk.reminded += 1
            offered = {
                "level": rating_steps.LEVELS,
                "reasons": (*rating_steps.REASONS, words.NO_REASON),
            }.get(talk.step, tuple(talk.choices))
            choices = tuple(Choice(title, title) for title in offered)
            reminder = Reply("choices" if choices else "text", words.REMINDERS[talk.step], choices)
        await turn.keep_talk()
        return reminder

    async def run(self, turn: TalkTurn, work: Callable[[], Awaitable[CaseAnswer | None]]) -> CaseAnswer | None:
        """Do the work of a turn where the talk stands, in words whatever happens, and keep where it stands then."""
        talk = turn.talk
        booked_for = talk.item
        try:
            answer = await at_most(_WITHIN, work())
        except TooManyAttempts as error:
            talk.failed = True
            talk.clear()
            answer = say(
                Outcome.IDENTITY_REQUIRED, f"{error.message}急着知道，可以带身份证到受理窗口查，或者说“转人工”。", words.DESK
            )
        except IdentityWrong:
            # What was proved or bound a while ago does not open it any more.
            talk.grant = talk.grant_until = ""
            talk.begin("last4" if talk.number else "number")
            answer = say(Outcome.IDENTITY_REQUIRED, words.ASK_LAST4 if talk.number else words.ASK_NUMBER)
        except NotPossible as error:
            talk.clear()
            answer = say(Outcome.ACKNOWLEDGED, error.message)
        except (BackendUnavailable, asyncio.TimeoutError):
            answer = await self._down(turn)
        except BackendRefused:
            talk.clear()
            answer = say(Outcome.ERROR, words.OURS)
        if answer is None or answer.erase:
            return answer
        await turn.keep_talk()
        return replace(answer, item=answer.item or talk.item or booked_for or None)

    async def _down(self, turn: TalkTurn) -> CaseAnswer:
        """Say that the case system can't be reached; who was asking for a status is promised the news."""
        log.warning("case_turn_without_backend", step=turn.talk.step, aim=turn.talk.aim)
        asking = turn.talk.aim == "status" and turn.talk.step in {"", "number", "last4", "code", "case"}
        if not asking:
            return say(Outcome.ERROR, words.DOWN_FOR_NOW)
        if turn.binding or turn.talk.open_grant(turn.talk.number):
            return await case_steps.without_backend(turn)
        await self.room.keep(lambda s: keeping.make_promise(s, turn.citizen, ""))
        return words.promise_words()


async def _continue(turn: TalkTurn) -> CaseAnswer | None:
    """Take a message as the answer to what was asked; None where it is something else."""
    talk, question = turn.talk, turn.question
    plain = re.sub(r"[\s,，。.!！~]+", "", normalise(question.text))
    if talk.step != "which" and _CANCEL.fullmatch(plain):
        talk.clear()
        return say(Outcome.ACKNOWLEDGED, words.DROPPED)
    if talk.step in {"number", "last4", "code"}:
        return await _continue_asking(turn)
    if talk.step == "level":
        return rating_steps.take_level(turn)
    if talk.step == "reasons":
        return await rating_steps.take_reasons(turn, turn.binding or turn.room.sealer.open(talk.open_grant(talk.number)))
    takers = {
        "case": case_steps.take_case,
        "hall": booking_steps.take_hall,
        "day": booking_steps.take_day,
        "time": booking_steps.take_time,
        "which": booking_steps.take_which,
    }
    return await takers[talk.step](turn) if talk.step in takers else None


async def _continue_asking(turn: TalkTurn) -> CaseAnswer | None:
    """Take a message as the number or the proof that was asked for."""
    talk, question = turn.talk, turn.question
    said = question.said
    if said.binding_code:
        return await case_steps.bind_by_code(turn)
    numbers = find_numbers(question.text)
    if numbers and (numbers[0] != talk.number or talk.step in {"number", "code"}):
        return await case_steps.take_number(turn, numbers[0])
    if talk.step == "number":
        meant = looks_like_a_number(question.text)
        return say(Outcome.ASK_SLOT, words.NOT_A_NUMBER if meant else words.NUMBER_FIRST) if meant or said else None
    if said.last4:
        return await case_steps.take_last4(turn)
    if talk.step == "code" and said.code:
        return await case_steps.take_code(turn)
    if talk.step == "code" and _RESEND.search(question.text):
        talk.begin("last4")
        return say(Outcome.IDENTITY_REQUIRED, words.RESEND)
    if said or looks_like_a_number(question.text) or re.fullmatch(r"[\dXx\s]+", question.text):
        return say(Outcome.IDENTITY_REQUIRED, words.WRONG_CODE if talk.step == "code" else words.WRONG_LAST4)
    return None


async def _act(turn: TalkTurn, act: Act, page: int = 1) -> CaseAnswer | None:  # noqa: PLR0912, C901  (one line a wish)
    """Do what the bot understood that the citizen wants."""
    talk, text = turn.talk, turn.question.text
    if act.name == "check_case" and talk.step in {"last4", "code"} and not find_numbers(text):
        return say(Outcome.IDENTITY_REQUIRED, words.REMINDERS[talk.step])
    if act.name == "check_case":
        # Who was asked for a number to urge or to rate is still at that; asking how far a case is binds nobody.
        going_on = talk.step == "number" and talk.aim in {"urge", "rate"}
        return await case_steps.begin_case(turn, talk.aim if going_on else "status")
    if act.name == "list_cases":
        talk.aim = "status"
        return await case_steps.list_cases(turn, page)
    if act.name == "urge_case":
        return await case_steps.begin_case(turn, "urge")
    if act.name == "rate_case":
        return await _rate(turn)
    if act.name == "bind_account" and not _UNBIND.search(text):
        return await _bind(turn)
    if act.name in {"bind_account", "unbind_account"}:
        return await case_steps.unbind(turn)
    if act.name == "book_appointment":
        return await booking_steps.begin_booking(turn, act.item, act.region)
    if act.name == "list_appointments":
        return await booking_steps.list_appointments(turn)
    if act.name == "cancel_appointment":
        return await booking_steps.begin_cancelling(turn)
    if act.name in {"stop_notices", "want_notices"}:
        return await _want_notices(turn, wanted=act.name == "want_notices")
    if act.name == "erase_records":
        return await _erase(turn)
    if act.name == "cancel" and talk.step:
        talk.clear()
        return say(Outcome.ACKNOWLEDGED, words.DROPPED)
    if talk.step == "item" and act.item:
        return await booking_steps.take_item(turn, act.item, act.region)
    if talk.step in {"hall", "day", "time"} and act.item and act.item != talk.item and act.whole:
        # "办身份证" in the middle of a booking means: for this instead. A question about it does not.
        return await booking_steps.take_item(turn, act.item, act.region)
    return None


async def _rate(turn: TalkTurn) -> CaseAnswer | None:
    """Rate a case where one is meant; the bot itself thanks for what is said about the chat."""
    text, shown = turn.question.text, turn.talk.shown
    meant = find_numbers(text) or shown or re.search(r"办件|办事|窗口|这次办|上次", text)
    return await case_steps.begin_case(turn, "rate") if meant else None


async def _bind(turn: TalkTurn) -> CaseAnswer:
    if turn.question.said.binding_code:
        return await case_steps.bind_by_code(turn)
    if turn.binding and not re.search(r"重新|换|改", turn.question.text):
        return say(
            Outcome.ACKNOWLEDGED,
            f"您已经绑定：{turn.applicant}。要换一位，先解除绑定。",
            words.LIST,
            words.UNBIND,
        )
    turn.talk.aim = "bind"
    if numbers := find_numbers(turn.question.text):
        return await case_steps.take_number(turn, numbers[0])
    if turn.talk.shown and turn.talk.open_grant(turn.talk.shown):
        return await case_steps.take_number(turn, turn.talk.shown)
    turn.talk.begin("number", aim="bind")
    return say(Outcome.IDENTITY_REQUIRED, words.ASK_NUMBER_TO_BIND)


async def _want_notices(turn: TalkTurn, *, wanted: bool) -> CaseAnswer:
    bound = await turn.room.keep(lambda s: keeping.want_notices(s, turn.citizen, wanted=wanted))
    if wanted:
        return (
            say(Outcome.ACKNOWLEDGED, words.NOTICES_ON)
            if bound
            else say(Outcome.ACKNOWLEDGED, words.NO_NOTICES_YET, words.BIND)
        )
    return say(Outcome.ACKNOWLEDGED, words.NOTICES_OFF if bound else words.NO_NOTICES_UNBOUND)


async def _erase(turn: TalkTurn) -> CaseAnswer:
    """Have all that is kept of the citizen erased: the hub does so with the end of the turn, and puts the receipt in front.

    What is said vaguely is asked back first.
    """
    if not _ERASE.fullmatch(turn.question.text.strip().rstrip("。.!！~")):
        return say(
            Outcome.ASK_SLOT,
            "要删除您在这里的全部记录吗？聊天内容、身份绑定、查过的办件和还没发出的通知都会删掉，找不回来。",
            (ERASE, ERASE),
            "不删了",
        )
    left = ""
    if turn.binding:
        try:
            await turn.backend.unbind(turn.binding)
        except (BackendUnavailable, BackendRefused):
            # The access is forgotten here either way, so nobody can use it from here any more.
            log.warning("binding_left_at_the_case_system")
            left = "办件系统这会儿不通，那边登记的绑定没有解除，但从这里已经打不开了。"
    words_said = (
        f"{left}办件和预约本身在办件系统里，不受影响。我只留下没有内容的次数和时间，用来统计。"
        "回执编号请记下：我这里已经对不上是谁的了。"
    )
    done = say(Outcome.ACKNOWLEDGED, words_said)
    return CaseAnswer(done.outcome, done.replies, erase=True)
