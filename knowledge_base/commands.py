"""What `qinwen kb …` does; called by `manage.py`, which parses the command line. Each prints for a person and returns 0."""

from __future__ import annotations

from pathlib import Path

from knowledge_base.answering import Answerer, Question
from knowledge_base.exchange import export_entries, import_entries
from knowledge_base.publishing import make_publisher
from knowledge_base.search.evaluate import evaluate as measure
from knowledge_base.search.evaluate import read_entries, read_questions
from knowledge_base.snapshot import Knowledge
from language import find_regions, load_encoder, normalise
from qinwen.database import Database
from qinwen.settings import Settings


def search(settings: Settings, question: str) -> int:
    """Show what the knowledge base answers to a question, without the dialogue engine."""
    encoder = load_encoder(settings.encoder).encoder
    knowledge = Knowledge(Database(settings.database_url), encoder.name if encoder else "none")
    text = normalise(question)
    regions = tuple(mention.region.code for mention in find_regions(text))
    answer = Answerer(knowledge, encoder).answer(Question(text, regions=regions))
    facet = answer.facet.value if answer.facet else None
    print(f"结果 {answer.outcome.value}  事项 {answer.item}  要素 {facet}  区划 {answer.region}  把握 {answer.confidence:.2f}")
    for reply in answer.replies:
        print(reply.text)
        for choice in reply.choices:
            print(f"  · {choice.title}")
        for source in reply.sources:
            print(f"  来源 {source.title}")
    return 0


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
