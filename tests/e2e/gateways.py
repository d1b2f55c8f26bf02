"""More `web` processes beside the stack's, on a database of their own, sharing its engine; they come back when killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.e2e.stack import ROOT, free_ports


class Gateway:
    """A `web` process that is started again a second after it died, until `stop`."""

    def __init__(self, environment: dict[str, str], folder: Path, name: str) -> None:
        public, staff = free_ports(2)
        self.url = f"http://127.0.0.1:{public}/wechat"
        self._environment = {**environment, "QINWEN_PUBLIC_PORT": str(public), "QINWEN_STAFF_PORT": str(staff)}
        self._log = (folder / f"{name}.log").open("ab")
        self._stopping = False
        self._process = self._start()
        self._watch = threading.Thread(target=self._bring_back, daemon=True)
        self._watch.start()

    def kill(self) -> None:
        """Kill it the hard way; it comes back."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it for good."""
        self._stopping = True
        self._watch.join(timeout=5)
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "manage", "web"], cwd=ROOT, env=self._environment, stdout=self._log, stderr=subprocess.STDOUT
        )

    def _bring_back(self) -> None:
        while not self._stopping:
            if self._process.poll() is not None:
                time.sleep(0.5)
                self._process = self._start()
            time.sleep(0.2)
