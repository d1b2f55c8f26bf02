"""What `qinwen kb gaps` does: show what was not answered well, and collect it now. Called by `manage.py`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from knowledge_base.gaps import GAP_STATES, REASON_TITLES, GapFilter, GapState, list_gaps
from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import Settings
from web.console.knowledge import make_room
from web.gap_job import GapKeeper
from web.gap_side import LedgerQuestions


def show_gaps(settings: Settings, state: str, page: int, *, collect: bool, as_json: bool) -> int:
    """Print a page of gaps, those that concern most people first.

    Args:
        settings: where the knowledge and the ledger are.
        state: one of `GapState`, or "all".
        page: from 1.
        collect: collect them first; without the engine, so without its intents.
        as_json: print one JSON object a line instead of a table.
    """
    database = Database(settings.database_url)
    source = LedgerQuestions(database)
    if collect and not GapKeeper(make_room(settings, database, source), source).collect(now(), nightly=False):
        print("没有整理：别处正在整理，或者出了错（看日志）。")
        return 1
    wanted = GapFilter(state=None if state == "all" else GapState(state))
    with database.session() as session:
        found = list_gaps(session, wanted, page)
    if as_json:
        for gap in found.gaps:
            print(json.dumps(asdict(gap), ensure_ascii=False, default=_plain))
        return 0
    print(f"共 {found.total} 个，第 {page} 页，共 {found.pages} 页。")
    for gap in found.gaps:
        reasons = "，".join(f"{REASON_TITLES[reason]} {times}" for reason, times in gap.reasons.items())
        print(f"{gap.id}\t{gap.people} 人 {gap.times} 次\t{GAP_STATES[gap.state]}\t{gap.title}\t{reasons}")
        print(f"\t{gap.why} {gap.nearest or ''}")
    return 0


def _plain(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
