"""When the bot's answer leads to a person: what was asked for, and what a person is offered for. The edge is `service`.

Who asks for a person, or complains, is handed over. Who asked in vain, or is upset, is offered a person and decides: somebody
who goes on asking the bot must not find that a desk takes every word of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversations import Response
from desk import words
from desk.desks import Desks, known_departments
from desk.queueing import HandoffRequest
from desk.signs import mood_of
from desk.transcript import Line
from desk.vocabulary import HandoffReason, Mood
from language import normalise
from qinwen.replies import Choice
from qinwen.vocabulary import Outcome

ASK = "request_handoff"
ASKS = re.compile(
    r"(?:我|请|帮我|给我|想|要|需要|快|直接|能不能|可以|麻烦)*(?:转|找|接|换|叫|联系)?(?:到|个)?"
    r"(?:人工|真人|坐席|客服|工作人员)(?:客服|服务|坐席|人员)?(?:[了吧吗啊呀呢]|\W)*"
)
_IN_VAIN = frozenset({Outcome.NOT_FOUND.value, Outcome.ERROR.value})
_OFFERED_WITH = frozenset({Outcome.NOT_FOUND, Outcome.CLARIFY, Outcome.ERROR, Outcome.REFUSED_UNSAFE, Outcome.ACKNOWLEDGED})
# What offices are called in everyday speech, beside their short names.
_CALLED = {
    "社保": "人社", "民政局": "民政", "公安局": "公安", "派出所": "公安", "户政": "公安", "车管所": "公安", "医保局": "医保",
    "公积金": "住建", "不动产": "自然资源", "税务局": "税务", "工商": "市场监管", "教育局": "教育", "卫健委": "卫健",
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """A wish for a person: why, and the department that was named."""

    reason: HandoffReason
    department: str | None = None


def reads_history(text: str, response: Response) -> bool:
    """Tell whether a turn may lead to a person, so that the conversation is worth reading."""
    if response.outcome is Outcome.EMERGENCY:
        return False
    return bool(response.request) or response.intent == "affirm" or _needs_help(text, response)


def wish_of(text: str, response: Response, before: Sequence[Line]) -> Wish | None:
    """Give the wish for a person that a turn has; None: it has none.

    Args:
        text: what the citizen wrote.
        response: what the bot made of it.
        before: the conversation's earlier messages, oldest first.
    """
    request = response.request or {}
    if request.get("name") == ASK and request.get("reason") == HandoffReason.COMPLAINT.value:
        return Wish(HandoffReason.COMPLAINT, _named_department(text))
    asked = request.get("name") == ASK or (response.outcome is Outcome.ERROR and ASKS.fullmatch(normalise(text).strip()))
    agreed = response.intent == "affirm" and _was_offered(before)
    return Wish(_why(text, before), _named_department(text)) if asked or agreed else None


def offer(text: str, response: Response, before: Sequence[Line], desks: Desks, *, is_open: bool) -> Response:
    """Add the offer of a person to an answer that did not help; unchanged where there is no reason or no desk."""
    if not desks.by_code or response.request or response.outcome not in _OFFERED_WITH or not response.replies:
        return response
    choice = Choice("转人工" if is_open else "给人工留言", words.ASK_FOR_PERSON)
    vain = response.outcome.value in _IN_VAIN
    upset = mood_of([text]) is Mood.UPSET
    again = vain and _vain_before(before)
    if (again or upset) and not _was_urged(before):
        offered = words.offered(choice, upset=upset)
        return replace(response, replies=(*response.replies, offered))
    if not vain:
        return response
    last = response.replies[-1]
    if any(known.value == choice.value for known in last.choices):
        return response
    with_choice = replace(last, type="choices" if last.type == "text" else last.type, choices=(*last.choices, choice))
    return replace(response, replies=(*response.replies[:-1], with_choice))


def make_request(conversation: str, citizen: str, text: str, response: Response, wish: Wish) -> HandoffRequest:
    """Give the desk's request of a wish, with what the conversation was about."""
    request = response.request or {}
    return HandoffRequest(
        conversation,
        citizen,
        wish.reason,
        text,
        item=request.get("item") or response.item,
        facet=request.get("facet") or response.facet,
        region=request.get("region") or response.region,
        department=wish.department,
        # Nobody who only complained should find that their next word is taken for a message to leave.
        only_open=wish.reason is HandoffReason.COMPLAINT,
    )


def _needs_help(text: str, response: Response) -> bool:
    return response.outcome.value in _IN_VAIN or (response.outcome in _OFFERED_WITH and mood_of([text]) is Mood.UPSET)


def _why(text: str, before: Sequence[Line]) -> HandoffReason:
    if mood_of([text, *(line.reply.text for line in _said(before)[-2:])]) is Mood.UPSET:
        return HandoffReason.UPSET
    if _vain_before(before):
        return HandoffReason.REPEATED if _vain_turns(before) > 1 or _asked_again(before) else HandoffReason.OUTCOME
    return HandoffReason.REPEATED if _asked_again(before) else HandoffReason.ASKED


def _vain_before(before: Sequence[Line]) -> bool:
    return _vain_turns(before) > 0


def _vain_turns(before: Sequence[Line]) -> int:
    """Count the last turns that were all in vain."""
    ended: dict[str, str] = {line.turn: line.outcome for line in before if line.turn and line.outcome}
    count = 0
    for outcome in reversed(list(ended.values())):
        if outcome not in _IN_VAIN:
            break
        count += 1
    return count


def _asked_again(before: Sequence[Line]) -> bool:
    said = [re.sub(r"\W+", "", normalise(line.reply.text)) for line in _said(before)][-3:]
    return len(said) != len(set(said))


def _said(before: Sequence[Line]) -> list[Line]:
    return [line for line in before if line.author == "citizen"]


def _was_offered(before: Sequence[Line]) -> bool:
    """Tell whether the last thing that was said to the citizen offered a person."""
    told = [line for line in before if line.author != "citizen"]
    return bool(told) and any(choice.value == words.ASK_FOR_PERSON for choice in told[-1].reply.choices)


def _was_urged(before: Sequence[Line]) -> bool:
    """Tell whether a person was offered in a sentence of its own lately, and not only by a button."""
    return any(words.OFFER in line.reply.text for line in before[-6:])


def _named_department(text: str) -> str | None:
    found = next((code for code in known_departments() if code in text), None)
    return found or next((code for name, code in _CALLED.items() if name in text), None)
