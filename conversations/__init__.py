"""The hub and its ledger: every message is written once, answered once, and kept (design §3)."""

from conversations.carriers import Carrier, DeliveryFailed, Merged, Part
from conversations.courier import Courier
from conversations.delivery_list import (
    STATES,
    DeliveryRow,
    count_deliveries,
    give_up_delivery,
    list_deliveries,
    requeue_delivery,
)
from conversations.engine import EngineClient
from conversations.engine_memory import EngineMemory
from conversations.errors import (
    ConversationError,
    ConversationUnknown,
    DeliveryUnknown,
    LedgerUnavailable,
    MessageRefused,
    ResponderUnavailable,
    SessionUnknown,
    TooBusy,
    TooManyMessages,
)
from conversations.hub import Hub, Received
from conversations.intake import accept_message_id, accept_text
from conversations.ledger import change_holder
from conversations.limits import RateLimiter, TokenBuckets, Unlimited
from conversations.preparing import Preparer
from conversations.turns import (
    Allowance,
    Asked,
    CaseResponder,
    CitizenMessage,
    DeskResponder,
    FinishedTurn,
    Responder,
    Response,
)

__all__ = [
    "STATES",
    "Allowance",
    "Asked",
    "Carrier",
    "CaseResponder",
    "CitizenMessage",
    "ConversationError",
    "ConversationUnknown",
    "Courier",
    "DeliveryFailed",
    "DeliveryRow",
    "DeliveryUnknown",
    "DeskResponder",
    "EngineClient",
    "EngineMemory",
    "FinishedTurn",
    "Hub",
    "LedgerUnavailable",
    "Merged",
    "MessageRefused",
    "Part",
    "Preparer",
    "RateLimiter",
    "Received",
    "Responder",
    "ResponderUnavailable",
    "Response",
    "SessionUnknown",
    "TokenBuckets",
    "TooBusy",
    "TooManyMessages",
    "Unlimited",
    "accept_message_id",
    "accept_text",
    "change_holder",
    "count_deliveries",
    "give_up_delivery",
    "list_deliveries",
    "requeue_delivery",
]
