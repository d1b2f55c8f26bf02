"""The whole stack for end-to-end tests: `qinwen up` on free ports with data of its own, stopped at the end."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path

from qinwen.wechat_settings import simulate_account

ROOT = Path(__file__).parents[2]
READY_WITHIN = 420
_PORTS = ("QINWEN_PUBLIC_PORT", "QINWEN_STAFF_PORT", "QINWEN_ENGINE_PORT", "QINWEN_ACTIONS_PORT", "QINWEN_SERVICES_PORT")


class Stack:
    """A running stack. `kill` ends one of its processes the hard way; the supervisor brings it back."""

    def __init__(self, folder: Path) -> None:
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        self.base_url = f"http://127.0.0.1:{ports['QINWEN_PUBLIC_PORT']}"
        self.staff_url = f"http://127.0.0.1:{ports['QINWEN_STAFF_PORT']}"
        self.var = folder / "var"
        # The WeChat channel is on, with the simulated platform's account; tests start the platform at this port.
        self.wechat_port = free_ports(1)[0]
        account = {
            **simulate_account({"QINWEN_WECHAT_SIMULATOR": "on", "QINWEN_WECHAT_SIMULATOR_PORT": str(self.wechat_port)}),
            "QINWEN_WECHAT_SIMULATOR": "off",
            # Nobody is turned away however slow the machine is: the storms count an answer for every message.
            "QINWEN_LONGEST_WAIT": "60",
        }
        self.environment = {**os.environ, **ports, **account, "QINWEN_VAR": str(self.var), "QINWEN_RATE_LIMITS": "off"}
        self.log = folder / "up.log"
        if (kept := seeded_database()).exists():
            self.var.mkdir(parents=True)
            shutil.copy(kept, self.var / "qinwen.db")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "manage", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self, within: float = READY_WITHIN) -> None:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with suppress(OSError), urllib.request.urlopen(f"{self.staff_url}/readyz", timeout=3) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.3)
        raise AssertionError(f"the stack did not get ready:\n{self.log.read_text(encoding='utf-8')[-3000:]}")

    def pid_of(self, words: str) -> int:
        """Give the id of our process whose command line holds `words`."""
        supervisor = int((self.var / "supervisord.pid").read_text())
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError, ValueError):
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if parent == supervisor and words in command:
                    return int(folder.name)
        raise AssertionError(f"no process of the stack runs {words}")

    def kill(self, words: str) -> None:
        os.kill(self.pid_of(words), signal.SIGKILL)

    def try_kill(self, words: str) -> None:
        """Kill it if it runs just now."""
        with suppress(AssertionError, ProcessLookupError):
            self.kill(words)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


class Citizen:
    """Somebody who uses the citizen API."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.token = ""
        self.token = self.post("/api/chat/sessions", {})["token"]

    def say(self, text: str, message_id: str | None = None) -> dict:
        return self.post("/api/chat/messages", {"text": text, "message_id": message_id or uuid.uuid4().hex})

    def post(self, path: str, shape: dict) -> dict:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self._base_url + path, json.dumps(shape).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)


def seeded_database() -> Path:
    """Give where `python -m tests.e2e.stack` keeps a database with this very sample content: making its vectors takes minutes."""
    digest = hashlib.sha256()
    for folder in ("knowledge_base", "language"):
        for path in sorted(path for path in (ROOT / folder).rglob("*") if path.suffix == ".yml"):
            digest.update(path.read_bytes())
    return ROOT / "var" / f"seeded-{digest.hexdigest()[:16]}.db"


def keep_seeded() -> None:
    """Make that database where it is not there yet; a later run's `qinwen up` brings its structure up to date."""
    kept = seeded_database()
    if kept.exists():
        return
    kept.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        for command in ("migrate", "seed"):
            environment = {**os.environ, "QINWEN_VAR": folder}
            subprocess.run([sys.executable, "-m", "manage", command], cwd=ROOT, env=environment, check=True)
        (Path(folder) / "qinwen.db").replace(kept)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


if __name__ == "__main__":
    keep_seeded()
