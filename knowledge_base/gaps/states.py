"""Where a gap is on its way."""

from __future__ import annotations

from enum import Enum

from knowledge_base.errors import KnowledgeError


class GapState(str, Enum):
    """open → drafted → resolved, and open again when it still fails; or ignored."""

    OPEN = "open"
    DRAFTED = "drafted"
    RESOLVED = "resolved"
    IGNORED = "ignored"


GAP_STATES = {
    GapState.OPEN: "待处理",
    GapState.DRAFTED: "已起草",
    GapState.RESOLVED: "已解决",
    GapState.IGNORED: "不处理",
}


class GapNotFound(KnowledgeError):
    """There is no such gap."""

    code = "gap_not_found"
