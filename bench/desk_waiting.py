"""Simulates service desks under varied loads and measures how often the 80 % waiting range was right.

Each scenario is a desk of some agents whose citizens come unevenly over the day; some go first (elders), some leave,
agents take a moment to press 接入 and come and go. The ranges come from `desk.waiting`, with nothing but what the desk would
know at that moment. Run: `python -m bench.desk_waiting [--json FILE]`; the JSON is what the calibration page shows.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from desk.waiting import COVERAGE, LEVELS, QueueNow, Seen, Wait, estimate

WARM_UP = 120
RECENT = 400


@dataclass(frozen=True)
class Load:
    """A scenario: its name, agents, conversations each at once, load (1 is all they can do), and its kinds of unrest."""

    name: str
    agents: int
    capacity: int
    load: float
    mean: float = 300.0
    spread: float = 0.8
    wave: float = 0.3
    first: float = 0.1
    patience: float = 2400.0
    reaction: float = 20.0
    drift: float = 0.0


LOADS = (
    Load("一人值守，清闲", 1, 3, 0.5),
    Load("一人值守，忙", 1, 2, 0.85),
    Load("三人，适中", 3, 3, 0.7),
    Load("三人，满负荷", 3, 3, 0.97),
    Load("五人，忙，早晚高峰", 5, 3, 0.85, wave=0.6),
    Load("十人，满负荷", 10, 3, 0.97),
    Load("十人，过载，有人等不及走了", 10, 3, 1.15, patience=900.0),
    Load("长事情，长短悬殊", 4, 2, 0.85, mean=900.0, spread=1.2),
    Load("短事情", 4, 4, 0.9, mean=120.0, spread=0.5),
    Load("老人多，插在前面的多", 4, 3, 0.9, first=0.35),
    Load("事情越来越长", 4, 3, 0.8, drift=0.6),
    Load("坐席反应慢", 4, 3, 0.85, reaction=75.0),
)


@dataclass
class Record:
    wait: Wait
    at: float
    free: bool
    actual: float = math.nan


@dataclass
class DeskSimulation:
    load: Load
    random: np.random.Generator
    arrivals: int
    now: float = 0.0
    queue: list = field(default_factory=list)
    running: dict = field(default_factory=dict)
    records: list = field(default_factory=list)
    done: list = field(default_factory=list)
    handlings: list = field(default_factory=list)
    reactions: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    left: list = field(default_factory=list)
    events: list = field(default_factory=list)
    reserved: int = 0

    @property
    def slots(self):
        return self.load.agents * self.load.capacity

    def run(self):
        rate = self.load.load * self.slots / self.load.mean
        moment = 0.0
        for number in range(self.arrivals):
            wave = 1 + self.load.wave * math.sin(moment / 3600 * 2 * math.pi / 3)
            moment += self.random.exponential(1 / (rate * wave))
            heapq.heappush(self.events, (moment, 0, number))
        while self.events:
            self.now, kind, number = heapq.heappop(self.events)
            (self.arrive, self.press, self.finish)[kind](number)
        return [r for r in self.records[WARM_UP:] if not math.isnan(r.actual)]

    def arrive(self, number):
        rank = self.now - (600.0 if self.random.random() < self.load.first else 0.0)
        ahead = sum(place[0] < rank for place in self.queue)
        free = self.slots - len(self.running)
        known = QueueNow(
            ahead,
            free,
            tuple(self.now - began for began in self.running.values()),
            tuple(self.handlings[-RECENT:]),
            tuple(self.reactions[-RECENT:]),
            sum(gone for gone, _ in self.left[-RECENT:]) / max(sum(waited for _, waited in self.left[-RECENT:]), 1.0),
        )
        wait = estimate(known, self.seen[-RECENT:], self.random)
        record = Record(wait, self.now, free > ahead)
        self.records.append(record)
        heapq.heappush(self.queue, (rank, number, self.now + self.random.exponential(self.load.patience), record))
        self.call()

    def call(self):
        """A free agent looks at the queue, and presses a moment later."""
        while self.reserved < min(len(self.queue), self.slots - len(self.running)):
            self.reserved += 1
            pause = self.random.lognormal(math.log(self.load.reaction), 0.7)
            heapq.heappush(self.events, (self.now + pause, 1, 0))

    def press(self, _):
        self.reserved -= 1
        while self.queue:
            _, number, leaves, record = heapq.heappop(self.queue)
            if leaves < self.now:
                self.left.append((1, leaves - record.at))
                continue
            record.actual = self.now - record.at
            self.seen.append(Seen(record.wait, record.actual))
            self.left.append((0, record.actual))
            if record.free:
                self.reactions.append(record.actual)
            self.running[number] = self.now
            mean = self.load.mean * (1 + self.load.drift * number / self.arrivals)
            lasts = self.random.lognormal(math.log(mean) - self.load.spread**2 / 2, self.load.spread)
            heapq.heappush(self.events, (self.now + lasts, 2, number))
            break
        self.call()

    def finish(self, number):
        self.handlings.append(self.now - self.running.pop(number))
        self.call()


def measure(arrivals, seed=20260101):
    rows, everybody = [], []
    for number, load in enumerate(LOADS):
        random = np.random.default_rng(seed + number)
        records = DeskSimulation(load, random, arrivals).run()
        inside = [record.wait.covers(record.actual) for record in records]
        everybody += records
        rows.append(
            {
                "name": load.name,
                "n": len(records),
                "coverage": float(np.mean(inside)),
                "median_wait": float(np.median([record.actual for record in records])),
                "median_width": float(np.median([record.wait.high - record.wait.low for record in records])),
            }
        )

    def coverage_at(level):
        return float(np.mean([record.wait.covers(record.actual, level) for record in everybody]))

    return {
        "target": COVERAGE,
        "coverage": coverage_at(COVERAGE),
        "n": len(everybody),
        "loads": rows,
        "calibration": [{"level": level, "observed": coverage_at(level)} for level in LEVELS],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arrivals", type=int, default=1000, help="citizens in each scenario")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(options.arrivals)
    print("八成把握的等待时间范围，实际落在里面的比例：")
    for row in result["loads"]:
        print(
            f"  {row['coverage']:6.1%}  {row['n']:5} 人  等待中位数 {row['median_wait'] / 60:5.1f} 分"
            f"  范围宽 {row['median_width'] / 60:5.1f} 分  {row['name']}"
        )
    print(f"  {result['coverage']:6.1%}  {result['n']:5} 人  合计（目标 75% 到 85%）")
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    if not all(0.75 <= row["coverage"] <= 0.85 for row in [*result["loads"], result]):
        raise SystemExit("有的情形超出了 75% 到 85%。")


if __name__ == "__main__":
    main()
