"""Ten thousand guesses at case numbers over the citizen API: `python -m bench.guesses [--guesses N]` prints what they told.

With the limits on, how many guesses got as far as an SMS code; with them off, whether answers or times tell known numbers from
unknown ones. The test of the same (`tests/integration/test_enumeration.py`) makes fewer.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

from qinwen.settings import all_settings, load_settings
from tests.guessing import KNOWN, PROVED, SENT, UNKNOWN, chance_of_difference, guess_all, plan, service

CASES = 300
_PORTION = 5


def settings_in(folder: Path):
    secrets = {setting.variable: "secret-of-the-tests" for setting in all_settings() if setting.secret}
    return load_settings({"QINWEN_VAR": str(folder), "QINWEN_ENCODER": "none", **secrets})


async def run(guesses: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = settings_in(folder)
        for limited in (True, False):
            part = folder / str(limited)
            part.mkdir()
            count = guesses if limited else guesses // _PORTION
            started = time.monotonic()
            async with service(settings, part, CASES, tries=limited, messages=False) as (client, possible):
                seen = await guess_all(client, plan(possible, count, seed=7), citizens=200 if limited else 1)
            print(f"限制{'开着' if limited else '关掉'}：猜 {count} 次，用了 {time.monotonic() - started:.0f} 秒")
            for group, title in ((KNOWN, "有的编号，后四位错"), (PROVED, "有的编号，后四位对"), (UNKNOWN, "没有的编号")):
                one = seen[group]
                through = sum(n for answer, n in one.answers.items() if SENT in answer)
                times = sorted(one.times)
                print(
                    f"  {title}：{len(times)} 次，走到验证码 {through} 次，说法 {len(one.answers)} 种，"
                    f"中位数 {times[len(times) // 2] * 1000:.1f} 毫秒，下四分位 {times[len(times) // 4] * 1000:.1f} 毫秒"
                )
            kinds = {group: {answer for answer in one.answers if SENT not in answer} for group, one in seen.items()}
            same = kinds[KNOWN] == kinds[PROVED] == kinds[UNKNOWN]
            if not limited:
                same = same and seen[KNOWN].answers.keys() == seen[PROVED].answers.keys() == seen[UNKNOWN].answers.keys()
                for group in (KNOWN, PROVED):
                    chance = chance_of_difference(seen[group].times, seen[UNKNOWN].times)
                    print(f"  {group} 和 unknown 用时没有差别时，差这么多的机会：{chance:.3f}（低于 0.01 才可疑）")
            print(f"  说法和字段{'一样' if same else '不一样：能看出来！'}")


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(description="猜办件编号")
    parser.add_argument("--guesses", type=int, default=10_000)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(run(parser.parse_args().guesses))


if __name__ == "__main__":
    main()
