"""Starting, watching and stopping our processes together: the Procfile's lines under supervisord.

`qinwen up` calls `Supervisor`; supervisord (PyPI `supervisor`) restarts a process that dies and stops all of them cleanly.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from qinwen.errors import QinwenError

_PR_SET_PDEATHSIG = 1
_PROGRAM = """
[program:{name}]
command=/bin/sh -c 'exec {command}'
directory={root}
autorestart=true
startsecs=1
startretries=20
stopsignal=TERM
stopwaitsecs=15
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


class StartFailed(QinwenError):
    """Our processes could not be started; the message says which and why."""

    code = "start_failed"


def read_procfile(path: Path) -> dict[str, str]:
    """Give the commands of a Procfile by process name."""
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {name.strip(): command.strip() for name, _, command in lines if not name.startswith("#")}


def require_free_ports(ports: Mapping[str, tuple[str, int]]) -> None:
    """Make sure that nobody listens where we want to.

    Args:
        ports: address and port by the name of the setting.

    Raises:
        StartFailed: a port is in use.
    """
    for variable, (host, port) in ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise StartFailed(f"端口 {port} 已被占用：请停掉占用它的程序，或用环境变量 {variable} 换一个端口。") from error


class Supervisor:
    """Our processes under one supervisord.

    Args:
        root: the project's folder, where the commands run.
        var: where configuration and logs go.
        environment: what the processes see.
        more: commands beside the Procfile's, by process name.
    """

    def __init__(self, root: Path, var: Path, environment: Mapping[str, str], more: Mapping[str, str] | None = None) -> None:
        self._root, self._var, self._environment = root, var, dict(environment)
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the Procfile's processes."""
        logs = self._var / "log"
        logs.mkdir(parents=True, exist_ok=True)
        config = self._var / "supervisord.conf"
        parts = [f"[supervisord]\nnodaemon=true\nlogfile={logs}/supervisord.log\npidfile={self._var}/supervisord.pid\n"]
        parts += [
            _PROGRAM.format(name=name, command=command, root=self._root, log=logs / f"{name}.log")
            for name, command in (read_procfile(self._root / "Procfile") | self._more).items()
        ]
        config.write_text("".join(parts), encoding="utf-8")
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            cwd=self._root,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (no threads run yet)
        )

    def wait_until_ready(self, urls: Sequence[str], timeout: float) -> None:
        """Wait until every address answers 200.

        Raises:
            StartFailed: one does not, within `timeout` seconds, or the supervisor ended.
        """
        deadline = time.monotonic() + timeout
        waiting = list(urls)
        while waiting:
            if self._process is None or self._process.poll() is not None:
                raise StartFailed(f"进程没能启动，请看日志 {self._var}/log/。")
            if time.monotonic() > deadline:
                raise StartFailed(f"{timeout:.0f} 秒内没有就绪：{waiting[0]}。请看日志 {self._var}/log/。")
            waiting = [url for url in waiting if not _answers(url)]
            time.sleep(0.2 if waiting else 0)

    def wait(self) -> int:
        """Wait until supervisord ends; an interrupt or SIGTERM has it stop everything first.

        The handler must not wait itself: it interrupts the waiting below, which keeps what a second one would wait for.
        supervisord kills whatever does not stop in time.
        """
        assert self._process is not None
        process = self._process
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: process.terminate())
        return process.wait()

    def stop(self) -> None:
        """Stop all processes and wait until they are gone."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  (our own loopback addresses)
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False


def _die_with_parent() -> None:
    """Ask the kernel to stop supervisord when `qinwen up` itself is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.umask(0o077)
