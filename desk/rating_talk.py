"""Rating the chat by conversation: what a citizen says or presses, and what they are asked next. Keeps no state of its own.

What a rating is about is read from the ledger: the service by an agent that ended last, or the bot's last answer, with the
version of the entry that it showed. Buttons send whole words (评价：满意), so that an old button still means what it said.
A case rating is another thing (`services_backend.rating_steps`): what is about a case is left to it, and where it is not
clear which is meant, the citizen is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from conversations import Response
from desk.bad_ratings import bad_rating_due
from desk.errors import AlreadyTaken, DeskRefused
from desk.rating_again import drop_rating, last_rating
from desk.ratings import RatingGiven, ratable_handling, rate, reasons_for
from desk.transcript import Line, read_lines
from desk.vocabulary import RatingLevel, RatingTarget
from language import normalise
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

OF_CASE = "评价办件"
_OF_ANSWER, _OF_SERVICE, _NO_REASON = "评价刚才的回答", "评价刚才的人工服务", "评价原因：不选了"
_ASKED = re.compile(
    r"(?:我)?(?:想|要|来)?(?:给(?:你|您)?)?(?:评价|评分|打分|打个分|评个价|我要评价)(?:一下|下|这次|本次)?[吧。!,\s]*"
)
_LEVEL = re.compile(r"评价(回答)?[:：](\S+)")
_REASON = re.compile(r"评价原因[:：](\S+)")
_THUMB_DOWN = re.compile(r"(?:我要|给你)?(?:点踩|点个踩|差评|打差评|👎)[。!\s]*")
_THUMB_UP = re.compile(r"(?:我要|给你)?(?:点赞|点个赞|好评|打好评|👍)[。!\s]*")
_ANSWERED = {Outcome.ANSWERED.value, Outcome.NOT_FOUND.value, Outcome.CLARIFY.value, Outcome.REFUSED_OUT_OF_SCOPE.value}
_ABOUT_CASES = {Outcome.CASE_STATUS.value, Outcome.CASE_NOT_FOUND.value, Outcome.IDENTITY_REQUIRED.value}
_REASON_WITHIN = timedelta(hours=1)
_LATELY = 3


@dataclass(frozen=True)
class Rateable:
    """What there is to rate: the service that ended last, the bot's last answer; and whether cases came up lately."""

    conversation: str
    handling: str | None
    answer: Line | None
    about_cases: bool


def take(session: Session, citizen: str, text: str, moment: datetime) -> Response | None:
    """Take a message that is about rating the chat; None where it is about something else.

    Args:
        session: an open session.
        citizen: who wrote.
        text: what was written, or what the pressed button stands for.
        moment: now.
    """
    plain = normalise(text).strip()
    if not _may_be_rating(plain):
        return None
    there = _look(session, citizen)
    if there is None:
        return None
    try:
        return _take(session, citizen, plain, there, moment)
    except (DeskRefused, AlreadyTaken) as error:
        return _say(Outcome.ACKNOWLEDGED, error.message)


def rate_turn(
    session: Session, citizen: str, turn: str, level: RatingLevel, reasons: tuple[str, ...], comment: str, moment: datetime
) -> int:
    """Rate one answer of the bot, as the buttons under it do; gives the rating's number.

    Raises:
        DeskRefused: it is not an answer of the bot to this citizen, or a reason does not fit.
        AlreadyTaken: the earlier rating's follow-up is done.
    """
    lines = [line for line in read_lines(session, citizen) if line.turn == turn and line.author == "bot"]
    if not lines:
        raise DeskRefused("这条回答现在不能评价了。")
    return _rate_answer(session, citizen, lines[-1], level, reasons, comment, moment)


def _may_be_rating(plain: str) -> bool:
    if plain in {_OF_ANSWER, _OF_SERVICE}:
        return True
    return any(form.fullmatch(plain) for form in (_ASKED, _LEVEL, _REASON, _THUMB_DOWN, _THUMB_UP))


def _look(session: Session, citizen: str) -> Rateable | None:
    lines = read_lines(session, citizen)
    if not lines:
        return None
    conversation = lines[-1].conversation
    answers = [line for line in lines if line.author == "bot" and line.conversation == conversation]
    answer = next((line for line in reversed(answers) if line.outcome in _ANSWERED), None)
    handling = ratable_handling(session, conversation)
    return Rateable(conversation, handling, answer, any(line.outcome in _ABOUT_CASES for line in answers[-_LATELY:]))


def _take(session: Session, citizen: str, plain: str, there: Rateable, moment: datetime) -> Response | None:
    if found := _REASON.fullmatch(plain):
        return _take_reason(session, citizen, found[1], moment)
    if found := _LEVEL.fullmatch(plain):
        level = next((one for one in RatingLevel if one.label == found[2]), None)
        return _rate(session, citizen, level, there, moment, answer=bool(found[1])) if level else None
    if plain == _OF_ANSWER:
        return _ask_level("answer") if there.answer else _nothing_there()
    if plain == _OF_SERVICE:
        return _ask_level("service") if there.handling else _nothing_there()
    # A service that ended is rated before an answer, since it is the larger thing.
    if _THUMB_DOWN.fullmatch(plain):
        return _rate(session, citizen, RatingLevel.BAD, there, moment, answer=there.handling is None)
    if _THUMB_UP.fullmatch(plain):
        return _rate(session, citizen, RatingLevel.GOOD, there, moment, answer=there.handling is None)
    return _ask_which(there)


