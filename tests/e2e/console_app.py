"""The staff port with every part of the console and something to see on each page, without the engine:
`python -m tests.e2e.console_app FOLDER PORT [WORDS]`. WORDS stand in what citizens said; with `-` nothing was said yet.
"""

import sys
from datetime import timedelta
from pathlib import Path

from aiohttp import web

import staff.passwords
import starting
from conversations import ControlKind, NewControl, start_control
from conversations.models import Delivery
from desk import RatingLevel
from knowledge_base import Faq, Publisher
from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import load_settings, write_secrets
from qinwen.vocabulary import Facet, Outcome
from staff import Role
from tests.console_parts import console_parts
from tests.e2e.desk_day import DeskDay
from tests.e2e.knowledge_app import fill
from tests.e2e.knowledge_day import keep_knowledge
from tests.staffing import QUICK, make_member
from tests.turn_log import MONDAY, Log
from web.health import CHECKS
from web.staff import make_staff_app

ITEMS, ENDS = ("passport", "idcard", "passport", None), tuple(Outcome)


def fill_ledger(database: Database, words: str) -> None:
    """Write a week of turns, some ratings, some pushed messages, and a control of each kind."""
    log, minutes = Log(database), (now() - MONDAY).total_seconds() / 60
    for number in range(160):
        citizen, outcome = f"citizen{number % 23:02}", ENDS[number % 17] if number % 3 == 0 else Outcome.ANSWERED
        log.say(citizen, f"{citizen}-{number // 46}", minutes - 9000 + number * 55, outcome, ITEMS[number % 4],
                list(Facet)[number % 14].value if number % 4 != 3 else None, seconds=0.04 + (number % 7) / 50,
                channel=("webchat", "wechat")[number % 2], region=("610100", None)[number % 2], text=words)  # fmt: skip
    for number, level in enumerate([*RatingLevel, RatingLevel.VERY_GOOD, RatingLevel.GOOD]):
        log.rate(f"citizen{number:02}", f"citizen{number:02}-0", level, minutes - 100, comment=words)
    with database.session() as session:
        for state, reason in (("due", None), ("parked", "unknown"), ("sent", None), ("given_up", "staff")):
            session.add(Delivery(citizen_id="citizen01", turn_id=None, part={"kind": "text", "text": words}, state=state,
                                 reason=reason, next_at=now(), created_at=now(), changed_at=now()))  # fmt: skip
        told = words if "<" in words else "今天下午大厅停电，业务到隔壁办理，明早恢复。"
        for kind in (ControlKind.BANNER, ControlKind.ANSWER):
            new = NewControl(kind, told, "演练", now(), now() + timedelta(days=1), ("大厅 停电",))
            start_control(session, new, "boss", now())


def main(folder: str, port: str, words: str = "护照要多少钱") -> None:
    staff.passwords._hasher = QUICK
    write_secrets(Path(folder))
    settings = load_settings({"QINWEN_VAR": folder, "QINWEN_ENCODER": "none"})
    starting.migrate(settings)
    database = Database(settings.database_url)
    boss = make_member(database, "boss", *Role)
    make_member(database, "wang", Role.EDITOR)
    make_member(database, "lili", Role.REVIEWER)
    make_member(database, "fenxi", Role.ANALYST)
    agent = make_member(database, "zuoxi", Role.AGENT)
    if words != "-":
        fill(database)
        with database.session() as session:
            said = Faq("said", words[:150], words, similar=(words,), item="passport")
            Publisher("none", lambda _: None).publish_faq(session, said, author=words[:60])
        fill_ledger(database, words)
        DeskDay(database, words, boss, agent).fill()
        keep_knowledge(settings, database, words)
    app = make_staff_app(settings, database, console_parts(settings, database))
    app[CHECKS] = {}
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None, shutdown_timeout=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
