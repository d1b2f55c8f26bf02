"""How long a turn takes while the case system is broken: `python -m bench.case_faults`, against the stack that is running.

It breaks the reference case system in each way, asks as a bound citizen and, at the same time, as somebody who asks something
else, heals it, and counts the news that follow. The settings (`QINWEN_VAR`, ports) are those of the stack; the rate limits have
to be off.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field

from qinwen.settings import load_settings
from services_backend.reference.demo import call
from tests.e2e.stack import Citizen

_FAULTS = (("hang", 3.0), ("slow", 3.0), ("drip", 3.0), ("garbage", 3.0), ("500s", 3.0), ("down", 3.0))
_TURNS = 10
_LIMIT = 4.0
_NEWS_WITHIN = 60


@dataclass
class Beside:
    """Somebody who asks something else all the time, and how long each answer took."""

    citizen: Citizen
    seconds: list[float] = field(default_factory=list)
    stopping: bool = False

    def run(self) -> None:
        while not self.stopping:
            self.seconds.append(ask(self.citizen, "护照怎么办")[0])
            time.sleep(0.2)


def ask(citizen: Citizen, text: str) -> tuple[float, str]:
    started = time.perf_counter()
    replies = citizen.say(text)["replies"]
    return time.perf_counter() - started, "".join(reply["text"] for reply in replies)


def count_news(url: str, citizen: Citizen) -> int:
    request = urllib.request.Request(f"{url}/api/chat/messages?after=0", headers={"Authorization": f"Bearer {citizen.token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        messages = json.load(answer)["messages"]
    return sum(one["author"] == "system" and "恢复了" in one["reply"]["text"] for one in messages)


def measure(url: str, fault: str, seconds: float) -> bool:
    """Measure one fault and print its line; True if each turn was in time and the news came once."""
    number = call("GET", "/demo/cases?state=review")[0]["number"]
    citizen, beside = Citizen(url), Beside(Citizen(url))
    ask(citizen, f"绑定码 {call('POST', f'/demo/cases/{number}/receipt-code')['code']}")
    ask(citizen, f"查 {number}")
    call("POST", "/demo/fault", {"fault": fault, "seconds": seconds})
    other = threading.Thread(target=beside.run)
    other.start()
    try:
        turns = [ask(citizen, f"查 {number}") for _ in range(_TURNS)]
    finally:
        call("POST", "/demo/fault", {"fault": "none"})
        beside.stopping = True
        other.join()
    silent = sum(not words for _, words in turns)
    end = time.monotonic() + _NEWS_WITHIN
    while not count_news(url, citizen) and time.monotonic() < end:
        time.sleep(0.5)
    time.sleep(5)  # for one too many
    news, slowest = count_news(url, citizen), max(taken for taken, _ in turns)
    last = turns[-1][0]
    print(
        f"{fault:8} 最慢一轮 {slowest:.2f} 秒，第{_TURNS}轮 {last:.2f} 秒，没话的 {silent} 轮；"
        f"旁人最慢 {max(beside.seconds):.2f} 秒（{len(beside.seconds)} 轮）；恢复的消息 {news} 条"
    )
    return slowest < _LIMIT and not silent and news == 1


def main() -> int:
    url = f"http://127.0.0.1:{load_settings().public_port}"
    passed = [measure(url, fault, seconds) for fault, seconds in _FAULTS]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
