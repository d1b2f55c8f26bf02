"""A conversation in the terminal: type as the citizen, see each bubble with the way it came."""

from __future__ import annotations

import asyncio
import base64
import shlex
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .console import describe, describe_quota, say
from .remote import ActRefused, Remote, SimulatorUnreachable

HELP = """直接打字就是发消息。以冒号开头的是命令：
  :menu [名称或键]     看菜单，或点一项        :choose 序号          点选择菜单里的一项
  :voice [听写]        发语音，可带识别结果    :image [文件]         发图片
  :location 纬度 经度 [地名]                   :sticker              发表情
  :follow [场景]       关注                    :unfollow             取消关注
  :scan 场景           扫带参数的二维码        :again                平台把上一条再推一次
  :phone               看额度                  :quit                 离开"""
EVERY = 0.25  # seconds between looks at the phone


class CommandWrong(ValueError):
    """A typed command lacks something; the sentence says what."""


async def chat(remote: Remote, openid: str) -> None:
    """Let a person speak as a citizen until they leave or the input ends.

    Raises:
        SimulatorUnreachable: the simulator is gone.
    """
    say(f"您是市民 {openid}。:help 看命令。")
    lines = _read_lines()
    watching = asyncio.create_task(_watch(remote, openid))
    acting: set[asyncio.Task[None]] = set()
    while (line := await _next_line(lines, watching)) is not None and line != ":quit":
        if line:
            task = asyncio.create_task(_obey(remote, openid, line))
            acting.add(task)
            task.add_done_callback(acting.discard)
            # Lines that come by a pipe keep their order; a person may type on while an answer is awaited.
            await asyncio.wait({task}, timeout=0.05 if sys.stdin.isatty() else None)
    if acting:
        await asyncio.wait(acting, timeout=20)
    await asyncio.wait({watching}, timeout=4 * EVERY)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def _next_line(lines: asyncio.Queue[str | None], watching: asyncio.Task[None]) -> str | None:
    """Give the next line; None at the end of the input, or when the simulator is gone."""
    reading = asyncio.ensure_future(lines.get())
    await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        reading.cancel()
        return None
    line = reading.result()
    return None if line is None else line.strip()


def parse(line: str) -> tuple[str, dict[str, Any]]:
    """Give the act and its arguments that a line asks for.

    Raises:
        CommandWrong: the command is unknown or lacks something.
    """
    if not line.startswith(":"):
        return "say", {"text": line}
    try:
        name, *words = shlex.split(line[1:])
    except ValueError:
        raise CommandWrong("命令不完整，:help 看写法。") from None
    rest = " ".join(words)
    try:
        if name == "location":
            return name, {"lat": float(words[0]), "lon": float(words[1]), "label": " ".join(words[2:])}
        if name == "choose":
            return name, {"number": int(words[0])}
        if name == "image":
            return name, {"content": base64.b64encode(Path(rest).read_bytes()).decode()} if rest else {}
    except (ValueError, IndexError):
        raise CommandWrong("数字不对或没写全，:help 看写法。") from None
    except OSError:
        raise CommandWrong("读不到这个文件。") from None
    if name in ("sticker", "unfollow", "again"):
        return name, {}
    given = {"menu": ("tap", "menu"), "voice": ("voice", "text"), "follow": ("follow", "scene"), "scan": ("scan", "scene")}
    if name not in given or (name in ("menu", "scan") and not rest):
        raise CommandWrong("没有这个命令，:help 看有哪些。")
    act, field = given[name]
    return act, {field: rest} if rest else {}


async def _obey(remote: Remote, openid: str, line: str) -> None:
    try:
        if line == ":help":
            say(HELP)
        elif line == ":menu":
            say("菜单：" + ("、".join(await remote.menu()) or "还没有"))
        elif line == ":phone":
            phone = await remote.phone(openid)
            say(f"{'已关注' if phone['follower'] else '未关注'}。{describe_quota(phone['quota'])}")
        else:
            act, shape = parse(line)
            await remote.act(act, openid, **shape)
    except (CommandWrong, ActRefused, SimulatorUnreachable) as error:
        say(error)


async def _watch(remote: Remote, openid: str) -> None:
    seen = (await remote.phone(openid))["next"]
    started, typing = time.time(), False
    while True:
        phone = await remote.phone(openid, seen)
        for one in phone["timeline"]:
            say(describe(one, started))
        if phone["typing"] and not typing:
            say("          对方正在输入……")
        seen, typing = phone["next"], phone["typing"]
        await asyncio.sleep(EVERY)


def _read_lines() -> asyncio.Queue[str | None]:
    """Read standard input in a thread of its own, so that it may be anything: a terminal, a pipe or a file."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(RuntimeError):  # the loop is gone: the person left
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return lines
