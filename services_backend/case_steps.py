"""Asking for a case: its number, the proof of identity, and then what it was for: its status, a 催办, a rating, a binding.

The rule: what is wrong with number, last four or code is never told, and unknown numbers go the same way as known ones.
"""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from qinwen.clock import today
from qinwen.vocabulary import Outcome
from services_backend import case_words as words
from services_backend import keeping
from services_backend.case_numbers import print_case_number
from services_backend.cases import CasePage
from services_backend.errors import BackendUnavailable, IdentityWrong, NotPossible
from services_backend.explaining import explain_case
from services_backend.rating_steps import ask_level
from services_backend.said import find_numbers, looks_like_a_number
from services_backend.talk_state import CaseAnswer, say
from services_backend.talk_turn import TalkTurn

_MOST_TRIES = 3
_PAGE = 10


async def begin_case(turn: TalkTurn, aim: str) -> CaseAnswer:
    """Begin with a case: the one that is named, else the one that is meant, else ask for it."""
    turn.talk.aim = aim
    numbers = find_numbers(turn.question.text)
    if numbers:
        return await take_number(turn, numbers[0])
    if looks_like_a_number(turn.question.text):
        turn.talk.begin("number", aim=aim)
        return say(Outcome.ASK_SLOT, words.NOT_A_NUMBER)
    shown = turn.talk.shown
    if shown and (turn.talk.open_grant(shown) or (turn.binding and aim != "status")):
        return await take_number(turn, shown)
    if turn.binding:
        return await list_cases(turn, 1)
    turn.talk.begin("number", aim=aim)
    return say(Outcome.ASK_SLOT, words.ASK_NUMBER)


async def take_number(turn: TalkTurn, number: str) -> CaseAnswer:
    """Go on with a number: at once where the citizen may see it, else with the proof of identity."""
    if number != turn.talk.number:
        turn.talk.tries = 0
    turn.talk.number, turn.talk.challenge = number, ""
    if turn.binding and turn.talk.aim != "bind":
        try:
            return await serve(turn, turn.binding, bound=True)
        except IdentityWrong:
            pass  # not one of theirs, or none at all: the way is the same
    if grant := turn.room.sealer.open(turn.talk.open_grant(number)):
        return await serve(turn, grant, bound=bool(turn.binding))
    if turn.question.said.last4:
        return await take_last4(turn)
    turn.talk.begin("last4")
    return say(Outcome.IDENTITY_REQUIRED, f"要查的编号是 {print_case_number(number)}。{words.ASK_LAST4}")


async def take_last4(turn: TalkTurn) -> CaseAnswer:
    """Have an SMS code sent, if number and last four fit; nobody learns here whether they do."""
    question, talk = turn.question, turn.talk
    turn.room.limits.count(turn.citizen, talk.number, question.origin)
    talk.begin("last4")
    opened = await turn.backend.open_challenge(talk.number, question.said.last4, turn.citizen, question.origin)
    talk.begin("code", challenge=opened.challenge)
    return say(Outcome.IDENTITY_REQUIRED, words.ASK_CODE)


async def take_code(turn: TalkTurn) -> CaseAnswer:
    """Take the SMS code, and do what it was all for."""
    talk = turn.talk
    try:
        granted = await turn.backend.answer_challenge(talk.challenge, turn.question.said.code)
    except IdentityWrong:
        talk.tries += 1
        if talk.tries < _MOST_TRIES:
            return say(Outcome.CASE_NOT_FOUND, words.NOT_FOUND)
        talk.failed = True
        talk.clear()
        return say(Outcome.CASE_NOT_FOUND, words.NOT_FOUND_END, words.DESK)
    talk.grant, talk.grant_number = turn.room.sealer.seal(granted.access), talk.number
    talk.grant_until = granted.expires_at.isoformat()
    talk.failed = False
    # A code works once: what it opened is kept at once, also if the rest of this turn fails.
    talk.step = ""
    await turn.keep_talk()
    return await serve(turn, granted.access, bound=bool(turn.binding))


