"""The hub and its ledger: every message is written once, answered once, and kept (design §3)."""

from conversations.engine import EngineClient
from conversations.errors import (
    ConversationError,
    LedgerUnavailable,
    MessageRefused,
    ResponderUnavailable,
    SessionUnknown,
    TooManyMessages,
)
from conversations.hub import Hub
from conversations.intake import accept_message_id, accept_text
from conversations.limits import RateLimiter, TokenBuckets, Unlimited
from conversations.turns import CitizenMessage, FinishedTurn, Responder, Response

__all__ = [
    "CitizenMessage",
    "ConversationError",
    "EngineClient",
    "FinishedTurn",
    "Hub",
    "LedgerUnavailable",
    "MessageRefused",
    "RateLimiter",
    "Responder",
    "ResponderUnavailable",
    "Response",
    "SessionUnknown",
    "TokenBuckets",
    "TooManyMessages",
    "Unlimited",
    "accept_message_id",
    "accept_text",
]
