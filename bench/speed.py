"""How fast Qinwen answers and what it needs: one table of measured values, targets and verdicts (`make bench`).

Starts a stack of its own (`qinwen up`, ports and a folder of its own, rate limits off) and measures over the citizen API, or
measures the running one that `--url` names (its memory and start-up are left out then). Questions come from the golden set;
none is asked twice in a phase that is measured, unless the phase says so, since the encoder remembers texts.
Everything that was started is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from bench.assistant import ROOT, model_is_current
from bench.citizens import ApiFailed, Citizen, EngineCaller, Tally
from bench.golden import FOLDER, read_lines
from bench.report import Report
from bench.stack import SETTLING, Stack, StackFailed, remove
from qinwen.training import train_if_changed

IDLE_TURNS = 200
TURNS_A_CITIZEN = 4
LONG_CONVERSATIONS = 2
LATE_TURN = 300
NEIGHBOURS = 15
PARALLEL_CITIZENS = 8
PARALLEL_SECONDS = 15
EXPLAINED = 40
FIRST_START_TIMEOUT = 240
LATER_START_TIMEOUT = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description="秦问的速度与内存:一张表")
    parser.add_argument("--url", metavar="地址", help="测已在运行的一套(要以 QINWEN_RATE_LIMITS=off 启动),不另起")
    parser.add_argument("--json", type=Path, metavar="文件", help="把全部数字写成 JSON")
    parser.add_argument("--strict", action="store_true", help="有一项未达标就以 1 退出")
    parser.add_argument("--keep", action="store_true", help="留下这一套的目录(日志、数据库)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started, report = time.monotonic(), Report()
    try:
        if options.url:
            asyncio.run(measure_turns(options.url.rstrip("/"), report, None))
            report.skip("启动与内存", "测的是已在运行的一套(--url)")
        else:
            measure_own_stack(report, keep=options.keep)
    except (StackFailed, ApiFailed) as error:
        print(error, file=sys.stderr)
        return 2
    except aiohttp.ClientError as error:
        print(f"要测的这一套没有好好回答：{error}", file=sys.stderr)
        return 2
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    report.print_table()
    print(f"{os.cpu_count()} 核,结束时负载 {load},用时 {time.monotonic() - started:.0f} 秒", file=sys.stderr)
    if options.json:
        report.write_json(options.json)
    return 1 if options.strict and report.missed else 0


def measure_own_stack(report: Report, *, keep: bool) -> None:
    """Start a stack, measure everything, stop it."""
    part = "启动与内存"
    var = Path(tempfile.mkdtemp(prefix="qinwen-bench-"))
    stack = Stack(var)
    try:
        train_first()
        seeded = stack.take_seeds(Path(os.environ.get("QINWEN_VAR") or ROOT / "var"))
        tell("先启动一次(知识取自 bench.quality 装好的库,不计时)…" if seeded else "首次启动(要装入知识)…")
        seconds = stack.start(FIRST_START_TIMEOUT)
        if not seeded:
            report.add(part, "首次启动(模型已有,知识要装入)", seconds, unit="s")
        stack.stop()
        train_first()
        tell("启动…")
        seconds = stack.start(LATER_START_TIMEOUT)
        steps = "，".join(f"{name} {at:.0f}" for name, at in stack.steps.items())
        report.add(part, "再次启动到全部就绪", seconds, unit="s", target=20, at_least=False, note=f"第几秒好：{steps}")
        asyncio.run(measure_turns(stack.url, report, stack))
        report_memory(report, part, stack.memory())
    finally:
        tell("停止…")
        stack.stop()
        if keep:
            tell(f"目录留在 {var}")
        else:
            remove(var)


def train_first() -> None:
    """Train if something changed, so that no start has to; `qinwen up` would do it otherwise."""
    if not model_is_current():
        tell("训练模型（训练数据或代码改过）…")
        train_if_changed(ROOT)


def report_memory(report: Report, part: str, memory: dict[str, tuple[float, float]]) -> None:
    """Report the memory of all processes."""
    pss, rss = (sum(sizes[kind] for sizes in memory.values()) for kind in (0, 1))
    note = " ".join(f"{name} {sizes[0]:.0f}" for name, sizes in sorted(memory.items(), key=lambda pair: -pair[1][0]))
    report.add(part, "全部进程的内存(PSS 合计)", pss, unit="MB", target=1600, at_least=False, note=note)
    report.add(part, "全部进程的内存(RSS 合计,共享的重复计)", rss, unit="MB")


async def measure_turns(url: str, report: Report, stack: Stack | None) -> None:
    """Measure all that goes over the citizen API."""
    questions = fresh_questions()
    connector = aiohttp.TCPConnector(limit=PARALLEL_CITIZENS * 2)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
        first = await (await Citizen(session, url).arrive()).ask(next(questions))
        report.add("一轮的时延", "启动后的第一轮", first * 1000, unit="ms")
        if stack:
            tell("等启动后的准备做完…")
            await asyncio.sleep(SETTLING)
        for _ in range(3):
            citizen = await Citizen(session, url).arrive()
            for _ in range(4):
                await citizen.ask(next(questions))
        busy, ours, at = busy_seconds(), stack.seconds() if stack else 0.0, time.monotonic()
        asked = await measure_idle(session, url, report, questions)
        if stack:
            others = (busy_seconds() - busy - (stack.seconds() - ours)) / (time.monotonic() - at)
            note = f"共 {os.cpu_count()} 核；超过 0.5 时上面的时延偏大，只作参考"
            report.add("一轮的时延", "测量时别的程序占着的核", max(0.0, others), unit="核", note=note)
        if stack:
            await explain_turn(session, stack, report, questions)
        await measure_long_conversations(session, url, report, asked)
        await measure_parallel(session, url, report, questions)


async def measure_idle(session: aiohttp.ClientSession, url: str, report: Report, questions: Iterator[str]) -> list[str]:
    """Measure one citizen at a time, with different questions; gives those it asked."""
    tell(f"空闲时一轮一轮地问 {IDLE_TURNS} 问…")
    tally, asked = Tally(), [next(questions) for _ in range(IDLE_TURNS)]
    for number, question in enumerate(asked):
        if number % TURNS_A_CITIZEN == 0:
            citizen = await Citizen(session, url).arrive()
        await citizen.ask(question, tally)
    part, note = "一轮的时延", f"{IDLE_TURNS} 个不同的问题,每人连问 {TURNS_A_CITIZEN} 句"
    report.add(part, "空闲 p50", share_of(tally.seconds, 0.50), unit="ms", target=40, at_least=False, note=note)
    report.add(part, "空闲 p95", share_of(tally.seconds, 0.95), unit="ms", target=90, at_least=False)
    report.add(part, "空闲 最慢", max(tally.seconds) * 1000, unit="ms")
    report.share(part, "没答上来的(出错)", tally.failed, IDLE_TURNS, target=0, at_least=False)
    return asked


async def explain_turn(session: aiohttp.ClientSession, stack: Stack, report: Report, questions: Iterator[str]) -> None:
    """Tell where the time of a turn goes, by leaving things out: medians of paired differences.

    The same question once more spares the encoding, as far as it was not done while the engine worked; the engine called
    directly spares the hub, its ledger and the public HTTP hop; a greeting spares the action server.
    """
    tell("时间花在哪里…")
    engine = EngineCaller(session, stack.engine_url, stack.engine_secret())
    rows: list[tuple[float, ...]] = []
    await engine.ask("explain-greeting", "你好")
    for number in range(EXPLAINED):
        question = next(questions)
        new = await (await Citizen(session, stack.url).arrive()).ask(question)
        again = await (await Citizen(session, stack.url).arrive()).ask(question)
        direct = await engine.ask(f"explain-{number}", question)
        greeting = await engine.ask(f"explain-greeting-{number}", "你好")
        rows.append((new, new - again, again - direct, direct - greeting, greeting))
    names = (
        "会话的第一轮",
        "其中 句向量编码(没能和引擎同时做完的)",
        "其中 hub、台账、对外 HTTP",
        "其中 动作服务与检索作答",
        "其中 引擎(理解、策略、跟踪记录)",
    )
    for place, name in enumerate(names):
        report.add(
            "一轮的时间花在哪",
            name,
            statistics.median(row[place] for row in rows) * 1000,
            unit="ms",
            note=f"{EXPLAINED} 问,配对差的中位数" if place == 1 else "",
        )


async def measure_long_conversations(session: aiohttp.ClientSession, url: str, report: Report, texts: list[str]) -> None:
    """Compare the turns up to the 300th of long conversations with third turns, asked alternately with the same texts."""
    tell(f"{LONG_CONVERSATIONS} 个会话各问到第 {LATE_TURN} 轮…")
    late, early = Tally(), Tally()
    citizens = [await Citizen(session, url).arrive() for _ in range(LONG_CONVERSATIONS)]

    async def talk_on(citizen: Citizen, start: int) -> None:
        for number in range(LATE_TURN - NEIGHBOURS):
            await citizen.ask(texts[(start + number) % len(texts)])

    await asyncio.gather(*(talk_on(citizen, place * 67) for place, citizen in enumerate(citizens)))
    for place, citizen in enumerate(citizens):
        for number in range(NEIGHBOURS):
            text = texts[(place * 31 + number) % len(texts)]
            newcomer = await Citizen(session, url).arrive()
            for before in range(2):
                await newcomer.ask(texts[(place * 31 + number + before + 1) % len(texts)])
            turns = [(newcomer, early), (citizen, late)]
            for who, tally in turns if number % 2 else reversed(turns):
                await who.ask(text, tally)
    at_3, at_300 = share_of(early.seconds, 0.5), share_of(late.seconds, 0.5)
    part = "会话变长"
    note = f"{len(late.seconds)} 对,同一句交替问,句向量已记得"
    report.add(part, "第 3 轮(中位数)", at_3, unit="ms", note=note)
    report.add(part, f"第 {LATE_TURN - NEIGHBOURS + 1}–{LATE_TURN} 轮(中位数)", at_300, unit="ms")
    report.add(part, "第 300 轮 / 第 3 轮", at_300 / at_3, unit="倍", target=1.2, at_least=False)


async def measure_parallel(session: aiohttp.ClientSession, url: str, report: Report, questions: Iterator[str]) -> None:
    """Measure many citizens at once, each asking again as soon as the answer is there."""
    tell(f"{PARALLEL_CITIZENS} 位市民同时问 {PARALLEL_SECONDS} 秒…")
    tally, started = Tally(), time.perf_counter()

    async def keep_asking() -> None:
        citizen = await Citizen(session, url).arrive()
        while time.perf_counter() - started < PARALLEL_SECONDS:
            await citizen.ask(next(questions), tally)

    await asyncio.gather(*(keep_asking() for _ in range(PARALLEL_CITIZENS)))
    part, turns = f"{PARALLEL_CITIZENS} 位市民同时", len(tally.seconds)
    report.add(part, "每秒轮数", turns / (time.perf_counter() - started), unit="轮/s", note=f"{turns} 轮")
    report.add(part, "p50", share_of(tally.seconds, 0.50), unit="ms")
    report.add(part, "p95", share_of(tally.seconds, 0.95), unit="ms")
    report.share(part, "没答上来的(出错)", tally.failed, turns, target=0, at_least=False)


def fresh_questions() -> Iterator[str]:
    """Give the golden questions in a fixed shuffled order; after the last one, with another ending."""
    texts = list(dict.fromkeys(line["question"] for line in read_lines(FOLDER / "questions.jsonl")))
    random.Random(11).shuffle(texts)
    yield from texts
    for number in range(1, 1000):
        yield from (f"{text},第{number}次问" for text in texts)


def busy_seconds() -> float:
    """Give the seconds that all processors together have worked since the machine was started."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text(encoding="ascii").split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def share_of(seconds: list[float], share: float) -> float:
    """Give a quantile in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def tell(what: Any) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
