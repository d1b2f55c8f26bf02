"""Pictures and voices of citizens on the staff's pages: how each stands in words, and the file itself. Called by the agents'
screen, the supervisors' pages and the transcripts; whether somebody may see a conversation is decided there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from sqlalchemy.orm import Session

from channels.wechat.server_api import media_folder, media_path
from conversations import Attachment, AttachmentState, attachments_of
from qinwen.clock import now
from web.console.access import SETTINGS

KINDS = {"image": "图片", "voice": "语音"}
_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "amr": "audio/amr",
    "speex": "audio/ogg",
}
_PLAYED_BY_BROWSERS = frozenset({"mp3"})
_GONE = "已经过了保留期，删除了。"
_DIGITS = 16


@dataclass(frozen=True)
class ShownMedia:
    """A picture or a voice on a page.

    Attributes:
        message: the id of its message.
        kind: image or voice.
        state: waiting (nobody with the conversation yet), coming, ready, or missing.
        words: what is said in its place; empty where it is ready.
        plays: whether browsers play this voice; others are downloaded.
    """

    message: int
    kind: str
    state: str
    words: str
    plays: bool

    @property
    def title(self) -> str:
        """Say what it is."""
        return KINDS[self.kind]


def show_media(session: Session, request: web.Request, messages: Sequence[int]) -> dict[int, ShownMedia]:
    """Give how the files of some messages stand, by the message's id."""
    folder = media_folder(request.app[SETTINGS])
    return {number: _shown(one, folder) for number, one in attachments_of(session, messages, now()).items()}


def media_file(request: web.Request, attachment: Attachment | None) -> web.FileResponse:
    """Give the file: a picture or a voice that browsers play to be shown, anything else to be downloaded.

    Raises:
        web.HTTPNotFound: there is none, or it is gone.
    """
    path = media_path(media_folder(request.app[SETTINGS]), attachment.name) if attachment else None
    if attachment is None or path is None or attachment.state is not AttachmentState.STORED:
        raise web.HTTPNotFound
    shown = attachment.kind == "image" or attachment.type in _PLAYED_BY_BROWSERS
    headers = {
        "Content-Type": _TYPES.get(attachment.type, "application/octet-stream"),
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{attachment.message}.{attachment.type}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(path, headers=headers)


def message_of(request: web.Request) -> int:
    """Give the message's number in an address.

    Raises:
        web.HTTPNotFound: it is no number.
    """
    text = request.match_info["message"]
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise web.HTTPNotFound
    return int(text)


def _shown(one: Attachment, folder: Path) -> ShownMedia:
    title = KINDS[one.kind]
    plays = one.type in _PLAYED_BY_BROWSERS
    if one.state is AttachmentState.STORED:
        there = media_path(folder, one.name) is not None
        return ShownMedia(one.message, one.kind, "ready" if there else "missing", "" if there else f"{title}{_GONE}", plays)
    if one.state is AttachmentState.FAILED:
        return ShownMedia(one.message, one.kind, "missing", f"{title}没有取到：{one.reason}", plays)
    if one.state is AttachmentState.FETCHING:
        again = f"（刚才没有取到：{one.reason}）" if one.reason else ""
        return ShownMedia(one.message, one.kind, "coming", f"正在取{title}…{again}", plays)
    return ShownMedia(one.message, one.kind, "waiting", f"{title}在坐席接入以后才从微信取。", plays)
