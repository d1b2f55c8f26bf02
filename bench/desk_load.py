"""The desk under load on the real `web` process: 500 open conversations, 50 agents, every page with its own event stream.

A `qinwen web` of its own is started, alone, for while a person has a conversation nobody asks the engine; its database holds
conversations that agents have already. Then citizens and agents write to
each other at a steady pace, over HTTP as their pages do, and it is measured how long a message takes to the other side: from
sending it until the other page has its text (the citizen's from its stream; the agent's from its stream and what it then
fetches). Meanwhile pages are opened as staff would. Run: `python -m bench.desk_load [--json FILE]`; only on 127.0.0.1, and
it ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp

import starting
from bench.assistant import ROOT
from bench.speed import busy_seconds, share_of
from bench.stack import SETTLING, StackFailed, answers, free_ports, remove
from channels.webchat import CHANNEL, hash_token
from conversations import CitizenMessage, Response, claims, ledger
from desk import (
    Desk,
    HandoffReason,
    HandoffRequest,
    Presence,
    Router,
    enqueue,
    hours_from_json,
    save_desk,
    set_presence,
    staff_desk,
)
from desk.holding import claim
from qinwen.clock import now
from qinwen.database import Database
from qinwen.replies import Reply
from qinwen.settings import load_settings, write_secrets
from qinwen.vocabulary import Outcome
from staff import Origin, Role, SessionLimits, add_member, change_password, list_members
from staff.members import MemberFilter
from staff.sessions import open_session

CONVERSATIONS, AGENTS, DESKS = 500, 50, 5
SECONDS, PACE = 60.0, 10.0  # so long, and so many messages a second each way
TARGET = 0.300
PAGE_TARGET = 1.0
_ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
_TOKEN = re.compile(r'name="csrf-token" content="([0-9a-f]+)"')
_LATE = 15.0


@dataclass
class Talk:
    """One open conversation."""

    token: str
    handling: str
    agent: str


@dataclass
class Load:
    """What is prepared before the stack starts: conversations, and a session of each member of staff."""

    talks: list[Talk]
    sessions: dict[str, str]
    lead: str


@dataclass
class Clock:
    """What is on its way, by its words, and how long what arrived took."""

    sent: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def left(self, words: str) -> None:
        self.sent[words] = time.monotonic()

    def came(self, words: str) -> None:
        if (at := self.sent.pop(words, None)) is not None:
            self.seconds.append(time.monotonic() - at)


def prepare(var: Path) -> Load:
    """Write desks, staff and held conversations into the stack's database, with the functions that the pages use."""
    write_secrets(var)
    settings = load_settings({"QINWEN_VAR": str(var)})
    starting.migrate(settings)
    database, moment = Database(settings.database_url), now()
    limits, origin = SessionLimits(timedelta(hours=4), timedelta(hours=8)), Origin("127.0.0.1", "bench")
    router, sessions, agents = Router({"x": "人社"}.get), {}, []
    with database.session() as session:
        for number in range(DESKS):
            code = f"desk-{number}"
            desk = Desk(code, f"{number} 号服务台", "610100", _ALWAYS, department="人社" if number == 0 else None, capacity=20)
            save_desk(session, Desk(**{**vars(desk), "silent_after": 36000, "overflow_after": 36000}))
        for number in range(AGENTS + 1):
            login, role = (f"agent{number:02d}", Role.AGENT) if number < AGENTS else ("lead", Role.SUPERVISOR)
            password = add_member(session, login, f"{number} 号", {role})
            member = list_members(session, MemberFilter(words=login)).members[0].member
            change_password(session, member.id, f"{password}-plum-rain", moment, keep="")
            sessions[member.id] = open_session(session, member.id, origin, limits, moment, waits_for_code=False)
            if number < AGENTS:
                agents.append(member.id)
                for desk_number in range(DESKS):
                    staff_desk(session, f"desk-{desk_number}", member.id, 20)
                set_presence(session, member.id, Presence.ONLINE, moment + timedelta(minutes=5))
    talks = []
    for number in range(CONVERSATIONS):
        token, agent = f"bench-token-{number:04d}", agents[number % AGENTS]
        with database.session() as session:
            citizen = ledger.open_citizen(session, CHANNEL, hash_token(token))
            claimed = claims.claim_turn(session, CitizenMessage(citizen, "m0", "社保卡丢了咋办"), CHANNEL, "bench", 36000.0)
            claims.finish_turn(session, claimed, "bench", Response(Outcome.ANSWERED, (Reply("text", "带身份证到网点补办。"),)))
            request = HandoffRequest(claimed.conversation, citizen, HandoffReason.ASKED, "转人工", item="x", region="610100")
            placed = enqueue(session, router, request, now())
            claim(session, placed.handling or "", agent, now())
        talks.append(Talk(token, placed.handling or "", agent))
    database.close()
    lead = next(member for member in sessions if member not in agents)
    return Load(talks, sessions, lead)


