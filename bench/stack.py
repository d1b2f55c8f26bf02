"""A stack of our own to measure: `qinwen up` with a folder and ports of its own; started, watched, and stopped again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from bench.assistant import ROOT, seeded_folder

_PORTS = ("QINWEN_PUBLIC_PORT", "QINWEN_STAFF_PORT", "QINWEN_ENGINE_PORT", "QINWEN_ACTIONS_PORT", "QINWEN_SERVICES_PORT")
_OTHERS = ("DATABASE_URL", "TRACKER_URL", "SERVICES_DATABASE_URL", "REDIS_URL", "QINWEN_ENGINE_URL", "QINWEN_ACTIONS_URL")
_STOP_TIMEOUT = 60


# For half a minute after its start `web` gets ready what the first agent would wait for (`serving.warm_up`).
SETTLING = 30.0


class StackFailed(Exception):
    """The stack did not start; the message says where to look."""


class Stack:
    """Our processes, with everything of theirs in one folder.

    Args:
        var: the folder, empty or of an earlier stack.
        more: settings beside the usual ones, by variable.
    """

    def __init__(self, var: Path, more: Mapping[str, str] | None = None) -> None:
        self.var = var
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.steps: dict[str, float] = {}
        self._ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))

    @property
    def url(self) -> str:
        """Where citizens come in."""
        return f"http://127.0.0.1:{self._ports['QINWEN_PUBLIC_PORT']}"

    @property
    def staff_url(self) -> str:
        """Where staff come in."""
        return f"http://127.0.0.1:{self._ports['QINWEN_STAFF_PORT']}"

    @property
    def engine_url(self) -> str:
        """Where the engine is."""
        return f"http://127.0.0.1:{self._ports['QINWEN_ENGINE_PORT']}"

    def engine_secret(self) -> str:
        """Give the secret of the engine's channel."""
        lines = (self.var / "secrets.env").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)["QINWEN_ENGINE_SECRET"]

    def take_seeds(self, var: Path) -> bool:
        """Take the knowledge that `bench.quality` has loaded below `var`, so as not to wait for it; False if it has none."""
        source = seeded_folder(var) / "qinwen.db"
        if not source.exists():
            return False
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(self.var / "qinwen.db")) as new:
            old.backup(new)
            return bool(new.execute("SELECT count(*) FROM service_item").fetchone()[0])

    def start(self, timeout: float) -> float:
        """Start, and wait until everything is ready; gives the seconds it took.

        Raises:
            StackFailed: it ended, or was not ready in time.
        """
        environment = {name: value for name, value in os.environ.items() if name not in _OTHERS}
        environment |= {name: str(port) for name, port in self._ports.items()}
        environment |= {"QINWEN_VAR": str(self.var), "QINWEN_RATE_LIMITS": "off", "QINWEN_PUBLIC_HOST": "127.0.0.1"}
        environment |= self._more
        (self.var / "supervisord.pid").unlink(missing_ok=True)
        self.steps, started = {}, time.monotonic()
        with (self.var / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        waiting = self._signs()
        while "全部" in waiting:
            for name in [name for name, is_there in waiting.items() if is_there()]:
                self.steps[name] = time.monotonic() - started
                del waiting[name]
            if self._process.poll() is not None:
                raise StackFailed(f"qinwen up 退出了({self._process.returncode}):\n{self._last_words()}")
            if time.monotonic() - started > timeout:
                raise StackFailed(f"{timeout:.0f} 秒内没有就绪:\n{self._last_words()}")
            time.sleep(0.1)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop everything that was started, and wait until it is gone."""
        if self._process is None:
            return
        family = list(self.processes())
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        deadline = time.monotonic() + 10
        while (left := [pid for pid, born in family if born_at(pid) == born]) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self._process = None

    def processes(self) -> Iterator[tuple[int, str]]:
        """List our processes, `qinwen up` and all below it, each with the time of its birth (ids are used again)."""
        if self._process is None:
            return
        parents = {int(p.name): parent_of(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdigit()}
        wanted = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in wanted} - wanted:
            wanted |= more
        for pid in sorted(wanted):
            if born := born_at(pid):
                yield pid, born

    def seconds(self) -> float:
        """Give the processor seconds that our processes, and this one, have used."""
        stats = [_stat(pid) for pid in [os.getpid(), *(pid for pid, _ in self.processes())]]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats if stat) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, tuple[float, float]]:
        """Give the memory of our processes by name, in MB: the proportional share (PSS) and the resident size (RSS)."""
        found: dict[str, tuple[float, float]] = {}
        for pid, _ in self.processes():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
            pss, rss = found.get(name_of(command), (0.0, 0.0))
            found[name_of(command)] = (pss + sizes.get("Pss", 0.0), rss + sizes.get("Rss", 0.0))
        return found

    def _signs(self) -> dict[str, Callable[[], bool]]:
        """Give what shows that a step of the start is done."""
        staff = f"http://127.0.0.1:{self._ports['QINWEN_STAFF_PORT']}"
        return {
            "准备": (self.var / "supervisord.pid").exists,
            "web": lambda: answers(f"{staff}/healthz"),
            "actions": lambda: answers(f"http://127.0.0.1:{self._ports['QINWEN_ACTIONS_PORT']}/readyz"),
            "engine": lambda: answers(f"{self.engine_url}/webhooks/gateway/"),
            "全部": lambda: answers(f"{staff}/readyz"),
        }

    def _last_words(self) -> str:
        words = []
        for path in [self.var / "up.log", *sorted((self.var / "log").glob("*.log"))]:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
            words += [f"[{path.name}]", *lines[-8:]]
        return "\n".join(words)


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def answers(url: str) -> bool:
    """Tell whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def parent_of(pid: int) -> int | None:
    """Give the id of a process's parent."""
    stat = _stat(pid)
    return int(stat[1]) if stat else None


def born_at(pid: int) -> str | None:
    """Give when a process was started, in the kernel's ticks; None if it is gone (or dead and not yet buried)."""
    stat = _stat(pid)
    return stat[19] if stat and stat[0] != "Z" else None


def name_of(command: str) -> str:
    """Give the name of one of our processes by its command line."""
    known = {
        "actions.server": "actions",
        "bot.run": "engine",
        "qinwen web": "web",
        "supervisord": "supervisord",
        "services": "services",
        "manage.py up": "up",
    }
    return next((name for part, name in known.items() if part in command), Path(command.split(" ", maxsplit=1)[0]).name)


def remove(folder: Path) -> None:
    """Delete a stack's folder."""
    shutil.rmtree(folder, ignore_errors=True)


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
