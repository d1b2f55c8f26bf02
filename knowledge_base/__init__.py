"""Knowledge: entries, versions, publishing, search and answering. What other packages use is exported here."""

from knowledge_base.answering import Answer, Answerer, Context, Option, Question, says_what_is_meant
from knowledge_base.content import FACET_TYPES, PROVINCE, Content, Faq, Guide, Item, plain
from knowledge_base.differences import Difference, compare
from knowledge_base.drafts import (
    Draft,
    Plan,
    begin_draft,
    content_of,
    discard,
    draft_differences,
    open_draft,
    problems,
    read_draft,
    rebase,
    recall,
    save_draft,
    submit,
)
from knowledge_base.errors import (
    EditConflict,
    EditRefused,
    EntryIncomplete,
    EntryInvalid,
    EntryNotFound,
    ImpactUnexplained,
    KnowledgeError,
    OwnWorkRefused,
)
from knowledge_base.events import ACT_TITLES, Event, events_of
from knowledge_base.exchange import export_entries, import_entries
from knowledge_base.explain import Explanation, Simulation, explain, simulate, with_wording
from knowledge_base.fields import FAQ_TITLES, ITEM_TITLES, Needed, facet_field_titles, missing_fields, titled
from knowledge_base.golden import own_questions, read_golden
from knowledge_base.halls import ServiceHall, service_halls
from knowledge_base.history import PastVersion, answer_as_of, compare_versions, entry_as_of, read_moment, versions_of
from knowledge_base.impact import KIND_TITLES, Asked, Impact, QuestionSource, latest_run, replay_draft
from knowledge_base.listing import (
    EntryFilter,
    EntryPage,
    ListedEntry,
    count_entries,
    known_departments,
    list_entries,
    read_entry,
)
from knowledge_base.preview import PreviewedReply, preview
from knowledge_base.publishing import Publisher, entry_id_of, faq_id, guide_id, make_publisher
from knowledge_base.reviews import approve, comment, newly_missing, return_draft, roll_back, withdraw
from knowledge_base.seeding import has_knowledge, load_seeds
from knowledge_base.seeding import seed_terms as known_terms
from knowledge_base.snapshot import Knowledge
from knowledge_base.states import EntryState
from knowledge_base.wordings import wordings_of

__all__ = [
    "ACT_TITLES",
    "FACET_TYPES",
    "FAQ_TITLES",
    "ITEM_TITLES",
    "KIND_TITLES",
    "PROVINCE",
    "Answer",
    "Answerer",
    "Asked",
    "Content",
    "Context",
    "Difference",
    "Draft",
    "EditConflict",
    "EditRefused",
    "EntryFilter",
    "EntryIncomplete",
    "EntryInvalid",
    "EntryNotFound",
    "EntryPage",
    "EntryState",
    "Event",
    "Explanation",
    "Faq",
    "Guide",
    "Impact",
    "ImpactUnexplained",
    "Item",
    "Knowledge",
    "KnowledgeError",
    "ListedEntry",
    "Needed",
    "Option",
    "OwnWorkRefused",
    "PastVersion",
    "Plan",
    "PreviewedReply",
    "Publisher",
    "Question",
    "QuestionSource",
    "ServiceHall",
    "Simulation",
    "answer_as_of",
    "approve",
    "begin_draft",
    "comment",
    "compare",
    "compare_versions",
    "content_of",
    "count_entries",
    "discard",
    "draft_differences",
    "entry_as_of",
    "entry_id_of",
    "events_of",
    "explain",
    "export_entries",
    "facet_field_titles",
    "faq_id",
    "guide_id",
    "has_knowledge",
    "import_entries",
    "known_departments",
    "known_terms",
    "latest_run",
    "list_entries",
    "load_seeds",
    "make_publisher",
    "missing_fields",
    "newly_missing",
    "open_draft",
    "own_questions",
    "plain",
    "preview",
    "problems",
    "read_draft",
    "read_entry",
    "read_golden",
    "read_moment",
    "rebase",
    "recall",
    "replay_draft",
    "return_draft",
    "roll_back",
    "save_draft",
    "says_what_is_meant",
    "service_halls",
    "simulate",
    "submit",
    "titled",
    "versions_of",
    "with_wording",
    "withdraw",
    "wordings_of",
]
