"""What `qinwen kb …` does; called by `manage.py`, which parses the command line. Each prints for a person and returns 0."""

from __future__ import annotations

from pathlib import Path

from knowledge_base.answering import Answer, Answerer, Question
from knowledge_base.exchange import export_entries, import_entries
from knowledge_base.history import answer_as_of, read_moment
from knowledge_base.publishing import make_publisher
from knowledge_base.search.evaluate import evaluate as measure
from knowledge_base.search.evaluate import read_entries, read_questions
from knowledge_base.snapshot import Knowledge
from language import find_regions, load_encoder, normalise
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from qinwen.settings import Settings


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


def import_file(settings: Settings, path: Path) -> int:
    """Publish the entries of a file."""
    encoder = load_encoder(settings.encoder).encoder
    with Database(settings.database_url).session() as session:
        count = import_entries(session, path, make_publisher(encoder), "qinwen kb import")
    print(f"已发布 {count} 条，下一个问题就会用上。")
    return 0


def export_file(settings: Settings, path: Path) -> int:
    """Write all current entries to a file."""
    with Database(settings.database_url).session() as session, path.open("w", encoding="utf-8") as target:
        count = export_entries(session, target)
    print(f"已导出 {count} 条到 {path}。")
    return 0
