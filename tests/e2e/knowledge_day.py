"""What keeping knowledge leaves behind, for the pages that show it: a refused and a checked import, a radar's finding, gaps.

Called by `tests.e2e.console_app`.
"""

import csv
import io

from knowledge_base import Guide, Publisher
from knowledge_base.batches import begin_batch
from knowledge_base.content import read_facets
from knowledge_base.import_jobs import ImportJobs
from knowledge_base.radar import begin_run, run_radar
from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import Settings
from web.console.knowledge import make_room
from web.console.knowledge.audit import ImportAudit
from web.gap_job import GapKeeper
from web.gap_side import LedgerQuestions

HEADINGS = ("编号", "标准问题", "答案", "事项代码", "行政区划")


def keep_knowledge(settings: Settings, database: Database, words: str) -> None:
    """Import two files, find a promise that is longer than the law's, and collect what was not answered well."""
    for name, rows in (
        ("有错的.csv", [("bad", words, words, words, "999999"), ("worse", "", words, "passport", "610100")]),
        ("新问答.csv", [("from-file", words[:150], words, "passport", "610100")]),
    ):
        sheet = io.StringIO()
        csv.writer(sheet).writerows([HEADINGS, *rows])
        with database.session() as session:
            begin_batch(session, name, sheet.getvalue().encode(), "wang", now(), whole=False)
        ImportJobs(database, lambda: None, "here", ImportAudit()).run_next()
    told = {"duration": {"text": words, "statutory": {"days": 15}, "promised": {"days": 20}}}
    with database.session() as session:
        guide = Guide("idcard", "610000", read_facets(told, "测试"))
        Publisher("none", lambda _: None).publish_guide(session, guide, author="示例")
        begin_run(session, "first", "wang", now())
    run_radar(database, "first")
    GapKeeper(make_room(settings, database), LedgerQuestions(database)).collect(now(), nightly=False)