def _ask_which(there: Rateable) -> Response | None:
    choices = []
    if there.handling:
        choices.append(Choice("刚才的人工服务", _OF_SERVICE))
    if there.answer:
        choices.append(Choice("刚才的回答", _OF_ANSWER))
    if not choices:
        return None  # then only a case can be meant
    if len(choices) == 1 and not there.about_cases:
        levels = _ask_level("service" if there.handling else "answer")
        (reply,) = levels.replies
        return Response(Outcome.ASK_SLOT, (replace(reply, choices=(*reply.choices, Choice("评价我的办件", OF_CASE))),))
    choices.append(Choice("我的办件", OF_CASE))
    return Response(Outcome.ASK_SLOT, (Reply("choices", "您想评价哪一样？", tuple(choices)),))


def _nothing_there() -> Response:
    return _say(Outcome.ACKNOWLEDGED, "现在还没有可以评价的。您先问，问完随时说「评价」。")


def _ask_level(what: str) -> Response:
    prefix, words = ("评价回答", "刚才的回答怎么样？") if what == "answer" else ("评价", "刚才的人工服务怎么样？")
    levels = tuple(Choice(level.label, f"{prefix}：{level.label}") for level in RatingLevel)
    return Response(Outcome.ASK_SLOT, (Reply("choices", words, levels),))


def _rate(
    session: Session, citizen: str, level: RatingLevel, there: Rateable, moment: datetime, *, answer: bool
) -> Response | None:
    if there.handling and not answer:
        given = RatingGiven(citizen, there.conversation, RatingTarget.AGENT, there.handling, level)
        return _thank(session, rate(session, given, moment), RatingTarget.AGENT, level)
    if there.answer is None:
        return _nothing_there()
    return _thank(session, _rate_answer(session, citizen, there.answer, level, (), "", moment), RatingTarget.TURN, level)


def _rate_answer(
    session: Session, citizen: str, line: Line, level: RatingLevel, reasons: tuple[str, ...], comment: str, moment: datetime
) -> int:
    turn = RatingGiven(citizen, line.conversation, RatingTarget.TURN, line.turn or "", level, reasons, comment, turn=line.turn)
    source = line.reply.sources[0] if line.reply.sources else None
    known = {code for code, _ in reasons_for(RatingTarget.TURN, level)}
    if not set(reasons) <= known:
        raise DeskRefused("评价原因和评价对象、等级对不上。")
    of_entry = {code for code, _ in reasons_for(RatingTarget.ENTRY, level)} if level.is_bad and source else set()
    mine = tuple(code for code in reasons if code in of_entry)
    if source is None or not mine:
        if source is not None:
            drop_rating(session, citizen, RatingTarget.ENTRY, source.entry, turn=line.turn)
        return rate(session, turn, moment)
    # What is wrong with the entry's text is said of the entry and its version; one act of the citizen is one rating.
    drop_rating(session, citizen, RatingTarget.TURN, line.turn or "")
    return rate(
        session, replace(turn, target=RatingTarget.ENTRY, target_id=source.entry, version=source.version, reasons=mine), moment
    )


def _take_reason(session: Session, citizen: str, title: str, moment: datetime) -> Response:
    row = last_rating(session, citizen, moment - _REASON_WITHIN)
    if row is None:
        return _say(Outcome.ACKNOWLEDGED, "要评价的话，先说「评价」，选好满意不满意，再选原因。")
    level, target = RatingLevel(row.level), RatingTarget(row.target)
    if f"评价原因：{title}" == _NO_REASON:
        return _say(Outcome.RATED, "好的，评价记下了，谢谢您。还想问什么，直接说。")
    asked = RatingTarget.TURN if target is RatingTarget.ENTRY else target
    code = next((code for code, name in reasons_for(asked, level) if name == title), None)
    if code is None:
        return _say(Outcome.ACKNOWLEDGED, "这个原因和刚才的评价对不上，没有记。")
    reasons = tuple(dict.fromkeys([*row.reasons, code]))
    if asked is RatingTarget.TURN:
        line = next(one for one in reversed(read_lines(session, citizen)) if one.turn == row.turn_id and one.author == "bot")
        _rate_answer(session, citizen, line, level, reasons, row.comment, moment)
    else:
        given = RatingGiven(citizen, row.conversation_id, target, row.target_id, level, reasons, row.comment)
        rate(session, given, moment)
    return _say(Outcome.RATED, f"记下了：{title}。谢谢您，这些会用来改进。还想问什么，直接说。")


def _thank(session: Session, number: int, target: RatingTarget, level: RatingLevel) -> Response:
    if not level.is_bad:
        return _say(Outcome.RATED, f"评价记下了：{level.label}。谢谢您。")
    due = bad_rating_due(session, number)
    words = f"评价记下了：{level.label}。对不起没让您满意，{due.month} 月 {due.day} 日前会有专人跟进。主要是哪方面？"
    choices = [Choice(title, f"评价原因：{title}") for _, title in reasons_for(target, level)]
    return Response(Outcome.RATED, (Reply("choices", words, (*choices, Choice("不选了", _NO_REASON))),))


def _say(outcome: Outcome, words: str) -> Response:
    return Response(outcome, (Reply("text", words),))
