"""A process of its own with the real hub and the real desk, driven over its pipes and killed the hard way; for the races.

The test asks for calls by name, `python -m tests.desk_process DATABASE SEED` does them. A call whose process
dies ends in `Gone`: as with a page whose connection breaks, nobody knows whether it was done, and it is asked again.
"""

from __future__ import annotations

import asyncio
import base64
import pickle
import random
import sys
from datetime import timedelta
from pathlib import Path

from conversations import Courier, Hub, Response, Unlimited, claims
from desk import Router, ServiceDesk
from qinwen.database import Database
from qinwen.log import configure_logging
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

_ROOT = Path(__file__).parents[1]


class Gone(Exception):
    """The process died before it answered."""


class SlowBot:
    """Answers after a moment that chance gives, with what it was asked."""

    def __init__(self, chance):
        self.chance = chance

    async def respond(self, conversation, words, message_id, metadata, *, patient=False):
        await asyncio.sleep(self.chance.random() * 0.03)
        return Response(Outcome.ANSWERED, (Reply("text", f"机器人:{words}"),))


class DeskProcess:
    """The other side of the pipes: starts the process, calls it, kills it."""

    def __init__(self, database_url, seed):
        self._command = [sys.executable, "-m", "tests.desk_process", database_url, str(seed)]
        self._waiting = {}
        self._number = 0
        self._process = self._reader = None

    async def start(self):
        """Start it, and wait until it takes calls."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=_ROOT, stdin=pipe, stdout=pipe, limit=2**20
        )  # fmt: skip
        await self._process.stdout.readline()
        self._reader = asyncio.create_task(self._read(self._process))

    @property
    def alive(self):
        """Whether it takes calls now."""
        return self._reader is not None and not self._reader.done()

    async def call(self, name, *arguments):
        """Have something done there.

        Raises:
            Gone: it died before it answered.
        """
        if not self.alive:
            raise Gone
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        try:
            self._process.stdin.write(_pack((self._number, name, arguments)))
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise Gone from None
        result = await answer
        if isinstance(result, Exception):
            raise result
        return result

    async def kill(self):
        """Kill it in the middle of whatever it does."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._reader:
            await self._reader

    async def _read(self, process):
        while line := await process.stdout.readline():
            try:
                number, result = _unpack(line)
            except Exception:  # noqa: BLE001  (half a line of a process that was just killed)
                break
            self._waiting.pop(number).set_result(result)
        for answer in self._waiting.values():
            answer.set_result(Gone())
        self._waiting.clear()


async def work(database_url, seed):
    """Take calls until the pipe is closed."""
    # So that what a dead process left is taken up within the test's patience.
    claims.LEASE = timedelta(seconds=3)
    database, chance = Database(database_url), random.Random(seed)
    desk = ServiceDesk(database, Router({"x": "人社"}.get))
    hub = Hub(database, SlowBot(chance), Unlimited(), 3600.0, most_turns=1000, desk=desk)
    desk.connect(hub.within)
    courier = asyncio.create_task(Courier(hub).run())

    async def take(message):
        finished = await hub.take(message)
        return finished.turn, finished.conversation

    calls = {"open_citizen": hub.open_citizen, "take": take} | {
        name: getattr(desk, name) for name in ("hand_over", "claim", "send", "transfer", "close", "move", "take_over", "sweep")
    }
    loop, tasks = asyncio.get_running_loop(), set()
    # The log goes elsewhere: what is written to the pipe are answers.
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    configure_logging("desk_process", "ERROR")

    def write(answer):
        out.write(answer)
        out.flush()

    async def do(number, name, arguments):
        try:
            result = await calls[name](*arguments)
        except Exception as error:  # noqa: BLE001
            result = error
        write(_pack((number, result)))

    write(b"ready\n")
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        task = asyncio.create_task(do(*_unpack(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    courier.cancel()
    await asyncio.gather(courier, *tasks, return_exceptions=True)
    database.close()


def _pack(shape):
    return base64.b64encode(pickle.dumps(shape)) + b"\n"


def _unpack(line):
    return pickle.loads(base64.b64decode(line.strip(), validate=True))


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], int(sys.argv[2])))
