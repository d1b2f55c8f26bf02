"""Temporary media: what citizens send and what the developer's server uploads."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass

from .clock import Clock
from .errors import ApiRefused

LIFE = 3 * 86400
# The largest upload of each type, bytes.
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
_MAGIC = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"#!AMR": "audio/amr",
    b"ID3": "audio/mp3",
}


@dataclass(frozen=True)
class Medium:
    """A file with its type; `until` is when its MediaId ends."""

    type: str
    content: bytes
    until: float

    @property
    def content_type(self) -> str:
        """Give the MIME type that its first bytes tell."""
        for magic, name in _MAGIC.items():
            if self.content.startswith(magic):
                return name
        return "video/mp4" if self.type == "video" else "application/octet-stream"


class MediaStore:
    """Keeps media by id."""

    def __init__(self, clock: Clock, seed: int | str) -> None:
        self._clock = clock
        self._random = random.Random(f"{seed}/media")
        self._media: dict[str, Medium] = {}

    def keep(self, kind: str, content: bytes) -> str:
        """Keep a file; gives its MediaId, good for three days."""
        media_id = f"sim{self._random.getrandbits(240):060x}"
        self._media[media_id] = Medium(kind, content, self._clock.now() + LIFE)
        return media_id

    def find(self, media_id: str) -> Medium:
        """Give a file.

        Raises:
            ApiRefused: 40007, unknown or past its three days.
        """
        medium = self._media.get(media_id)
        if medium is None or medium.until <= self._clock.now():
            raise ApiRefused(40007)
        return medium

    def known(self) -> frozenset[str]:
        """Give the ids that may be sent."""
        return frozenset(media_id for media_id, medium in self._media.items() if medium.until > self._clock.now())


def sample_picture() -> bytes:
    """Make a PNG of one grey dot."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\x80")) + chunk(b"IEND", b"")


def sample_voice() -> bytes:
    """Make an AMR file of one silent frame."""
    return b"#!AMR\n" + bytes([0x7C]) + bytes(31)


def sample_film() -> bytes:
    """Make the first box of an MP4 file."""
    return struct.pack(">I", 20) + b"ftypmp42" + bytes(4) + b"mp42"