async def serve(turn: TalkTurn, access: str, *, bound: bool) -> CaseAnswer:
    """Do with a case what was asked for.

    Raises:
        IdentityWrong: the access does not open it.
    """
    talk = turn.talk
    if talk.aim == "urge":
        return await urge(turn, access)
    if talk.aim == "bind":
        return await bind_by_access(turn, access)
    if talk.aim == "identity":
        number = talk.number
        talk.clear()
        talk.shown = number
        return say(Outcome.ACKNOWLEDGED, words.PROVED)
    try:
        case = await turn.backend.read_case(access, talk.number)
    except BackendUnavailable:
        return await without_backend(turn)
    number, aim = talk.number, talk.aim
    if aim == "rate":
        talk.shown = number
        return ask_level(turn, case)
    talk.clear()
    talk.shown = number

    def note(session: Session) -> None:
        keeping.note_known(session, turn.citizen, case)
        keeping.keep_promises(session, turn.citizen, number)

    await turn.room.keep(note)
    return words.tell_case(case, explain_case(case, today()), bound=bound)


async def urge(turn: TalkTurn, access: str) -> CaseAnswer:
    """Record a 催办."""
    number = turn.talk.number
    try:
        await turn.backend.urge(access, number, turn.key("urge", number, turn.question.turn))
    except NotPossible as error:
        turn.talk.clear()
        turn.talk.shown = number
        more = words.DESK if error.code == "already_urged" else words.LIST if turn.binding else words.BIND
        return say(Outcome.ACKNOWLEDGED, error.message, more)
    turn.talk.clear()
    turn.talk.shown = number
    return say(
        Outcome.ACKNOWLEDGED,
        f"已经替您催办 {print_case_number(number)}，经办的部门会看到。每件每天可以催一次；还是着急，可以转人工。",
        words.DESK,
    )


async def bind_by_access(turn: TalkTurn, access: str) -> CaseAnswer:
    """Bind the citizen to the applicant whose case was opened."""
    bound = await turn.backend.bind_by_access(access, turn.citizen)
    return await keep_binding(turn, bound.access, bound.applicant)


async def bind_by_code(turn: TalkTurn) -> CaseAnswer:
    """Bind the citizen by the one-time code of a receipt."""
    turn.talk.aim = "bind"
    turn.room.limits.count(turn.citizen, "", turn.question.origin)
    try:
        bound = await turn.backend.bind_by_code(turn.question.said.binding_code, turn.citizen)
    except IdentityWrong:
        turn.talk.begin("number", aim="bind")
        return say(Outcome.CASE_NOT_FOUND, words.BAD_BINDING_CODE)
    return await keep_binding(turn, bound.access, bound.applicant)


async def keep_binding(turn: TalkTurn, access: str, applicant: str) -> CaseAnswer:
    """Keep a binding, and say so."""
    sealed = turn.room.sealer.seal(access)
    await turn.room.keep(lambda s: keeping.write_binding(s, turn.citizen, sealed, applicant))
    turn.talk.clear()
    return say(
        Outcome.ACKNOWLEDGED,
        f"绑定好了：{applicant}。说“我的办件”看全部办件；有进展我会告诉您，不想要就说“别给我发通知”。随时可以解除绑定。",
        words.LIST,
        words.UNBIND,
    )


async def unbind(turn: TalkTurn) -> CaseAnswer:
    """Forget the binding, there and here."""
    if not turn.binding:
        return say(Outcome.ACKNOWLEDGED, words.NOT_BOUND, words.BIND)
    await turn.backend.unbind(turn.binding)
    await turn.room.keep(lambda s: keeping.delete_binding(s, turn.citizen))
    turn.talk.__init__()  # type: ignore[misc]
    return say(Outcome.ACKNOWLEDGED, words.UNBOUND)


