"""What can go wrong at the service desk.

DeskError
├── DeskUnknown       there is no such desk, handling, work item, macro or rating
├── DeskRefused       what was handed in can't be taken (empty, too long, not of the vocabulary)
├── AlreadyTaken      somebody else was quicker; the sentence says so
├── NotHolding        who asks does not hold the conversation (any more)
├── NoRoom            the agent has as many conversations as they may have, or is not there
├── Reserved          the conversation is kept a moment for the agent who knows it
└── UnseenMessages    the citizen wrote something that the agent has not seen yet
"""

from __future__ import annotations

from qinwen.errors import QinwenError


class DeskError(QinwenError):
    """The root of this package's errors."""

    code = "desk"


class DeskUnknown(DeskError):
    """There is no such thing at the desk."""

    code = "desk_unknown"


class DeskRefused(DeskError):
    """What was handed in can't be taken."""

    code = "desk_refused"


class AlreadyTaken(DeskError):
    """Somebody else was quicker."""

    code = "already_taken"


class NotHolding(DeskError):
    """Who asks does not hold the conversation."""

    code = "not_holding"


class NoRoom(DeskError):
    """The agent can't take another conversation now."""

    code = "no_room"
    permanent = False


class Reserved(DeskError):
    """The conversation is kept for somebody else for a moment."""

    code = "reserved"
    permanent = False


class UnseenMessages(DeskError):
    """There is a message that the agent has not seen yet."""

    code = "unseen_messages"
    permanent = False
