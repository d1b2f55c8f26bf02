"""What `qinwen kb …` does; called by `manage.py`, which parses the command line. Each prints for a person and returns 0."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from knowledge_base.answering import Answer, Answerer, Question
from knowledge_base.batches import begin_batch, list_batches, undo_batch
from knowledge_base.errors import EntryInvalid, FileRefused, ImportRefused
from knowledge_base.exporting import KINDS, ExportFilter, export_to
from knowledge_base.history import answer_as_of, read_moment
from knowledge_base.import_jobs import Audit, ImportJobs
from knowledge_base.import_plan import ACTS, Plan, make_plan, place_of
from knowledge_base.radar import KIND_TITLES, FindingFilter, begin_run, list_findings, run_radar
from knowledge_base.search.evaluate import evaluate as measure
from knowledge_base.search.evaluate import read_entries, read_questions
from knowledge_base.sheets import read_entries_file
from knowledge_base.snapshot import Knowledge
from language import find_regions, load_encoder, normalise
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from qinwen.settings import Settings

COMMAND = "command"
_LONGEST_SHOWN = 60
_MOST_FINDINGS = 500


def search(settings: Settings, question: str) -> int:
    """Show what the knowledge base answers to a question, without the dialogue engine."""
    encoder = load_encoder(settings.encoder).encoder
    knowledge = Knowledge(Database(settings.database_url), encoder.name if encoder else "none")
    _show(Answerer(knowledge, encoder).answer(_question(question)))
    return 0


def ask(settings: Settings, question: str, as_of: str | None = None, known_at: str | None = None) -> int:
    """Show what was answered on a day; without one, what is answered now.

    Args:
        settings: where the knowledge is.
        question: as a citizen writes it.
        as_of: the moment asked about, as `2026-03-03` (its last second) or `2026-03-03 09:30`, in Shaanxi's time.
        known_at: the moment whose knowledge counts; by default the same: what we did tell people.

    Raises:
        EntryInvalid: a moment can't be read.
    """
    if as_of is None and known_at is None:
        return search(settings, question)
    valid = read_moment(as_of) if as_of else now()
    known = read_moment(known_at) if known_at else valid
    encoder = load_encoder(settings.encoder).encoder
    answer = answer_as_of(Database(settings.database_url), encoder, _question(question), valid, known)
    shown = [moment.astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M:%S") for moment in (valid, known)]
    print(f"问的是 {shown[0]}，按 {shown[1]} 时已记录的内容")
    _show(answer)
    return 0


def _question(text: str) -> Question:
    normalised = normalise(text)
    return Question(normalised, regions=tuple(mention.region.code for mention in find_regions(normalised)))


def _show(answer: Answer) -> None:
    facet = answer.facet.value if answer.facet else None
    print(f"结果 {answer.outcome.value}  事项 {answer.item}  要素 {facet}  区划 {answer.region}  把握 {answer.confidence:.2f}")
    for reply in answer.replies:
        print(reply.text)
        for choice in reply.choices:
            print(f"  · {choice.title}")
        for source in reply.sources:
            print(f"  来源 {source.title}")


def evaluate(settings: Settings, entries: Path, questions: Path, as_json: bool) -> int:
    """Measure search on somebody's entries and questions (design §5)."""
    result = measure(read_entries(entries), read_questions(questions), load_encoder(settings.encoder).encoder)
    print(result.as_json() if as_json else result)
    return 0


