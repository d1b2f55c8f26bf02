"""The freshness radar: looks through what is live every night for what is stale or contradicts itself.

`checks` finds (pure functions over the snapshot), `findings` remembers, `runs` does it once for all processes.
"""

from knowledge_base.radar.checks import CHECKS, KIND_TITLES, Seen, look
from knowledge_base.radar.findings import (
    FINDING_ACTS,
    FINDING_STATES,
    FindingFilter,
    ListedFinding,
    assign,
    close_finding,
    count_findings,
    events_of_finding,
    list_findings,
    read_finding,
    reopen,
)
from knowledge_base.radar.runs import Run, begin_run, latest_runs, nightly_name, run_radar

__all__ = [
    "CHECKS",
    "FINDING_ACTS",
    "FINDING_STATES",
    "KIND_TITLES",
    "FindingFilter",
    "ListedFinding",
    "Run",
    "Seen",
    "assign",
    "begin_run",
    "close_finding",
    "count_findings",
    "events_of_finding",
    "latest_runs",
    "list_findings",
    "look",
    "nightly_name",
    "read_finding",
    "reopen",
    "run_radar",
]
