"""The stored pictures and voices as files: deleting what is old, and what a citizen asked to be erased. Needs no account, for
the files may outlive the channel. Called by the retention job and the hub's erasing; `media` writes the files.

A name is the citizen's id, a random part and the type: `<citizen>-<random>.jpeg`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from qinwen.settings import Settings

_Rule = Callable[["os.DirEntry[str]"], bool]
_NAME = re.compile(r"(?:[0-9a-f]{24}-)?[0-9a-f]{32}\.[a-z0-9]{2,5}", re.ASCII)
_CITIZEN = re.compile(r"[0-9a-f]{24}", re.ASCII)


def media_folder(settings: Settings) -> Path:
    """Give where the files lie."""
    return settings.var / "media"


def media_path(folder: Path, name: str) -> Path | None:
    """Give the path of a stored file; None where this is no name of ours, or the file is there no more."""
    path = folder / name
    return path if _NAME.fullmatch(name) and path.is_file() else None


def discard_media(folder: Path, name: str) -> None:
    """Delete a stored file that nobody may have any more."""
    if path := media_path(folder, name):
        path.unlink(missing_ok=True)


def purge_media(folder: Path, before: datetime, *, dry_run: bool) -> int:
    """Delete what is older than a moment, and what a broken write left then; returns how many files."""
    return _delete(folder, lambda entry: entry.stat().st_mtime < before.timestamp(), dry_run=dry_run)


def erase_media(folder: Path, citizen: str) -> dict[str, int]:
    """Delete what a citizen sent; counts it by what follows the number in words."""
    if not _CITIZEN.fullmatch(citizen):
        return {}
    mine = (f"{citizen}-", f".{citizen}-")
    return {"张图片和语音": _delete(folder, lambda entry: entry.name.startswith(mine), dry_run=False)}


def _delete(folder: Path, chosen: _Rule, *, dry_run: bool) -> int:
    gone = 0
    if not folder.is_dir():
        return gone
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False) and chosen(entry):
                    if not dry_run:
                        Path(entry.path).unlink()
                    gone += 1
            except FileNotFoundError:
                continue  # another process was faster
    return gone
