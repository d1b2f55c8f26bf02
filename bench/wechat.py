"""How the whole WeChat way holds up under load: secure mode, the simulated platform on one side, the real stack on the other.

First 32 citizens at once, each asking again as soon as the answer is there: what comes out is the rate that the machine
sustains (the platform's own encryption takes part of the same cores). Then three times as many messages as that, each of
another citizen: the channel must say that it is busy instead of letting the platform wait. Part of `make bench`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.assistant import ROOT
from bench.report import Report
from bench.speed import FIRST_START_TIMEOUT, fresh_questions, share_of, tell, train_first
from bench.stack import Stack, StackFailed, free_ports, remove
from qinwen.wechat_settings import simulate_account
from tests.wechat_platform import Account, Phone, Platform, Push

CITIZENS = 32
CLOSED_SECONDS = 20
OVERLOAD = 3
OVERLOAD_SECONDS = 12
# Somebody who was told that we are busy waits so many seconds.
PATIENCE = 1.0
LIMIT = 5.0
BUSY = "问的人特别多"
ANSWERED, PUSHED, BUSY_SAID, FAULT = "随请求回答的", "先应一声、再推送的", "如实说忙的", "市民看到平台故障提示的"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.wechat", description="微信整条路的吞吐和时延:一张表")
    parser.add_argument("--json", type=Path, metavar="文件", help="把全部数字写成 JSON")
    parser.add_argument("--strict", action="store_true", help="有一项未达标就以 1 退出")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report()
    try:
        measure(report)
    except StackFailed as error:
        print(error, file=sys.stderr)
        return 2
    report.print_table()
    if options.json:
        report.write_json(options.json)
    return 1 if options.strict and report.missed else 0


def measure(report: Report) -> None:
    """Start a stack with the channel on, measure, stop it."""
    var = Path(tempfile.mkdtemp(prefix="qinwen-bench-"))
    port = free_ports(1)[0]
    account = simulate_account({"QINWEN_WECHAT_SIMULATOR": "on", "QINWEN_WECHAT_SIMULATOR_PORT": str(port)})
    stack = Stack(var, {**account, "QINWEN_WECHAT_SIMULATOR": "off"})
    try:
        train_first()
        stack.take_seeds(Path(os.environ.get("QINWEN_VAR") or ROOT / "var"))
        tell("启动…")
        stack.start(FIRST_START_TIMEOUT)
        asyncio.run(measure_platform(stack.url, port, report))
    finally:
        stack.stop()
        remove(var)


async def measure_platform(url: str, port: int, report: Report) -> None:
    """Measure both phases from the platform's side."""
    questions = fresh_questions()
    async with Platform(Account(), [f"{url}/wechat"], seed=time.time_ns(), port=port) as platform:
        for number in range(3):
            await platform.phone(f"oWarm{number}").says(next(questions))
        rate = await ask_in_turn(platform, report, questions)
        await platform.settle()
        await overload(platform, report, questions, rate)


async def ask_in_turn(platform: Platform, report: Report, questions: Iterator[str]) -> float:
    """Let 32 citizens ask as fast as they are answered; gives the messages a second that were answered."""
    tell(f"{CITIZENS} 位市民同时，答了再问，{CLOSED_SECONDS} 秒…")
    pushes: list[Push] = []
    started = time.perf_counter()

    async def keep_asking(phone: Phone) -> None:
        while time.perf_counter() - started < CLOSED_SECONDS:
            pushes.append(push := await phone.says(next(questions)))
            if way_of(push) == BUSY_SAID:
                await asyncio.sleep(PATIENCE)

    await asyncio.gather(*(keep_asking(platform.phone(f"oTurn{number:04d}")) for number in range(CITIZENS)))
    answered = sum(way_of(push) in {ANSWERED, PUSHED} for push in pushes)
    rate = answered / (time.perf_counter() - started)
    part = f"{CITIZENS} 位市民同时(答了再问)"
    report.add(part, "每秒答复的消息", rate, unit="条/s", note=f"{answered} 条")
    judge(part, pushes, report)
    return rate


async def overload(platform: Platform, report: Report, questions: Iterator[str], rate: float) -> None:
    """Send three times as many messages as can be answered, each of another citizen."""
    wanted = rate * OVERLOAD
    tell(f"每秒 {wanted:.0f} 条，{OVERLOAD_SECONDS} 秒…")
    acts: list[asyncio.Task[Push]] = []
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < OVERLOAD_SECONDS:
        while len(acts) < passed * wanted:
            phone = platform.phone(f"oMany{len(acts):05d}")
            acts.append(asyncio.create_task(phone.says(next(questions))))
        await asyncio.sleep(0.01)
    pushes = await asyncio.gather(*acts)
    part = f"每秒来 {wanted:.0f} 条(能力的 {OVERLOAD} 倍)"
    judge(part, pushes, report)


def judge(part: str, pushes: list[Push], report: Report) -> None:
    """Report how the platform's requests were answered."""
    last = [push.attempts[-1] for push in pushes]
    seconds = [attempt.ended - attempt.started for attempt in last]
    ways = Counter(way_of(push) for push in pushes)
    late = sum(
        push.fault is not None or len(push.attempts) > 1 or took >= LIMIT for push, took in zip(pushes, seconds, strict=True)
    )
    report.add(part, "回应 p50", share_of(seconds, 0.50), unit="ms")
    report.add(part, "回应 p95", share_of(seconds, 0.95), unit="ms")
    report.add(part, "回应 最慢", max(seconds) * 1000, unit="ms", target=LIMIT * 1000, at_least=False)
    for way in (ANSWERED, PUSHED, BUSY_SAID, FAULT):
        report.share(part, way, ways[way], len(pushes))
    report.share(part, "错过 5 秒的", late, len(pushes), target=0, at_least=False)


def way_of(push: Push) -> str:
    """Tell how the platform's request was answered in the end."""
    if push.fault is not None:
        return FAULT
    if push.reply is None:
        return PUSHED
    return BUSY_SAID if BUSY in push.reply.text else ANSWERED


if __name__ == "__main__":
    sys.exit(main())
