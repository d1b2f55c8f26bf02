"""Rating a finished case (好差评): five levels, reasons, and what a 差评 leads to."""

from __future__ import annotations

from qinwen.clock import today
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome
from services_backend import case_words as words
from services_backend.case_numbers import print_case_number
from services_backend.cases import Case, Rating, RatingReceipt
from services_backend.errors import NotPossible
from services_backend.explaining import tell_date
from services_backend.said import read_level, read_reasons
from services_backend.talk_state import CaseAnswer, say
from services_backend.talk_turn import TalkTurn
from services_backend.vocabulary import RatingLevel, RatingReason

LEVELS = tuple(level.label for level in sorted(RatingLevel, reverse=True))
REASONS = tuple(reason.label for reason in RatingReason)


def ask_level(turn: TalkTurn, case: Case) -> CaseAnswer:
    """Ask how satisfied the citizen is, if the case can be rated."""
    talk = turn.talk
    if case.rated or not case.state.is_finished:
        talk.clear()
        talk.shown = case.number
        reason = "这件已经评价过了，每件只能评价一次。谢谢您。" if case.rated else "这件还没有办结，办结以后才能评价。"
        return say(Outcome.ACKNOWLEDGED, reason)
    talk.begin("level", number=case.number, version=case.item_version, key=turn.key("rate", case.number, turn.question.turn))
    # A level said in the same breath ("评价 SN… 不满意") is taken at once.
    return take_level(turn) or say(Outcome.ASK_SLOT, f"{case.item_name}这次办得怎么样？", *LEVELS)


def take_level(turn: TalkTurn) -> CaseAnswer | None:
    """Take the level, and ask for reasons."""
    level = read_level(turn.question.text)
    if level is None:
        return None
    turn.talk.begin("reasons", level=level.value)
    asked = (
        "很抱歉没让您满意。主要是哪方面？可以一次说几样。"
        if level.is_bad
        else "谢谢。主要是哪方面让您这样评价？可以一次说几样。"
    )
    return say(Outcome.ASK_SLOT, asked, *REASONS, words.NO_REASON)


async def take_reasons(turn: TalkTurn, access: str) -> CaseAnswer | None:
    """Take the reasons, and send the rating.

    Raises:
        IdentityWrong: the access is over.
    """
    text = turn.question.text
    reasons = read_reasons(text)
    done = text in {words.NO_REASON, words.SUBMIT} or any(word in text for word in ("没有", "没啥", "不说", "提交", "无"))
    if not reasons and not done:
        return None
    talk = turn.talk
    rating = Rating(RatingLevel(talk.level), talk.version, reasons)
    number = talk.number
    try:
        receipt = await turn.backend.rate(access, number, rating, talk.key)
    except NotPossible as error:
        talk.clear()
        return say(Outcome.ACKNOWLEDGED, error.message)
    talk.clear()
    talk.shown = number
    return _thank(receipt, number)


def _thank(receipt: RatingReceipt, number: str) -> CaseAnswer:
    words_said = f"评价已经记下：{print_case_number(number)}，{receipt.level.label}。谢谢您。"
    if receipt.follow_up:
        due = tell_date(receipt.follow_up.due_on, today())
        words_said += f"我们会认真对待：由{receipt.follow_up.owner}负责跟进，最晚{due}给您答复。"
        return CaseAnswer(Outcome.RATED, (Reply("choices", words_said, (Choice(words.DESK, words.DESK),)),))
    return say(Outcome.RATED, words_said)
