"""Decides what a push means to us: something a citizen said, something to note, a goodbye, or nothing.

Only what a citizen typed (or was heard saying, or pressed) goes to a responder; everything else that a citizen sent gets
a prepared answer, so that nobody meets silence and the bot never sees what it can't read (wechat.md §2.1, §2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from channels.wechat.data_files import allowances, keys, said_by_scene, words
from channels.wechat.messages import (
    Consent,
    DeskSession,
    Event,
    ImageMessage,
    LinkMessage,
    LocationMessage,
    Push,
    SendingResult,
    TextMessage,
    VideoMessage,
    VoiceMessage,
)
from channels.wechat.nearby import answer_location
from conversations import Allowance, MessageRefused, Response, SentMedia, accept_text
from conversations.intake import MAX_CHARACTERS
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

STICKER = "【收到不支持的消息类型，暂无法显示】"
_SCENE = "qrscene_"
_MENU_EVENTS = frozenset({"click", "scancode_push", "scancode_waitmsg"})


@dataclass(frozen=True)
class Said:
    """A message for the hub: the text for a responder, or with `prepared` just for the record; `sent`: its file."""

    text: str
    allowance: Allowance | None
    prepared: Response | None = None
    sent: SentMedia | None = None


@dataclass(frozen=True)
class Noted:
    """Something of the platform's to write down; nobody waits for an answer."""

    event: DeskSession | SendingResult | Consent


Left = Literal["left"]
Nothing = Literal["nothing"]
Meaning = Said | Noted | Left | Nothing


def understand(push: Push) -> Meaning:
    """Tell what a push means to us."""
    if isinstance(push, Event):
        return _understand_event(push)
    allowance = allowances().get("message")
    if isinstance(push, TextMessage):
        return _typed(push.content, allowance)
    if isinstance(push, VoiceMessage) and push.recognition:
        return replace(_typed(push.recognition, allowance), sent=_sent_with(push))
    if isinstance(push, LocationMessage):
        return Said("［位置］", allowance, answer_location(push))
    shown, sentence = _unreadable(push)
    return Said(shown, allowance, _please_type(sentence), _sent_with(push))


def _sent_with(push: Push) -> SentMedia | None:
    if isinstance(push, ImageMessage) and push.media_id:
        return SentMedia("image", push.media_id)
    return SentMedia("voice", push.media_id) if isinstance(push, VoiceMessage) and push.media_id else None


def _typed(content: str, allowance: Allowance | None) -> Said:
    if content.strip() == STICKER:
        return Said("［表情］", allowance, _please_type(words().sticker))
    if not content.strip():
        return Said("［空白］", allowance, _please_type(words().blank))
    try:
        return Said(accept_text(content), allowance)
    except MessageRefused as error:
        return Said(_record_of(content), allowance, _please_type(error.message))


def _record_of(content: str) -> str:
    # What can't be taken as it is (too long) is still recorded, as far as it may be.
    try:
        return accept_text(content.strip()[:MAX_CHARACTERS])
    except MessageRefused:
        return "［无法识别的文字］"


def _unreadable(push: Push) -> tuple[str, str]:
    said = words()
    if isinstance(push, VoiceMessage):
        return "［语音］", said.voice
    if isinstance(push, ImageMessage):
        return "［图片］", said.image
    if isinstance(push, VideoMessage):
        return "［视频］", said.video
    if isinstance(push, LinkMessage):
        return "［链接或文件］", said.link
    return "［看不了的消息］", said.unknown


def _understand_event(push: Event) -> Meaning:
    if isinstance(push, DeskSession | SendingResult | Consent):
        return Noted(push)
    allowance = allowances().get(push.event)
    if push.event == "unsubscribe":
        return "left"
    if push.event in ("subscribe", "scan"):
        said = said_by_scene(push.event_key.removeprefix(_SCENE))
        return Said(said, allowance) if said else Said(_record(push.event), allowance, _welcome())
    if push.event in _MENU_EVENTS:
        # The key is looked up, never taken for a text or a command: anybody can send any key in plain mode.
        said = keys().menu.get(push.event_key)
        if said:
            return Said(said, allowance)
    return "nothing"


def _record(event: str) -> str:
    return "［关注公众号］" if event == "subscribe" else "［扫码进入］"


def _welcome() -> Response:
    return Response(Outcome.SMALLTALK, (Reply("text", words().welcome),))


def _please_type(sentence: str) -> Response:
    return Response(Outcome.CLARIFY, (Reply("text", sentence),))
