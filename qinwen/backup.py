"""Backing up and restoring the SQLite databases of `var/`. (On PostgreSQL, use its own tools.)"""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
from pathlib import Path

from qinwen.errors import QinwenError

# Its time is when the last backup was made; the page of the system's state shows it.
LAST_BACKUP = "last-backup"
_NAMES = ("qinwen.db", "tracker.db", "secrets.env")


class BackupFailed(QinwenError):
    """A backup could not be made or read; the message says why."""

    code = "backup_failed"


def back_up(var: Path, target: Path) -> list[str]:
    """Write a consistent copy of the databases, taken while they are in use, and the secrets to a .tar.gz.

    Returns:
        The names of what was saved.

    Raises:
        BackupFailed: there is nothing to save, or the target exists.
    """
    if target.exists():
        raise BackupFailed(f"{target} 已经存在，请换个文件名。")
    present = [name for name in _NAMES if (var / name).exists()]
    if "qinwen.db" not in present:
        raise BackupFailed(f"{var} 里没有数据库可备份。")
    with tempfile.TemporaryDirectory() as folder:
        for name in present:
            copy = Path(folder) / name
            if name.endswith(".db"):
                with sqlite3.connect(var / name) as source, sqlite3.connect(copy) as destination:
                    source.backup(destination)
            else:
                copy.write_bytes((var / name).read_bytes())
        with tarfile.open(target, "x:gz") as archive:
            for name in present:
                archive.add(Path(folder) / name, name)
    target.chmod(0o600)
    (var / LAST_BACKUP).write_text(f"{target.name}\n", encoding="utf-8")
    return present


def restore(source: Path, var: Path) -> list[str]:
    """Put a backup's files into an empty `var/`.

    Returns:
        The names of what was restored.

    Raises:
        BackupFailed: the archive is not one of ours, or `var/` already holds data.
    """
    taken = [path.name for name in _NAMES for path in sorted(var.glob(f"{name}*"))]
    if taken:
        raise BackupFailed(f"{var} 里已有 {'、'.join(taken)}。请先停机并把它们移走，再恢复。")
    try:
        with tarfile.open(source, "r:gz") as archive:
            members = {member.name: member for member in archive.getmembers()}
            if "qinwen.db" not in members or not set(members) <= set(_NAMES):
                raise BackupFailed(f"{source} 不是秦问的备份。")
            var.mkdir(parents=True, exist_ok=True)
            for name, member in members.items():
                file = archive.extractfile(member)
                if file is None:
                    raise BackupFailed(f"{source} 不是秦问的备份。")
                (var / name).write_bytes(file.read())
                (var / name).chmod(0o600)
    except (OSError, tarfile.TarError) as error:
        raise BackupFailed(f"备份读不出来：{source}。") from error
    return sorted(members)
