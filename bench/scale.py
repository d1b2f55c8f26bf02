"""How Qinwen keeps up with 100,000 entries (`make bench-scale`, `python -m bench.scale`): time and memory to build the index, a
question, publish → answered, a clock that passes a version's dates, list pages over HTTP, and the replay of 5,000 questions.

Entries are our seeds and synthetic ones around them (`bench/many_entries.py`); their vectors are random near a seed's, so these
figures say how much and how long, not how well. Both databases are kept below `var/bench` for the next time. Each figure comes
with the processor time it took, because a busy machine stretches only the other.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from bench.many_entries import make_database
from bench.report import Report
from bench.vectors import remember_vectors
from knowledge_base import (
    Answerer,
    Asked,
    EntryFilter,
    Faq,
    Knowledge,
    Question,
    list_entries,
    make_publisher,
    models,
    with_wording,
)
from knowledge_base.impact import replay
from language import Encoder, load_encoder, normalise
from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import Settings
from qinwen.vocabulary import Facet
from staff import Role
from tests.staffing import Browser, make_member
from web.console.knowledge import make_knowledge_module, make_room
from web.staff import make_staff_app

ROOT = Path(__file__).parent.parent
_QUESTIONS = ("身份证丢了怎么补办", "护照要多少钱", "公积金提取要什么材料", "在西安去哪办居住证", "高龄津贴怎么领")
_PAGES = (
    "", "kind=guide", "kind=faq&state=live", "region=610300", "department=公安", "incomplete=yes", "due=over", "order=due",
    "q=身份证", "q=bench-77", "q=没有这样的标题", "kind=guide&region=610100&incomplete=yes", "draft=in_review",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="十万条时的速度与内存：一张表")
    parser.add_argument("--entries", type=int, default=100_000, metavar="条")
    parser.add_argument("--replay", type=int, default=5_000, metavar="问")
    parser.add_argument("--only", choices=["size", "replay"], help="只量一半")
    parser.add_argument("--json", type=Path, metavar="文件", help="把全部数字写成 JSON")
    options = parser.parse_args()
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    settings = _seeded(folder)
    seeded = Path(settings.database_url.removeprefix("sqlite:///"))
    encoder = load_encoder("auto").encoder
    report = Report()
    if options.only != "size":
        measure_replay(report, Database(f"sqlite:///{seeded}"), encoder, options.replay)
    if options.only != "replay":
        big = folder / f"entries-{options.entries}.db"
        if not big.exists():
            print("造条目…", file=sys.stderr, flush=True)
            data = Path(os.environ.get("QINWEN_EVAL_DATA") or ROOT.parent / "shared" / "data" / "dev")
            blocks = encoder.blocks if encoder else (1,)
            make_database(seeded, big, options.entries, blocks, data / "guangan_service_items.jsonl")
        measure_size(report, Database(f"sqlite:///{big}"), encoder, settings)
    report.print_table()
    if options.json:
        report.write_json(options.json)
    return 0


def measure_size(report: Report, database: Database, encoder: Encoder | None, settings: Settings) -> None:
    """Measure a knowledge base of many entries."""
    part = "十万条"
    before = _memory()
    knowledge = Knowledge(database, encoder.name if encoder else "none", clock := _Clock())
    answerer = Answerer(knowledge, encoder)
    seconds, cpu = _timed(answerer.warm_up)
    report.add(part, "载入并建索引", seconds, unit="秒", note=f"处理器 {cpu:.0f} 秒，{len(knowledge.rows)} 个条目")
    report.add(
        part,
        "内存（载入以后，含句向量模型）",
        _memory() / 1024,
        unit="GB",
        note=f"之前 {before / 1024:.2f}，最高 {_peak() / 1024:.2f}",
    )
    waits, works = [], []
    for text in _QUESTIONS * 10:
        vector = encoder.encode([text], "question")[0] if encoder else None
        seconds, cpu = _timed(lambda: answerer.answer(Question(normalise(text), vector)))  # noqa: B023
        waits.append(seconds * 1000)
        works.append(cpu * 1000)
    report.add(
        part,
        "一问，不含句向量，p50",
        statistics.median(waits),
        unit="毫秒",
        note=f"处理器 {statistics.median(works):.0f}，p95 {sorted(waits)[int(len(waits) * 0.95)]:.0f}",
    )
    publisher = make_publisher(encoder, clock)
    waits = []
    for number in range(7):
        faq = Faq(f"bench-new-{number}", f"第{number}号量度窗口几点关门", f"第{number}号量度窗口十点关门。")
        started = time.perf_counter()
        with database.session() as session:
            publisher.publish_faq(session, faq, author="bench")
        answer = answerer.answer(Question(faq.question))
        waits.append(time.perf_counter() - started)
        if faq.answer not in answer.replies[0].text:
            report.add(part, f"发布后没答上 {number}", 1, unit="个", target=0, at_least=False)
    report.add(
        part, "发布到答上，中位", statistics.median(waits), unit="秒", target=1, at_least=False, note=f"最长 {max(waits):.2f}"
    )
    report.add(part, "到生效和失效时间，不重启就换答案", float(_flips(database, answerer, publisher, clock)), target=1)
    with database.session() as session:
        for table in (models.SearchRow, models.EntryVersion, models.Entry):
            column = table.owner if table is models.SearchRow else table.entry_id if table is models.EntryVersion else table.id
            session.execute(delete(table).where(column.like("faq:bench-new-%")))
    deep = _deep(database)
    pages = asyncio.run(_pages(settings, database, deep))
    for name, milliseconds in (("列表页，中位", statistics.median(pages.values())), ("列表页，最慢", max(pages.values()))):
        slow = max(pages, key=lambda page: pages[page])
        report.add(
            part,
            name,
            milliseconds,
            unit="毫秒",
            target=300,
            at_least=False,
            note=f"{len(pages)} 种条件和页；最慢 {slow or '全部'}",
        )


def measure_replay(report: Report, database: Database, encoder: Encoder | None, count: int) -> None:
    """Measure the replay of questions against a draft whose wordings change, with vectors to make and with known ones."""
    with database.session() as session:
        kinds = ["asked", "similar", "question", "wording"]
        texts = list(dict.fromkeys(session.scalars(select(models.SearchRow.text).where(models.SearchRow.kind.in_(kinds)))))[
            :count
        ]
        session.execute(delete(models.QuestionVector))
    knowledge = Knowledge(database, encoder.name if encoder else "none")
    answerer = Answerer(knowledge, encoder)
    answerer.warm_up()
    version = knowledge.version("guide:passport:610000", now())
    assert version is not None
    draft = with_wording(version.content, "出国本本要掏多少钱", Facet.FEE)
    questions = [Asked(text) for text in texts]
    for name in ("句向量都要现算", "句向量算过"):
        seconds, cpu = _timed(lambda: replay(database, answerer, knowledge, encoder, draft, questions))
        note = f"处理器 {cpu:.0f} 秒，{len(questions)} 问，现行版和草稿各答一遍"
        report.add("影响分析", f"{count} 问，{name}", seconds, unit="秒", target=60, at_least=False, note=note)


class _Clock:
    """The present, and so much later."""

    def __init__(self) -> None:
        self.later = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(timezone.utc) + self.later


def _flips(database: Database, answerer: Answerer, publisher: Any, clock: _Clock) -> bool:
    """Publish for tomorrow until the day after, and ask on each of three days."""
    faq = Faq("bench-new-dated", "量度节日窗口开不开门", "量度节日窗口开到中午。")
    at = clock()
    with database.session() as session:
        valid = {"valid_from": at + timedelta(days=1), "valid_to": at + timedelta(days=2)}
        publisher.publish_faq(session, faq, author="bench", **valid)
    seen = []
    for days in (0, 1, 2):
        clock.later = timedelta(days=days, minutes=1)
        seen.append(faq.answer in answerer.answer(Question(faq.question)).replies[0].text)
    clock.later = timedelta()
    return seen == [False, True, False]


def _deep(database: Database) -> list[str]:
    """Give addresses of pages far down the list."""
    with database.session() as session:
        ids = list(session.scalars(select(models.Entry.id).order_by(models.Entry.id)))
        list_entries(session, EntryFilter(), now())
    return [f"after={ids[int(len(ids) * share)]}" for share in (0.25, 0.5, 0.75, 0.99)]


async def _pages(settings: Settings, database: Database, deep: list[str]) -> dict[str, float]:
    """Ask the console for list pages as a browser does; milliseconds by address, the median of three."""
    from aiohttp.test_utils import TestClient, TestServer

    app = make_staff_app(settings, database, (make_knowledge_module(make_room(settings, database)),))
    async with TestClient(TestServer(app)) as client:
        login = f"bench{int(time.time())}"
        make_member(database, login, Role.EDITOR)
        browser = Browser(client)
        await browser.sign_in(login)
        found = {}
        for page in [*_PAGES, *deep, *(f"kind=faq&{one}" for one in deep)]:
            waits = []
            for _ in range(3):
                started = time.perf_counter()
                answer = await browser.get(f"/knowledge?{page}")
                waits.append((time.perf_counter() - started) * 1000)
                assert answer.status == 200, page
            found[page] = statistics.median(waits)
    return found


def _seeded(folder: Path) -> Settings:
    """Give the settings of an installation with the seeds, made where it is not there yet."""
    os.environ["QINWEN_VAR"] = str(folder / "seeds")
    for name in ("DATABASE_URL", "TRACKER_URL"):
        os.environ.pop(name, None)
    import starting

    remember_vectors(ROOT / "var" / "eval", "auto")
    settings = starting.ensure_settings()
    starting.migrate(settings)
    starting.seed(settings)
    return settings


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Do something; gives the seconds it took, and the processor's."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def _memory() -> float:
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    """Give a figure of this process in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    sys.exit(main())
