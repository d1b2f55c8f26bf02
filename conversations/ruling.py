"""What the emergency controls do to a citizen's message: a uniform answer, an honest "not now", a banner in front.

Danger to life comes first: its answer is never replaced. Whoever wants a person goes on to the desk, also while the bot is off.
Called by `runs`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from conversations.controls import Control, InForce, matching
from conversations.fallback import respond_without_bot
from conversations.models import Message
from conversations.turns import Response
from language import SafetyKind, detect_safety, normalise
from qinwen.clock import SHAANXI
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

# What the ledger keeps as the intent of such turns, so that the figures can tell them from the bot's own answers.
UNIFORM_ANSWER, BOT_OFF = "uniform_answer", "bot_off"
_WANTS_PERSON = re.compile(
    r"(?:我|请|帮我|给我|想|要|需要|快|直接|能不能|可以)*(?:转|找|接|换|叫|联系)?(?:到|个)?"
    r"(?:人工|真人|坐席|客服)(?:客服|服务|坐席|人员)?(?:[了吧吗啊呀呢]|\W)*"
)


def answer_by_rule(controls: InForce, text: str) -> Response | None:
    """Give the answer that a control in force has for a message that the bot would take; None: the bot takes it."""
    if not controls.answers and not controls.bot_off:
        return None
    safety = detect_safety(text)
    if safety and safety.kind is SafetyKind.EMERGENCY:
        return respond_without_bot(text) if controls.bot_off else None
    if uniform := matching(controls.answers, text):
        return Response(Outcome.ANSWERED, (Reply("text", _uniform_words(uniform)),), intent=UNIFORM_ANSWER)
    if controls.bot_off is None or _WANTS_PERSON.fullmatch(normalise(text).strip()):
        return None
    return Response(Outcome.ERROR, (_off_reply(controls.bot_off),), intent=BOT_OFF)


def with_banners(session: Session, controls: InForce, conversation: str, response: Response) -> Response:
    """Put the banners in front that this conversation has not been told yet; for channels without a page to show them on."""
    if not controls.banners or not response.replies or response.outcome is Outcome.EMERGENCY:
        return response
    new = [reply for reply in map(banner_reply, reversed(controls.banners)) if not _was_told(session, conversation, reply.text)]
    return replace(response, replies=(*new, *response.replies)) if new else response


def banner_reply(banner: Control) -> Reply:
    """Give a banner as a message of its own."""
    return Reply("text", f"【公告】{banner.text}")


def _was_told(session: Session, conversation: str, words: str) -> bool:
    return bool(
        session.scalar(
            select(exists().where(Message.conversation_id == conversation, Message.direction == "out", Message.text == words))
        )
    )


def _uniform_words(control: Control) -> str:
    return f"{control.text}\n（统一答复，{_until(control.ends_at)}前有效）"


def _off_reply(control: Control) -> Reply:
    words = control.text or "机器人暂时停用，现在答不了您的问题。"
    after = (
        f"预计 {_until(control.ends_at)} 恢复。您说的话已经记下，不会丢；恢复后请再发一次。"
        "要找人工，请回复“转人工”；着急可以打 12345 热线；遇到危险请打 110、119 或 120。"
    )
    return Reply("choices", f"{words}\n{after}", (Choice("转人工", "转人工"),))


def _until(moment: datetime) -> str:
    local = moment.astimezone(SHAANXI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
