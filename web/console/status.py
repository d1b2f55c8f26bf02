"""The page of the system's state, for administrators: what is up, what waits, what was last cleared and saved, how full it is.

Each line is looked up by itself, with a limit on its time: what can't be told is said so, and the rest is still shown.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from channels.wechat.server_api import CircuitState
from conversations import Run, count_deliveries, last_run
from qinwen.backup import LAST_BACKUP
from qinwen.clock import now
from qinwen.database import make_engine
from qinwen.patience import at_most
from qinwen.settings import Settings
from services_backend import BackendUnavailable, BreakerMode, BreakerState, count_open
from staff import Permission
from web.console.modules import Module, NavEntry, Route, needs
from web.console.pages import render, transact
from web.health import Check

T = TypeVar("T")
_WITHIN = 3.0
_OLD_RUN = timedelta(days=2)
_OLD_BACKUP = timedelta(days=7)
_LITTLE_SPACE = 1 << 30
_UNITS = ("字节", "KB", "MB", "GB", "TB")
_MODES = {
    BreakerMode.CLOSED: "正常，照常调用",
    BreakerMode.OPEN: "断开：连着几次不通，先不让市民等它",
    BreakerMode.HALF_OPEN: "试探：放一个请求过去看看",
}


@dataclass(frozen=True)
class Sources:
    """Where the page looks.

    Attributes:
        settings: where databases, backup mark and files are.
        checks: whether each process answers, by its name for staff.
        breaker: the state of this process's way to the case system.
        troubles: what stands still at WeChat; None where nothing is pushed there.
    """

    settings: Settings
    checks: Mapping[str, Check]
    breaker: Callable[[], BreakerState]
    troubles: Callable[[], Sequence[CircuitState]] | None = None


@dataclass(frozen=True)
class Health:
    """How a process answered: `problem` is empty when it did, else the kind of the fault."""

    name: str
    problem: str
    milliseconds: int


@dataclass(frozen=True)
class Kept:
    """What the main database says."""

    promises: int
    notices: int
    deliveries: Mapping[str, int]
    retention: Run | None


@dataclass(frozen=True)
class Sizes:
    """How large what is: by name, in words; `free` is what the disk has left, in bytes."""

    of: Mapping[str, str]
    free: int
    backup: datetime | None


@dataclass
class Alarms:
    """What an administrator has to do something about, in sentences."""

    words: list[str] = field(default_factory=list)

    def raise_if(self, wrong: object, sentence: str) -> None:
        """Add a sentence if something is wrong."""
        if wrong:
            self.words.append(sentence)


def make_module(sources: Sources) -> Module:
    """Give the module."""

    async def show(request: web.Request) -> web.Response:
        """Show the state: `GET /status`."""
        healths, kept, sizes = await asyncio.gather(
            asyncio.gather(*(_try(name, check) for name, check in sources.checks.items())),
            _or_none(transact(request, _read)),
            _or_none(asyncio.to_thread(measure, sources.settings)),
        )
        breaker = sources.breaker()
        troubles = tuple(sources.troubles()) if sources.troubles else None
        return render(
            request,
            "status.html",
            title="系统状态",
            healths=healths,
            breaker=breaker,
            breaker_words=_MODES[breaker.mode],
            troubles=troubles,
            kept=kept,
            sizes=sizes,
            size_words=size_words,
            alarms=_alarms(healths, breaker, kept, sizes),
            looked_at=now(),
        )

    return Module(
        routes=(Route("GET", "/status", show, needs(Permission.SYSTEM_READ)),),
        nav=(NavEntry("系统状态", "/status", Permission.SYSTEM_READ, "运行"),),
    )


def measure(settings: Settings) -> Sizes:
    """Measure the databases, the stored media and the logs, and find when the last backup was made."""
    sizes = {
        "主数据库": _database_size(settings.database_url),
        "引擎的短期记忆": _database_size(settings.tracker_url),
        "图片和语音": _folder_size(settings.var / "media"),
        "日志": _folder_size(settings.var / "log"),
    }
    mark = settings.var / LAST_BACKUP
    made = datetime.fromtimestamp(mark.stat().st_mtime, timezone.utc) if mark.exists() else None
    return Sizes({name: size_words(size) for name, size in sizes.items()}, shutil.disk_usage(settings.var).free, made)


def size_words(size: float) -> str:
    """Give a size in bytes in words."""
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:  # noqa: PLR2004
            return f"{size:.0f} {unit}" if unit in _UNITS[:2] else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the last unit takes everything")


def _read(session: Session) -> Kept:
    promises, notices = count_open(session)
    return Kept(promises, notices, dict(count_deliveries(session)), last_run(session))


async def _try(name: str, check: Check) -> Health:
    started = time.monotonic()
    problem = ""
    try:
        await at_most(_WITHIN, check())
    except Exception as error:  # noqa: BLE001  (whatever is wrong with a process, the page says so)
        problem = _problem(error)
    return Health(name, problem, round((time.monotonic() - started) * 1000))


def _problem(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "没有按时回答"
    if isinstance(error, OSError | BackendUnavailable):
        return "连不上"
    return type(error).__name__


async def _or_none(work: Awaitable[T]) -> T | None:
    try:
        return await at_most(_WITHIN, work)
    except Exception:  # noqa: BLE001  (a part that can't be told leaves the others)
        return None


def _alarms(healths: Sequence[Health], breaker: BreakerState, kept: Kept | None, sizes: Sizes | None) -> list[str]:
    alarms = Alarms()
    for health in healths:
        alarms.raise_if(health.problem, f"{health.name}没有正常回答（{health.problem}）。看 var/log 里它的日志。")
    alarms.raise_if(breaker.mode is not BreakerMode.CLOSED, "办件系统不通，市民查办件只能得到上次的状态。请联系对方。")
    if kept:
        run = kept.retention
        late = run is None or run.finished_at is None or run.finished_at < now() - _OLD_RUN
        alarms.raise_if(late, "到期清除两天多没有做完过了。看 web.log 里的 retention_failed，或者运行 qinwen retention。")
        alarms.raise_if(kept.deliveries.get("parked"), f"有 {kept.deliveries.get('parked')} 条消息暂存着，见“消息投递”。")
    if sizes:
        old = sizes.backup is None or sizes.backup < now() - _OLD_BACKUP
        alarms.raise_if(old, "七天内没有用 qinwen backup 备份过。用别的工具备份的话，不用管这一条。")
        alarms.raise_if(sizes.free < _LITTLE_SPACE, f"磁盘只剩 {size_words(sizes.free)}。")
    return alarms.words


def _database_size(url: str) -> int:
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        base = Path(place.database or "")
        return sum(path.stat().st_size for path in base.parent.glob(f"{base.name}*") if path.is_file())
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    finally:
        engine.dispose()


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) if folder.is_dir() else 0
