"""Our own material in the form that `calibrate` fits on: knowledge bases and questions whose entry is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from knowledge_base.search.rows import SearchRow

_ROOT: Final = Path(__file__).parents[2]
_SEEDS: Final = _ROOT / "knowledge_base" / "seeds"
_MATERIAL: Final = _ROOT / "tests" / "unit" / "knowledge_base" / "search" / "material"


@dataclass(frozen=True)
class Asked:
    """A question and the entry it means (None: nothing here). `own` is the row to take out before it is asked."""

    text: str
    entry: str | None
    own: str | None = None


@dataclass(frozen=True)
class Base:
    """A knowledge base to calibrate on."""

    name: str
    rows: tuple[SearchRow, ...]
    asked: tuple[Asked, ...]


def city_faq() -> list[tuple[str, list[str], str]]:
    """Read the invented city FAQ: question, similar questions, answer."""
    lines = (_MATERIAL / "city_faq.txt").read_text(encoding="utf-8").splitlines()
    fields = [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]
    return [(parts[0], parts[1:-1], parts[-1]) for parts in fields]


def out_of_scope() -> list[str]:
    """Read the sentences that nothing answers; none of them is in the background."""
    lines = (_MATERIAL / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def bases() -> Iterator[Base]:
    """Give the knowledge bases to calibrate on, in the forms in which knowledge comes."""
    faq = city_faq()
    question_rows = [SearchRow(q, "question", q) for q, _, _ in faq]
    answer_rows = [SearchRow(q, "answer", a) for q, _, a in faq]
    similar_rows = [SearchRow(q, "similar", s) for q, similar, _ in faq for s in similar]
    similar = tuple(Asked(s, q) for q, others, _ in faq for s in others)
    yield Base("city_questions", tuple(question_rows), similar)
    yield Base("city_with_answers", (*question_rows, *answer_rows), similar)
    yield Base("city_answers", tuple(answer_rows), (*similar, *(Asked(q, q) for q, _, _ in faq)))
    left_out = tuple(Asked(a.text, a.entry, a.text) for a in similar)
    yield Base("city_all", (*question_rows, *similar_rows, *answer_rows), left_out)
    guides = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((_SEEDS / "guides").glob("*.yml"))]
    yield from seed_bases(guides)


def seed_bases(guides: Sequence[dict[str, Any]]) -> Iterator[Base]:
    """Give the seeds as two bases: items by all their wordings, and FAQs by question and answer."""
    rows, asked = [], []
    for guide in guides:
        code = guide["code"]
        of_facets = (text for content in guide["facets"].values() for text in content.get("asked", ()))
        whole = [*guide["wordings"], *of_facets]
        rows += [SearchRow(code, "name", guide[name]) for name in ("name", "everyday_name")]
        rows += [SearchRow(code, "alias", text) for text in guide["aliases"]]
        rows += [SearchRow(code, "asked", text) for text in whole]
        asked += [Asked(text, code, text) for text in whole]
    yield Base("seed_items", tuple(rows), tuple(asked))
    faqs = [faq for guide in guides for faq in guide.get("faqs", ())]
    rows = [SearchRow(f["id"], "question", f["question"]) for f in faqs]
    rows += [SearchRow(f["id"], "answer", f["answer"]) for f in faqs]
    yield Base("seed_faqs", tuple(rows), tuple(Asked(s, f["id"]) for f in faqs for s in f["similar"]))
