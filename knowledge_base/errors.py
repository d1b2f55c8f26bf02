"""What can go wrong with knowledge.

KnowledgeError
├── EntryInvalid         content does not fit its fields, or lacks what publishing needs
├── EntryNotFound        no such item, entry, version or draft
├── EditRefused          the draft is not in the state for it
│   ├── EditConflict         somebody else saved or published meanwhile; carries both sides
│   ├── OwnWorkRefused       who wrote it may not approve it
│   ├── EntryIncomplete      it lacks fields that the live version has, and nobody wrote why
│   └── ImpactUnexplained    no replay was made, or it found regressions and nobody wrote why
├── FileRefused          a file that is too big, dangerous, or not what it says
└── ImportRefused        an import that can't be applied or undone
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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


class EditRefused(KnowledgeError):
    """The draft is not in the state for what was asked."""

    code = "edit_refused"


class EditConflict(EditRefused):
    """Somebody else saved or published while this was being written.

    Attributes:
        mine: the plain data that was to be saved.
        theirs: the plain data that stands there now.
        who: who put it there.
        revision: the revision of the draft that stands there; 0 where a published version got in the way.
        version: the number of the version that got in the way; 0 where it was a draft.
    """

    code = "edit_conflict"
    permanent = False

    def __init__(
        self, message: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], who: str, revision: int = 0, version: int = 0
    ) -> None:
        super().__init__(message)
        self.mine, self.theirs, self.who, self.revision, self.version = mine, theirs, who, revision, version


class OwnWorkRefused(EditRefused):
    """Whoever wrote in a draft may not approve it."""

    code = "own_work"


class EntryIncomplete(EditRefused):
    """A draft lacks needed fields that the version before it does not lack; `missing` names them."""

    code = "entry_incomplete"

    def __init__(self, message: str, missing: Sequence[str]) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class ImpactUnexplained(EditRefused):
    """There is no replay of this draft, or it answers golden questions worse and nobody wrote why that is right."""

    code = "impact_unexplained"


class FileRefused(KnowledgeError):
    """A file is too big, dangerous, or not what it says it is."""

    code = "file_refused"


class ImportRefused(KnowledgeError):
    """An import can't be applied or undone; the message says why."""

    code = "import_refused"
