"""The measurement behind `qinwen kb eval` (design §5): build a throw-away index from entries, ask it questions."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from knowledge_base.errors import KnowledgeError
from knowledge_base.search.confidence import Verdict
from knowledge_base.search.index import SearchIndex
from knowledge_base.search.rows import SearchRow, encode_rows
from language.encode import Encoder

_DEPTHS: Final = (1, 3, 5)


class EvaluationFileInvalid(KnowledgeError):
    """A line of an evaluation file is not as it should be; the message gives file, line and reason."""

    code = "evaluation_file_invalid"


@dataclass(frozen=True)
class EvaluationEntry:
    """An entry to find: `{"id","question","answer","similar":[…]}`; any text may be missing, the id not."""

    id: str
    question: str
    answer: str
    similar: tuple[str, ...]

    def rows(self) -> list[SearchRow]:
        """Return its search rows."""
        texts = [("question", self.question), *(("similar", text) for text in self.similar), ("answer", self.answer)]
        return [SearchRow(self.id, kind, text) for kind, text in texts if text.strip()]  # type: ignore[arg-type]


@dataclass(frozen=True)
class EvaluationQuestion:
    """A question and the entries any of which is right: `{"question","expected": id | [ids] | null}`; none: refuse."""

    question: str
    expected: frozenset[str]


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Recall and MRR are over the questions that expect an entry, and rank all entries; an expected entry that isn't
    there counts as missed. The counts are over all questions, at the shipped thresholds. `wrong_answers` are confident
    answers with an entry that is not expected, also where none is.
    """

    n: int
    recall_at_1: float
    recall_at_3: float
    recall_at_5: float
    mrr: float
    answered: int
    correct_answers: int
    wrong_answers: int
    clarified: int
    refused: int
    seconds: float

    def as_json(self) -> str:
        """Return it as one JSON object on one line."""
        return json.dumps(asdict(self))


def evaluate(
    entries: Sequence[EvaluationEntry], questions: Sequence[EvaluationQuestion], encoder: Encoder | None
) -> Evaluation:
    """Index the entries and ask every question once.

    Args:
        entries: what the knowledge base consists of.
        questions: what is asked.
        encoder: from `load_encoder`; None searches by characters alone.
    """
    started = time.perf_counter()
    index = SearchIndex(encoder)
    rows = [row for entry in entries for row in entry.rows()]
    vectors = encode_rows(rows, encoder) if encoder is not None else None
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.entry, []).append(place)
    index.update({e: ([rows[p] for p in own], None if vectors is None else vectors[own]) for e, own in places.items()})
    found = [0] * len(_DEPTHS)
    expecting, reciprocal, correct = 0, 0.0, 0
    verdicts = dict.fromkeys(Verdict, 0)
    for asked in questions:
        decision = index.decide(asked.question, full=True)
        verdicts[decision.verdict] += 1
        correct += decision.verdict is Verdict.ANSWERED and decision.ranking[0].entry in asked.expected
        if asked.expected:
            expecting += 1
            rank = next((n for n, c in enumerate(decision.ranking, start=1) if c.entry in asked.expected), None)
            if rank is not None:
                reciprocal += 1 / rank
                found = [count + (rank <= depth) for count, depth in zip(found, _DEPTHS, strict=True)]
    at_1, at_3, at_5 = (round(count / max(expecting, 1), 4) for count in found)
    answered = verdicts[Verdict.ANSWERED]
    return Evaluation(
        n=len(questions),
        recall_at_1=at_1,
        recall_at_3=at_3,
        recall_at_5=at_5,
        mrr=round(reciprocal / max(expecting, 1), 4),
        answered=answered,
        correct_answers=correct,
        wrong_answers=answered - correct,
        clarified=verdicts[Verdict.CLARIFY],
        refused=verdicts[Verdict.REFUSED],
        seconds=round(time.perf_counter() - started, 3),
    )


def read_entries(path: Path) -> list[EvaluationEntry]:
    """Read entries from JSON lines.

    Raises:
        EvaluationFileInvalid: see there; also for an id that occurs twice.
        OSError: the file can't be read.
    """
    entries: dict[str, EvaluationEntry] = {}
    for place, fields in _read_lines(path):
        similar = fields.get("similar") or []
        texts = [fields.get("question") or "", fields.get("answer") or ""]
        identity = fields.get("id")
        if not isinstance(identity, (str, int)) or isinstance(identity, bool):
            raise EvaluationFileInvalid(f"{place}: id 要是文字")
        if not isinstance(similar, list) or not all(isinstance(text, str) for text in [*texts, *similar]):
            raise EvaluationFileInvalid(f"{place}: question、answer 要是文字,similar 要是文字的列表")
        if str(identity) in entries:
            raise EvaluationFileInvalid(f"{place}: id {identity} 重复")
        entries[str(identity)] = EvaluationEntry(str(identity), texts[0], texts[1], tuple(similar))
    return list(entries.values())


def read_questions(path: Path) -> list[EvaluationQuestion]:
    """Read questions from JSON lines.

    Raises:
        EvaluationFileInvalid: see there.
        OSError: the file can't be read.
    """
    questions = []
    for place, fields in _read_lines(path):
        expected = fields.get("expected")
        ids = expected if isinstance(expected, list) else [] if expected is None else [expected]
        if not isinstance(fields.get("question"), str) or not all(isinstance(i, (str, int)) for i in ids):
            raise EvaluationFileInvalid(f"{place}: question 要是文字,expected 要是 id、id 的列表或 null")
        questions.append(EvaluationQuestion(fields["question"], frozenset(map(str, ids))))
    return questions


def _read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            place = f"{path.name} 第 {number} 行"
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise EvaluationFileInvalid(f"{place}: 不是 JSON: {error}") from error
            if not isinstance(fields, dict):
                raise EvaluationFileInvalid(f"{place}: 不是 JSON 对象")
            yield place, fields
