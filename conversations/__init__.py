"""The hub and its ledger: every message is written once, answered once, and kept (design §3)."""

from conversations.carriers import Carrier, DeliveryFailed, Merged, Part
from conversations.controls import (
    LONGEST_REASON,
    LONGEST_TEXT,
    Control,
    ControlKind,
    InForce,
    NewControl,
    in_force,
    list_controls,
    matching,
    start_control,
    stop_control,
)
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
    ControlOver,
    ControlRefused,
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
from conversations.ruling import BOT_OFF, UNIFORM_ANSWER, answer_by_rule
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
    "BOT_OFF",
    "LONGEST_REASON",
    "LONGEST_TEXT",
    "STATES",
    "UNIFORM_ANSWER",
    "Allowance",
    "Asked",
    "Carrier",
    "CaseResponder",
    "CitizenMessage",
    "Control",
    "ControlKind",
    "ControlOver",
    "ControlRefused",
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
    "InForce",
    "LedgerUnavailable",
    "Merged",
    "MessageRefused",
    "NewControl",
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
    "answer_by_rule",
    "change_holder",
    "count_deliveries",
    "give_up_delivery",
    "in_force",
    "list_controls",
    "list_deliveries",
    "matching",
    "requeue_delivery",
    "start_control",
    "stop_control",
]
