"""Pictures and voices that citizens sent: fetched for the service desk, checked by their bytes, deleted after some days.

They lie as files under `var/media`, named by who sent them, so that they go when that citizen is erased (`media_files`).
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from channels.wechat.server_api.answers import failed
from channels.wechat.server_api.apis import MediaRules, read_apis
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.errors import ContentRefused
from channels.wechat.server_api.file_types import file_type
from qinwen.log import logger

log = logger(__name__)
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,256}", re.ASCII)
_KINDS = {"image": "图片", "voice": "语音"}
_NAME = re.compile(r"(?:[0-9a-f]{24}-)?[0-9a-f]{32}\.[a-z0-9]{2,5}", re.ASCII)


@dataclass(frozen=True)
class StoredMedia:
    """A stored file: its name in the folder, its type by its bytes ("jpeg", "amr"), and its size in bytes."""

    name: str
    type: str
    size: int


class MediaStore:
    """Fetches and keeps media.

    Args:
        api: the server API.
        folder: where the files lie.
        rules: sizes and types, by default those of `apis.yml`.
    """

    def __init__(self, api: ServerApi, folder: Path, rules: MediaRules | None = None) -> None:
        self._api = api
        self._folder = folder
        self._rules = rules or read_apis().media

    async def fetch(self, media_id: str, kind: Literal["image", "voice"], citizen: str = "") -> StoredMedia:
        """Fetch a picture or a voice that a citizen sent less than three days ago, and store it under their id.

        Raises:
            ContentRefused: it is too big, or not what it should be; nothing is stored.
            CallFailed: WeChat refused, or can't be reached; or the disk is full.
        """
        limits, word = getattr(self._rules, kind), _KINDS[kind]
        if not _MEDIA_ID.fullmatch(media_id):
            raise ContentRefused(f"{word}的编号不对，没有取。")
        answer = await self._api.download("media", {"media_id": media_id}, limits.largest)
        if not answer.complete:
            raise ContentRefused(f"{word}超过 {limits.largest // (1 << 20)} MB，没有收下。")
        found = file_type(answer.body, answer.content_type)
        if found not in limits.types:
            log.warning("wechat_media_refused", kind=kind, found=found, bytes=len(answer.body))
            raise ContentRefused(f"收到的不是能看的{word}，没有收下。")
        name = f"{citizen}-{secrets.token_hex(16)}.{found}" if citizen else f"{secrets.token_hex(16)}.{found}"
        try:
            await asyncio.to_thread(self._write, name, answer.body)
        except OSError as error:
            log.error("wechat_media_not_stored", error=type(error).__name__, number=error.errno)  # noqa: TRY400
            raise failed("disk") from None
        return StoredMedia(name, found, len(answer.body))

    def path_of(self, name: str) -> Path:
        """Give the path of a stored file.

        Raises:
            ContentRefused: this is not a name of ours.
        """
        if not _NAME.fullmatch(name):
            raise ContentRefused("没有这个文件。")
        return self._folder / name

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        unfinished.rename(self._folder / name)