def import_file(settings: Settings, path: Path, audit: Audit, *, dry_run: bool = False, merge: bool = False) -> int:
    """Publish the entries of a file, whatever its format; or only say what that would do.

    Args:
        settings: where the knowledge is.
        path: a file that `sheets` can read.
        audit: writes down that it was done.
        dry_run: change nothing, only say what would be done.
        merge: facets that the file does not name stay as they are; otherwise a guide in the file is all of it.

    Raises:
        FileRefused: the file can't be taken.
    """
    database = Database(settings.database_url)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"文件读不出来：{path}。") from error
    with database.session() as session:
        plan = make_plan(session, read_entries_file(data, path.name), now(), whole=not merge)
    counts = plan.counts
    if plan.all_problems:
        for problem in plan.all_problems:
            print(f"  {place_of(problem)}：{problem.words}")
        raise EntryInvalid(f"{len(plan.all_problems)} 处有错，一条也没有导入。")
    if dry_run:
        _print_plan(plan)
        return 0
    if not counts["added"] and not counts["changed"]:
        print(f"已发布 0 条：{counts['same']} 条和现在的一样，没有要改的。")
        return 0
    worker = f"command-{os.getpid()}"
    with database.session() as session:
        how = {"whole": not merge, "reason": "命令行导入", "worker": worker}
        number = begin_batch(session, path.name, data, COMMAND, now(), **how)  # type: ignore[arg-type]
    jobs = ImportJobs(database, lambda: load_encoder(settings.encoder).encoder, worker, audit)
    batch = jobs.finish(number)
    if batch.state != "applied":
        raise ImportRefused(batch.words or "没有导入，请再试一次。")
    print(f"已发布 {counts['added'] + counts['changed']} 条，下一个问题就会用上。")
    print(f"这是第 {number} 批。撤销用：qinwen kb undo {number}")
    return 0


def undo(settings: Settings, number: int, audit: Audit) -> int:
    """Put everything back as it was before an import.

    Raises:
        EntryNotFound: there is no such import.
        ImportRefused: something was edited since.
    """
    with Database(settings.database_url).session() as session:
        audit.hold(session)
        count = undo_batch(session, number, COMMAND, now())
        audit.record(session, COMMAND, "import_undone", number, {"entries": count})
    print(f"第 {number} 批已撤销，{count} 条恢复成导入以前的样子。")
    return 0


def list_imports(settings: Settings) -> int:
    """List the newest imports."""
    with Database(settings.database_url).session() as session:
        for one in list_batches(session):
            at = one.created_at.astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M")
            counts = f"增 {one.counts.get('added', 0)} 改 {one.counts.get('changed', 0)} 错 {one.counts.get('problems', 0)}"
            print(f"{one.id:>5}  {at}  {one.label}  {counts}  {one.author}  {one.name}")
    return 0


def export_file(settings: Settings, path: Path, kinds: Sequence[str] = ()) -> int:
    """Write all current entries to a file; its ending says the format.

    Raises:
        FileRefused: the format is unknown.
        OSError: the file can't be written.
    """
    # Found out before the work: half-written workbooks end in errors of their own.
    path.open("ab").close()
    with Database(settings.database_url).session() as session:
        count = export_to(session, path, ExportFilter(kinds=tuple(kinds) or KINDS))
    print(f"已导出 {count} 条到 {path}。")
    return 0


def radar(settings: Settings, hold: Callable[[Session], None], after: Callable[[Session, dict[str, int]], None]) -> int:
    """Look through all live knowledge now, and show what is open.

    Raises:
        EditRefused: a run is under way.
    """
    database, at = Database(settings.database_url), now()
    name = f"hand {at.isoformat(timespec='microseconds')}"
    with database.session() as session:
        begin_run(session, name, COMMAND, at)
    counts = run_radar(database, name, hold=hold, after=after)
    with database.session() as session:
        for one in list_findings(session, FindingFilter(), size=_MOST_FINDINGS):
            print(f"{one.due_on}  {KIND_TITLES[one.kind]}  {one.entry}  {one.words}")
    changed = f"新发现 {counts['opened']} 条，又出现 {counts['reopened']} 条，消掉 {counts['resolved']} 条"
    print(f"{changed}；待处理 {counts['open']} 条。")
    return 0


def _print_plan(plan: Plan) -> None:
    for row in plan.rows:
        if row.act == "same":
            continue
        print(f"{ACTS[row.act]}  {row.entry.id}  {row.title}")
        for one in row.differences:
            print(f"      {one.title}：{_brief(one.before)} → {_brief(one.after)}")
        for words in row.notes:
            print(f"      注意：{words}")
    counts = plan.counts
    print(f"会增加 {counts['added']} 条，修改 {counts['changed']} 条，不变 {counts['same']} 条。什么都还没有改。")


def _brief(value: object) -> str:
    text = "（无）" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
