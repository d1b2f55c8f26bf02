"""Gaps (问题缺口): questions that were not answered well, brought together by meaning, and what became of them.

The ledger and the desk give the questions through a `PoorQuestionSource`; `collecting` clusters them and writes the table
`gap`, `handling` leads from a gap to a draft, `rechecking` asks again what was published. The console and `qinwen kb`
call them.
"""

from knowledge_base.gaps.clusters import Cluster, cluster_questions
from knowledge_base.gaps.collecting import Collected, collect_gaps
from knowledge_base.gaps.handling import draft_faq, draft_wordings, ignore_gap, reopen_gap
from knowledge_base.gaps.listing import GapFilter, GapPage, ListedGap, count_open_gaps, list_gaps, read_gap
from knowledge_base.gaps.losing import Reader, read_nothing
from knowledge_base.gaps.questions import REASON_TITLES, PoorQuestion, PoorQuestionSource, Reason
from knowledge_base.gaps.rechecking import Rechecked, gaps_to_recheck, recheck_gap
from knowledge_base.gaps.runs import GapRun, claim_run, finish_run, last_run
from knowledge_base.gaps.states import GAP_STATES, GapNotFound, GapState

__all__ = [
    "GAP_STATES",
    "REASON_TITLES",
    "Cluster",
    "Collected",
    "GapFilter",
    "GapNotFound",
    "GapPage",
    "GapRun",
    "GapState",
    "ListedGap",
    "PoorQuestion",
    "PoorQuestionSource",
    "Reader",
    "Reason",
    "Rechecked",
    "claim_run",
    "cluster_questions",
    "collect_gaps",
    "count_open_gaps",
    "draft_faq",
    "draft_wordings",
    "finish_run",
    "gaps_to_recheck",
    "ignore_gap",
    "last_run",
    "list_gaps",
    "read_gap",
    "read_nothing",
    "recheck_gap",
    "reopen_gap",
]
