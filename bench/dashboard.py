"""How long the dashboard's figures take: `python -m bench.dashboard [--turns 300000]`.

Fills a throw-away database with a month of made-up turns and measures each part.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from bench.report import Report
from conversations import CONVERSATION_FIGURES, Window, conversation_rows, measure_turns, turn_rows
from conversations.models import Citizen, Conversation, Message, Turn
from qinwen.clock import now
from qinwen.database import Base, Database
from qinwen.vocabulary import Facet, Outcome

DAYS, TURNS_A_CONVERSATION, CONVERSATIONS_A_CITIZEN = 30, 5, 2
FIGURES_TARGET, ROWS_TARGET = 3.0, 0.5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description="看板要算多久")
    parser.add_argument("--turns", type=int, default=300_000, help="多少条消息")
    parser.add_argument("--url", help="数据库地址；不写就用临时的 SQLite 文件")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(options.url or f"sqlite:///{Path(folder) / 'bench.db'}")
        Base.metadata.create_all(database.engine)
        fill(database, options.turns)
        measure(database, options.turns, report)
        database.close()
    report.print_table()
    return 0


def fill(database: Database, count: int) -> None:
    """Write a month of turns."""
    random.seed(7)
    end = now()
    outcomes, weights = zip(*((one, 12 if one is Outcome.ANSWERED else 1) for one in Outcome), strict=True)
    facets, items = [facet.value for facet in Facet], [f"item-{number}" for number in range(68)]
    rows: dict[type[Base], list[dict[str, object]]] = {Citizen: [], Conversation: [], Turn: [], Message: []}
    for number in range(count):
        conversation, place = divmod(number, TURNS_A_CONVERSATION)
        citizen, of_citizen = divmod(conversation, CONVERSATIONS_A_CITIZEN)
        if place == 0:
            began = end - timedelta(days=DAYS) * random.random()
            if of_citizen == 0:
                rows[Citizen].append({"id": f"c{citizen}", "channel": "webchat", "address": f"a{citizen}", "created_at": began})
            rows[Conversation].append(
                {"id": f"v{conversation}", "citizen_id": f"c{citizen}", "holder": "bot", "region": "610100", "opened_at": began,
                 "last_at": began + timedelta(minutes=5)}
            )  # fmt: skip
        at = began + timedelta(minutes=place)
        rows[Turn].append(
            {"id": f"t{number:08}", "conversation_id": f"v{conversation}", "citizen_id": f"c{citizen}",
             "message_id": str(number), "channel": random.choice(("webchat", "wechat")),
             "number": of_citizen * TURNS_A_CONVERSATION + place,
             "state": "done", "outcome": random.choices(outcomes, weights)[0].value, "item": random.choice(items),
             "facet": random.choice(facets), "region": "610100", "started_at": at,
             "finished_at": at + timedelta(seconds=random.expovariate(15))}
        )  # fmt: skip
        rows[Message].append(
            {"conversation_id": f"v{conversation}", "citizen_id": f"c{citizen}", "turn_id": f"t{number:08}", "direction": "in",
             "author": "citizen", "text": "身份证丢了怎么补办", "created_at": at}
        )  # fmt: skip
        if len(rows[Turn]) >= 20_000 or number == count - 1:
            with database.session() as session:
                for model, some in rows.items():
                    session.execute(insert(model), some)
            rows = {model: [] for model in rows}


def measure(database: Database, count: int, report: Report) -> None:
    """Time the figures and one page of rows of each kind."""
    more = {"unit": " 秒", "at_least": False}
    window, moment = Window(now() - timedelta(days=DAYS), now()), now()
    bad = {f"v{number}" for number in range(0, count // TURNS_A_CONVERSATION, 50)}
    with database.session() as session:
        began = time.monotonic()
        figures = measure_turns(session, window, bad, moment)
        report.add(
            "看板", "30 天全部数字", time.monotonic() - began, target=FIGURES_TARGET, **more, note=f"{figures.turns} 条消息"
        )
        week = Window(now() - timedelta(days=7), now())
        began = time.monotonic()
        figures = measure_turns(session, week, bad, moment)
        report.add(
            "看板", "7 天全部数字", time.monotonic() - began, target=FIGURES_TARGET / 3, **more, note=f"{figures.turns} 条消息"
        )
        slowest, name = 0.0, ""
        for code in ("turns", "in_vain", "reasked", "slow", "item:item-7", "outcome:error", *CONVERSATION_FIGURES):
            began = time.monotonic()
            if code in CONVERSATION_FIGURES:
                conversation_rows(session, code, window, (), bad, moment, None, 51)
            else:
                turn_rows(session, code, window, (), None, 51)
            slowest, name = max((slowest, name), (time.monotonic() - began, code))
        report.add("看板", "一页明细，最慢的一种", slowest, target=ROWS_TARGET, **more, note=name)


if __name__ == "__main__":
    sys.exit(main())
