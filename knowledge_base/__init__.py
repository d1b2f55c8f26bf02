"""Knowledge: entries, versions, publishing, search and answering. What other packages use is exported here."""

from knowledge_base.answering import Answer, Answerer, Context, Option, Question, says_what_is_meant
from knowledge_base.errors import EntryInvalid, EntryNotFound, KnowledgeError
from knowledge_base.exchange import export_entries, import_entries
from knowledge_base.halls import ServiceHall, service_halls
from knowledge_base.publishing import Publisher, make_publisher
from knowledge_base.seeding import has_knowledge, load_seeds
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
    "Publisher",
    "Question",
    "ServiceHall",
    "export_entries",
    "has_knowledge",
    "import_entries",
    "known_terms",
    "load_seeds",
    "make_publisher",
    "says_what_is_meant",
    "service_halls",
]
