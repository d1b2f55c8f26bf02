"""Knowledge: entries, versions, publishing, search and answering. What other packages use is exported here."""

from knowledge_base.answering import Answer, Answerer, Context, Option, Question
from knowledge_base.errors import EntryInvalid, EntryNotFound, KnowledgeError
from knowledge_base.seeding import load_seeds
from knowledge_base.seeding import seed_terms as known_terms
from knowledge_base.snapshot import Knowledge

__all__ = [
    "Answer",
    "Answerer",
    "Context",
    "EntryInvalid",
    "EntryNotFound",
    "Knowledge",
    "KnowledgeError",
    "Option",
    "Question",
    "known_terms",
    "load_seeds",
]