class WebProcess:
    """A `qinwen web` on ports of its own, with everything of its in one folder."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._public, self._staff = free_ports(2)
        self.url, self.staff_url = f"http://127.0.0.1:{self._public}", f"http://127.0.0.1:{self._staff}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float) -> None:
        """Start it, and wait until it answers.

        Raises:
            StackFailed: it ended, or did not answer in time.
        """
        mine = ("DATABASE_URL", "TRACKER_URL", "REDIS_URL")
        environment = {name: value for name, value in os.environ.items() if name not in mine and not name.startswith("QINWEN_")}
        environment |= {"QINWEN_VAR": str(self._var), "QINWEN_RATE_LIMITS": "off", "QINWEN_LOG_LEVEL": "error"}
        environment |= {"QINWEN_PUBLIC_HOST": "127.0.0.1", "QINWEN_PUBLIC_PORT": str(self._public)}
        environment |= {"QINWEN_STAFF_PORT": str(self._staff), "QINWEN_ENCODER": "none", "RASA_TELEMETRY_ENABLED": "false"}
        with (self._var / "web.log").open("ab") as log:
            command = [sys.executable, str(ROOT / "manage.py"), "web"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        until = time.monotonic() + timeout
        while not answers(f"{self.staff_url}/healthz"):
            if self._process.poll() is not None or time.monotonic() > until:
                words = (self._var / "web.log").read_text(encoding="utf-8", errors="replace")[-2000:]
                raise StackFailed(f"web 没有起来：\n{words}")
            time.sleep(0.2)

    def seconds(self) -> float:
        """Give the processor seconds that it has used."""
        if self._process is None:
            return 0.0
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Give its memory, the proportional share."""
        if self._process is None:
            return 0.0
        lines = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))

    def stop(self) -> None:
        """Stop it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Bench:
    """All pages that are open, and what they send each other."""

    def __init__(self, web: aiohttp.ClientSession, public: str, staff: str, load: Load) -> None:
        self.web, self.public, self.staff, self.load = web, public, staff, load
        self.to_agents, self.to_citizens = Clock(), Clock()
        self.pages: dict[str, list[float]] = defaultdict(list)
        self.tokens: dict[str, str] = {}
        self.seen: dict[str, int] = {}
        self.listeners: list[asyncio.Task[None]] = []
        self.faults = 0
        self.open = 0

    def cookie(self, member: str) -> dict[str, str]:
        return {"Cookie": f"qinwen_staff={self.load.sessions[member]}"}

    async def sign_in(self, member: str) -> None:
        async with self.web.get(f"{self.staff}/", headers=self.cookie(member)) as answer:
            found = _TOKEN.search(await answer.text())
            if found is None:
                raise StackFailed("工作人员的页面打不开。")
            self.tokens[member] = found[1]

    async def listen_as_citizen(self, talk: Talk) -> None:
        headers = {"Authorization": f"Bearer {talk.token}"}
        async with self.web.get(f"{self.public}/api/chat/events", headers=headers) as answer:
            self.open += 1
            async for line in answer.content:
                # Signs (who answers, somebody types) come on the same stream.
                if line.startswith(b"data: ") and (reply := json.loads(line[6:]).get("reply")):
                    self.to_citizens.came(reply["text"])

    async def listen_as_agent(self, agent: str) -> None:
        async with self.web.get(f"{self.staff}/desk/events", headers=self.cookie(agent)) as answer:
            self.open += 1
            fetching: dict[str, bool] = {}
            tasks: set[asyncio.Task[None]] = set()
            async for line in answer.content:
                if not line.startswith(b"data: "):
                    continue
                told = json.loads(line[6:])
                handling = told.get("handling")
                if told.get("kind") != "message" or not handling:
                    continue
                if handling in fetching:
                    fetching[handling] = True  # once more, when what is being fetched has come
                    continue
                fetching[handling] = False
                task = asyncio.create_task(self.fetch_lines(agent, handling, fetching))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def fetch_lines(self, agent: str, handling: str, fetching: dict[str, bool]) -> None:
        while True:
            fetching[handling] = False
            address = f"{self.staff}/desk/handlings/{handling}/lines?after={self.seen.get(handling, 0)}"
            async with self.web.get(address, headers=self.cookie(agent)) as answer:
                text = await answer.text()
            for words in re.findall(r"citizen-\d+-\d+", text):
                self.to_agents.came(words)
            numbers = [int(number) for number in re.findall(r'(?:data-id|data-line|id)="(?:line-)?(\d+)"', text)]
            self.seen[handling] = max([*numbers, self.seen.get(handling, 0)])
            if not fetching[handling]:
                del fetching[handling]
                return

    async def send_as_citizen(self, talk: Talk, number: int) -> None:
        words = f"citizen-{number}-{int(talk.token[-4:])}"
        self.to_agents.left(words)
        body = {"text": words, "message_id": words}
        headers = {"Authorization": f"Bearer {talk.token}"}
        async with self.web.post(f"{self.public}/api/chat/messages", json=body, headers=headers) as answer:
            self.faults += answer.status != 200

    async def send_as_agent(self, talk: Talk, number: int) -> None:
        words = f"agent-{number}-{int(talk.token[-4:])}"
        self.to_citizens.left(words)
        headers = {**self.cookie(talk.agent), "X-CSRF-Token": self.tokens[talk.agent], "Accept": "application/json"}
        form = {"text": words, "client_id": words}
        async with self.web.post(f"{self.staff}/desk/handlings/{talk.handling}/messages", data=form, headers=headers) as answer:
            self.faults += answer.status != 200

    async def keep_present(self) -> None:
        while True:
            for agent in {talk.agent for talk in self.load.talks}:
                headers = {**self.cookie(agent), "X-CSRF-Token": self.tokens[agent], "Accept": "application/json"}
                async with self.web.post(f"{self.staff}/desk/beat", headers=headers):
                    pass
                await asyncio.sleep(20 / AGENTS)

    async def open_pages(self) -> None:
        """Open one page after the other, as staff do, and note how long each takes."""
        for number in itertools.count():
            talk = self.load.talks[number % len(self.load.talks)]
            for name, address, member in (
                ("接待页", "/desk", talk.agent),
                ("一个会话", f"/desk/handlings/{talk.handling}", talk.agent),
                ("看板", "/supervise", self.load.lead),
                ("统计", "/supervise/reports?by=agent", self.load.lead),
            ):
                at = time.monotonic()
                async with self.web.get(f"{self.staff}{address}", headers=self.cookie(member)) as answer:
                    await answer.read()
                    self.faults += answer.status != 200
                self.pages[name].append(time.monotonic() - at)
                await asyncio.sleep(0.4)

    async def connect(self) -> None:
        """Open every page's stream."""
        for member in self.load.sessions:
            await self.sign_in(member)
        listeners = [asyncio.create_task(self.listen_as_agent(agent)) for agent in {talk.agent for talk in self.load.talks}]
        listeners += [asyncio.create_task(self.listen_as_citizen(talk)) for talk in self.load.talks]
        while self.open < len(listeners):
            if broken := [one for one in listeners if one.done()]:
                raise StackFailed(f"连不上：{broken[0].exception()}")
            await asyncio.sleep(0.1)
        self.listeners = listeners

    async def write(self, seconds: float, pace: float) -> None:
        """Have both sides write for a while at a steady pace, and wait for what is on its way."""
        others = [asyncio.create_task(self.keep_present()), asyncio.create_task(self.open_pages())]
        chance, sending = random.Random(20260101), []
        began = time.monotonic()
        for number in range(int(seconds * pace)):
            await asyncio.sleep(max(0.0, began + number / pace - time.monotonic()))
            sending.append(asyncio.create_task(self.send_as_citizen(chance.choice(self.load.talks), number)))
            await asyncio.sleep(chance.random() / pace / 2)
            sending.append(asyncio.create_task(self.send_as_agent(chance.choice(self.load.talks), number)))
        await asyncio.gather(*sending)
        end = time.monotonic() + _LATE
        while (self.to_agents.sent or self.to_citizens.sent) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        for task in [*others, *self.listeners]:
            task.cancel()
        await asyncio.gather(*others, *self.listeners, return_exceptions=True)


