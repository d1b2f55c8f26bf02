"""What can go wrong with a citizen's message.

ConversationError
├── MessageRefused        the message itself can't be taken (empty, too long, not text)
├── SessionUnknown        the bearer token is unknown or was ended
├── TooManyMessages       a rate limit was hit; trying later helps
├── ConversationUnknown   there is no such conversation
├── DeliveryUnknown       staff named a delivery that is not there, or not in a state to be moved
├── ControlRefused        an emergency control is incomplete, too long, or against another
├── ControlOver           an emergency control is over or not there
├── DeliveryFailed        a pushed message did not go out (carriers.py); its kind says what to do
├── TooBusy               this process has its hands full; trying later helps
├── LedgerUnavailable     the database can't be used, so nothing was taken; trying later helps
└── ResponderUnavailable  the engine can't be reached or did not answer in time; trying later helps
"""

from __future__ import annotations

from qinwen.errors import QinwenError


class ConversationError(QinwenError):
    """The root of this package's errors."""

    code = "conversation"


class MessageRefused(ConversationError):
    """The message can't be taken; the sentence says why."""

    code = "message_refused"


class SessionUnknown(ConversationError):
    """The bearer token is unknown."""

    code = "session_unknown"


class TooManyMessages(ConversationError):
    """A rate limit was hit."""

    code = "too_many_messages"
    permanent = False


class TooBusy(ConversationError):
    """This process has as many turns as it can answer in time, so nothing was taken."""

    code = "too_busy"
    permanent = False


class ResponderUnavailable(ConversationError):
    """The engine can't be reached, or did not answer in time."""

    code = "responder_unavailable"
    permanent = False


class LedgerUnavailable(ConversationError):
    """The database can't be used, so nothing was taken."""

    code = "ledger_unavailable"
    permanent = False


class DeliveryUnknown(ConversationError):
    """No delivery with this number can be moved so."""

    code = "delivery_unknown"


class ConversationUnknown(ConversationError):
    """There is no such conversation."""

    code = "conversation_unknown"


class ControlRefused(ConversationError):
    """An emergency control can't be put in force like this; the sentence says what is wrong."""

    code = "control_refused"


class ControlOver(ConversationError):
    """There is no such emergency control in force or planned."""

    code = "control_over"
