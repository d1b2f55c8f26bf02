"""Finds entries for a question: pure functions and small classes over numpy, no database and no framework.

Used by `knowledge_base` alone. `SearchIndex` is the whole of it at run time.
"""

from knowledge_base.search.background import Background, make_background
from knowledge_base.search.confidence import Verdict
from knowledge_base.search.evaluate import (
    Evaluation,
    EvaluationEntry,
    EvaluationFileInvalid,
    EvaluationQuestion,
    evaluate,
    read_entries,
    read_questions,
)
from knowledge_base.search.index import Candidate, Decision, SearchIndex
from knowledge_base.search.rows import RowKind, SearchRow, encode_rows

__all__ = [
    "Background",
    "Candidate",
    "Decision",
    "Evaluation",
    "EvaluationEntry",
    "EvaluationFileInvalid",
    "EvaluationQuestion",
    "RowKind",
    "SearchIndex",
    "SearchRow",
    "Verdict",
    "encode_rows",
    "evaluate",
    "make_background",
    "read_entries",
    "read_questions",
]