async def list_cases(turn: TalkTurn, page: int) -> CaseAnswer:
    """List a bound citizen's cases; without a binding ask for it. The only one there is is shown at once."""
    if not turn.binding:
        turn.talk.begin("number", aim="bind")
        if turn.talk.open_grant(turn.talk.shown):
            return say(Outcome.IDENTITY_REQUIRED, words.BIND_SHOWN, words.BIND)
        return say(Outcome.IDENTITY_REQUIRED, f"{words.NOT_BOUND}{words.ASK_NUMBER_TO_BIND}")
    try:
        found = await turn.backend.list_cases(turn.binding, page, _PAGE)
    except IdentityWrong:
        await turn.room.keep(lambda s: keeping.delete_binding(s, turn.citizen))
        turn.talk.begin("number", aim="bind")
        return say(Outcome.IDENTITY_REQUIRED, f"{words.BINDING_OVER}{words.ASK_NUMBER_TO_BIND}")
    except BackendUnavailable:
        if turn.talk.aim != "status":
            raise  # what can't be done now is not promised
        turn.talk.number = ""
        return await without_backend(turn)
    await turn.room.keep(lambda session: keeping.note_known(session, turn.citizen, *found.cases))
    if found.total == 1:
        turn.talk.number = found.cases[0].number
        return await serve(turn, turn.binding, bound=True)
    if turn.talk.aim in {"urge", "rate"}:
        return _ask_which(turn, found)
    turn.talk.clear()
    return words.tell_list(found, turn.applicant)


async def take_case(turn: TalkTurn) -> CaseAnswer | None:
    """Take which of a bound citizen's cases is to be shown, or the next page of them."""
    text = turn.question.text.strip()
    meant = turn.talk.choices.get(text, text)
    if numbers := find_numbers(meant):
        return await take_number(turn, numbers[0])
    if page := re.fullmatch(r"我的办件 第(\d{1,3})页", meant):
        return offer_cases(turn, await list_cases(turn, int(page[1])))
    return None


def offer_cases(turn: TalkTurn, answer: CaseAnswer) -> CaseAnswer:
    """Wait for the citizen to say which of the listed cases is meant; other answers stay as they are."""
    choices = {choice.title: choice.value for reply in answer.replies for choice in reply.choices}
    if not turn.talk.step and any(value.startswith("查 ") for value in choices.values()):
        turn.talk.begin("case", aim="status", choices=choices)
    return answer


def _ask_which(turn: TalkTurn, page: CasePage) -> CaseAnswer:
    """Ask which of the citizen's cases is to be urged or rated."""
    rating = turn.talk.aim == "rate"
    verb = "评价" if rating else "催办"
    turn.talk.clear()
    fitting = [case for case in page.cases if (case.state.is_finished if rating else case.state.is_open)]
    if not fitting:
        return say(Outcome.ACKNOWLEDGED, f"您名下现在没有可以{verb}的办件。", words.LIST)
    choices = [(f"{case.item_name}（{case.state.label}）", f"{verb} {print_case_number(case.number)}") for case in fitting]
    return say(Outcome.ASK_SLOT, f"要{verb}哪一件？", *choices)


async def without_backend(turn: TalkTurn) -> CaseAnswer:
    """Tell the last known state with its time, or that nothing can be seen; promise the news either way.

    Without a number it is the list that was asked for: a bound citizen hears of all that they saw.
    """
    number, citizen, bound = turn.talk.number, turn.citizen, bool(turn.binding)
    turn.talk.clear()
    turn.talk.shown = number

    def read(session: Session) -> list[keeping.KnownCase]:
        keeping.make_promise(session, citizen, number)
        if number:
            known = keeping.read_known(session, citizen, number)
            return [known] if known else []
        return keeping.list_known(session, citizen, _PAGE) if bound else []

    known = await turn.room.keep(read)
    return words.tell_known(known) if known else words.promise_words()