def own_seconds() -> float:
    """Give the processor seconds of this process, which plays all the pages."""
    return time.process_time()


def summary(bench: Bench, seconds: float, pace: float, megabytes: float) -> dict[str, object]:
    """Give what was measured."""

    def spread(times: list[float]) -> dict[str, float | int]:
        return {"n": len(times), **{f"p{int(s * 100)}": round(share_of(times, s), 1) for s in (0.5, 0.95, 0.99) if times}}

    return {
        "conversations": CONVERSATIONS,
        "agents": AGENTS,
        "seconds": seconds,
        "messages_a_second": 2 * pace,
        "to_agent_ms": spread(bench.to_agents.seconds),
        "to_citizen_ms": spread(bench.to_citizens.seconds),
        "never_came": len(bench.to_agents.sent) + len(bench.to_citizens.sent),
        "faults": bench.faults,
        "pages_ms": {name: spread(times) for name, times in bench.pages.items()},
        "web_mb": round(megabytes),
    }


async def measure(stack: WebProcess, load: Load, seconds: float, pace: float) -> dict[str, object]:
    """Measure against a process that runs."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as web:
        bench = Bench(web, stack.url, stack.staff_url, load)
        await bench.connect()
        await asyncio.sleep(SETTLING)
        used, busy, at = stack.seconds() + own_seconds(), busy_seconds(), time.monotonic()
        web_used = stack.seconds()
        await bench.write(seconds, pace)
        lasted = time.monotonic() - at
        others = (busy_seconds() - busy - (stack.seconds() + own_seconds() - used)) / lasted
        return summary(bench, seconds, pace, stack.megabytes()) | {
            "web_cores": round((stack.seconds() - web_used) / lasted, 2),
            "cores_used_by_others": round(max(0.0, others), 2),
            "cores": os.cpu_count(),
        }


def main() -> None:
    """Prepare, start, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--pace", type=float, default=PACE, help="messages a second, each way")
    options = parser.parse_args()
    seconds = min(options.seconds, 600.0)
    var = Path(tempfile.mkdtemp(prefix="desk-load-"))
    stack = WebProcess(var)
    try:
        load = prepare(var)
        stack.start(120)
        result = asyncio.run(measure(stack, load, seconds, min(options.pace, 100.0)))
    except StackFailed as error:
        sys.exit(str(error))
    finally:
        stack.stop()
        remove(var)
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    late = [name for name in ("to_agent_ms", "to_citizen_ms") if result[name].get("p95", math.inf) > TARGET * 1000]  # type: ignore[attr-defined]
    slow = [name for name, times in result["pages_ms"].items() if times["p95"] > PAGE_TARGET * 1000]  # type: ignore[attr-defined]
    if late or slow or result["never_came"] or result["faults"]:
        sys.exit(f"没有达到：{'、'.join([*late, *slow]) or '有消息没到，或者有请求失败'}")


if __name__ == "__main__":
    main()
