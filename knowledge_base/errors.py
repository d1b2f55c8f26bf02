"""What can go wrong with knowledge.

KnowledgeError
├── EntryInvalid     content does not fit its fields, or lacks what publishing needs
└── EntryNotFound    no such item or entry
"""

from __future__ import annotations

from qinwen.errors import QinwenError


class KnowledgeError(QinwenError):
    """The root of this package's errors."""

    code = "knowledge"


class EntryInvalid(KnowledgeError):
    """Content does not fit its fields, or lacks what publishing needs; the message says where."""

    code = "entry_invalid"


class EntryNotFound(KnowledgeError):
    """There is no such item or entry."""

    code = "entry_not_found"
