"""What a file is by its first bytes; names and content types are only what somebody says."""

from __future__ import annotations

_IMAGES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
_AMR = (b"#!AMR\n", b"#!AMR-WB\n")
_MPEG_SYNC = 0xE0
_LAYER_3 = 0x02


def file_type(content: bytes, content_type: str = "") -> str:
    """Give "jpeg", "png", "gif", "webp", "amr", "mp3", "speex", or "" for anything else.

    Args:
        content: all of the file.
        content_type: what the sender says; looked at only for WeChat's Speex, which has no first bytes of its own.
    """
    for start, name in _IMAGES:
        if content.startswith(start):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content.startswith(_AMR):
        return "amr"
    if content.startswith(b"ID3") or _is_mpeg_layer_3(content):
        return "mp3"
    if content.startswith(b"OggS") and b"Speex   " in content[:64]:
        return "speex"
    return "speex" if "speex" in content_type.lower() and _is_speex_frames(content) else ""


def _is_mpeg_layer_3(content: bytes) -> bool:
    # Eleven bits of ones, then version and layer; "01" there is layer III.
    return len(content) > 2 and content[0] == 0xFF and content[1] & _MPEG_SYNC == _MPEG_SYNC and content[1] & 0x06 == _LAYER_3  # noqa: PLR2004


def _is_speex_frames(content: bytes) -> bool:
    """Tell whether the bytes are frames each led by its length, which is how WeChat stores Speex."""
    place = 0
    while place < len(content):
        if content[place] == 0:
            return False
        place += 1 + content[place]
    return bool(content) and place == len(content)
