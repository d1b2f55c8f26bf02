"""A written conversation that is played through the simulator, and printed as it happens.

title: 补办身份证
openid: oSimulatedPlayer00000000001
steps:
  - follow:
  - say: 身份证丢了咋办
    expect: 身份证          # a bubble that holds these words must come
    within: 10              # seconds
  - location: {lat: 34.26, lon: 108.95, label: 西安市碑林区}
  - wait: 2
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .console import describe, say
from .control import ACTS
from .remote import ActRefused, Remote

# What a plain value after an act means.
_MEANT = {"say": "text", "voice": "text", "tap": "menu", "choose": "number", "follow": "scene", "scan": "scene"}
_WITHIN = 16.0


class PlayWrong(ValueError):
    """The script can't be played; the sentence says where."""


@dataclass(frozen=True)
class Step:
    """One act with its arguments; or, with the act `wait`, a pause."""

    act: str
    shape: dict[str, Any]
    expect: str | None
    within: float


@dataclass(frozen=True)
class Play:
    """A script."""

    title: str
    openid: str
    steps: tuple[Step, ...]


def read_play(path: Path) -> Play:
    """Read a script file.

    Raises:
        PlayWrong: it can't be read, or a step is not understood.
    """
    try:
        shape = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PlayWrong(f"读不了脚本 {path.name}（{type(error).__name__}）。") from None
    if not isinstance(shape, dict) or not isinstance(shape.get("steps"), list):
        raise PlayWrong(f"脚本 {path.name} 没有 steps。")
    steps = tuple(_read_step(number, step) for number, step in enumerate(shape["steps"], 1))
    return Play(str(shape.get("title") or path.stem), str(shape.get("openid") or "oSimulatedPlayer00000000001"), steps)


async def play(remote: Remote, script: Play, openid: str) -> int:
    """Play a script; gives 0, or 1 if an expected answer did not come or anything failed."""
    say(f"《{script.title}》  市民 {openid}")
    seen, started, failed = (await remote.phone(openid))["next"], time.time(), 0
    for step in script.steps:
        since = seen
        if step.act == "wait":
            await asyncio.sleep(float(step.shape["seconds"]))
        else:
            try:
                await remote.act(step.act, openid, **step.shape)
            except ActRefused as refused:
                say(f"          {refused}")
                failed += 1
                continue
        came, seen = await _watch(remote, openid, since, started, step)
        failed += came
    say("完毕，全部符合。" if not failed else f"完毕，有 {failed} 处不符。")
    return int(failed > 0)


async def _watch(remote: Remote, openid: str, since: int, started: float, step: Step) -> tuple[int, int]:
    """Print what is new until the expected words came; gives how many things went wrong and the place reached."""
    deadline, wrong, met = time.monotonic() + step.within, 0, step.expect is None
    while True:
        phone = await remote.phone(openid, since)
        since = phone["next"]
        for one in phone["timeline"]:
            say(describe(one, started))
            wrong += one["type"] == "fault"
            met = met or (one["type"] == "bubble" and str(step.expect) in one["text"])
        if met:
            return wrong, since
        if time.monotonic() > deadline:
            say(f"          没有等到：{step.expect}")
            return wrong + 1, since
        await asyncio.sleep(0.1)


def _read_step(number: int, step: Any) -> Step:
    if not isinstance(step, dict):
        raise PlayWrong(f"第 {number} 步不是“动作: 内容”。")
    acts = [name for name in step if name in ACTS or name == "wait"]
    unknown = set(step) - set(acts) - {"expect", "within"}
    if len(acts) != 1 or unknown:
        raise PlayWrong(f"第 {number} 步要正好一个动作（{'、'.join([*ACTS, 'wait'])}）。")
    act, value = acts[0], step[acts[0]]
    try:
        if act == "wait":
            shape = {"seconds": float(value)}
        else:
            shape = value if isinstance(value, dict) else {} if value is None else {_MEANT[act]: value}
        within = float(step.get("within", _WITHIN))
    except (KeyError, TypeError, ValueError):
        raise PlayWrong(f"第 {number} 步的内容不对。") from None
    expect = step.get("expect")
    return Step(act, shape, None if expect is None else str(expect), within)
