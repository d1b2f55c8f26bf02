"""What the platform pushes, as frozen dataclasses (wechat.md §2.1, §2.2). `read_push` is the only door in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from channels.wechat.errors import PushIgnored
from channels.wechat.xml import child, text_of

_MAX_DIGITS = 12


@dataclass(frozen=True)
class Head:
    """What every push has.

    Attributes:
        account: our account's original id (gh_…), to whom it is sent.
        openid: whose it is.
        created: seconds; None when missing or no time.
        message_id: the platform's id; empty for events.
    """

    account: str
    openid: str
    created: int | None
    message_id: str


@dataclass(frozen=True)
class Push:
    """The root of all pushes; by itself, one of a kind that we don't know."""

    head: Head
    kind: str


@dataclass(frozen=True)
class TextMessage(Push):
    """Typed, or a pressed item of a menu message, whose id then is `menu_id`."""

    content: str
    menu_id: str


@dataclass(frozen=True)
class ImageMessage(Push):
    """A picture. Its address is the sender's word: it is kept, never fetched."""

    picture_url: str
    media_id: str


@dataclass(frozen=True)
class VoiceMessage(Push):
    """Speech; `recognition` is what the platform heard, often empty."""

    media_id: str
    format: str
    recognition: str


@dataclass(frozen=True)
class VideoMessage(Push):
    """A video or a short video."""

    media_id: str


@dataclass(frozen=True)
class LocationMessage(Push):
    """A place on the map, degrees; None where it is no place on earth."""

    latitude: float | None
    longitude: float | None
    label: str


@dataclass(frozen=True)
class LinkMessage(Push):
    """A shared page, a shared mini program's page, or a file: we show only that we got one."""

    title: str


@dataclass(frozen=True)
class Event(Push):
    """Something that happened; by itself, of a kind we only acknowledge. `event` is in lower case."""

    event: str
    event_key: str


@dataclass(frozen=True)
class DeskSession(Event):
    """The platform's own desk opened, closed or passed on a session (kf_create_session, …)."""

    account: str
    to_account: str


@dataclass(frozen=True)
class SendingResult(Event):
    """How a notice that we pushed ended: a template message, or a subscription message; `status` has no spaces."""

    sent_id: str
    status: str
    template: str


@dataclass(frozen=True)
class Consent(Event):
    """A citizen took or refused a notice of a template."""

    template: str
    accepted: bool


_LINKS = frozenset({"link", "miniprogrampage", "file"})
_RESULT_EVENTS = frozenset({"templatesendjobfinish", "masssendjobfinish"})
_CONSENT_EVENTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def read_push(root: Element) -> Push:
    """Read a push; fields that we don't know are ignored.

    Raises:
        PushIgnored: the sender or the kind is missing, or a field is there twice or is not text.
    """
    number = text_of(root, "CreateTime").strip()
    created = int(number) if number.isascii() and number.isdigit() and len(number) < _MAX_DIGITS else None
    kind = text_of(root, "MsgType").strip().lower()
    head = Head(
        account=text_of(root, "ToUserName").strip(),
        openid=text_of(root, "FromUserName").strip(),
        created=created,
        message_id=text_of(root, "MsgId").strip(),
    )
    if not head.openid or not kind:
        raise PushIgnored("missing_field")
    if kind == "event":
        return _read_event(root, head)
    if kind in _LINKS:
        return LinkMessage(head, kind, text_of(root, "Title").strip())
    read = _READERS.get(kind)
    return read(root, head, kind) if read else Push(head, kind)


def _read_text(root: Element, head: Head, kind: str) -> Push:
    return TextMessage(head, kind, text_of(root, "Content"), text_of(root, "bizmsgmenuid").strip())


def _read_image(root: Element, head: Head, kind: str) -> Push:
    return ImageMessage(head, kind, text_of(root, "PicUrl").strip(), text_of(root, "MediaId").strip())


def _read_voice(root: Element, head: Head, kind: str) -> Push:
    media, form = text_of(root, "MediaId").strip(), text_of(root, "Format").strip()
    return VoiceMessage(head, kind, media, form, text_of(root, "Recognition").strip())


def _read_video(root: Element, head: Head, kind: str) -> Push:
    return VideoMessage(head, kind, text_of(root, "MediaId").strip())


def _read_location(root: Element, head: Head, kind: str) -> Push:
    # The platform's X is the latitude, Y the longitude.
    latitude = _degrees(text_of(root, "Location_X"), 90)
    longitude = _degrees(text_of(root, "Location_Y"), 180)
    return LocationMessage(head, kind, latitude, longitude, text_of(root, "Label").strip())


_READERS: dict[str, Callable[[Element, Head, str], Push]] = {
    "text": _read_text,
    "image": _read_image,
    "voice": _read_voice,
    "video": _read_video,
    "shortvideo": _read_video,
    "location": _read_location,
}


def _read_event(root: Element, head: Head) -> Event:
    # Documents and traffic differ in the letters' case.
    event, key = text_of(root, "Event").strip().lower(), text_of(root, "EventKey").strip()
    if not event:
        raise PushIgnored("missing_field")
    if event in _CONSENT_EVENTS:
        return _read_subscription(root, head, event, key)
    if event in _RESULT_EVENTS:
        return SendingResult(head, "event", event, key, text_of(root, "MsgID").strip(), _status(text_of(root, "Status")), "")
    if event == "kf_switch_session":
        accounts = text_of(root, "FromKfAccount").strip(), text_of(root, "ToKfAccount").strip()
        return DeskSession(head, "event", event, key, *accounts)
    if event in ("kf_create_session", "kf_close_session"):
        return DeskSession(head, "event", event, key, text_of(root, "KfAccount").strip(), "")
    return Event(head, "event", event, key)


def _read_subscription(root: Element, head: Head, event: str, key: str) -> Event:
    # A list of one comes as one element or as an array; only its first is of interest: we ask for one at a time.
    frame = child(root, _CONSENT_EVENTS[event])
    first = (frame if frame is not None else root).find("List")
    template = text_of(first, "TemplateId").strip()
    if event == "subscribe_msg_sent_event":
        status = _status(text_of(first, "ErrorStatus")) or text_of(first, "ErrorCode").strip()
        return SendingResult(head, "event", event, key, text_of(first, "MsgID").strip(), status, template)
    return Consent(head, "event", event, key, template, text_of(first, "SubscribeStatusString").strip().lower() == "accept")


def _status(text: str) -> str:
    return "".join(text.split()).lower()


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most else None  # also None for "nan"
