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
from conversations.erasing import Eraser, Erasure, erase_records, find_erasure
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
from conversations.figure_conditions import Window, turn_condition
from conversations.figure_rows import CONVERSATION_FIGURES, JudgedConversation, TurnRow, conversation_rows, turn_rows
from conversations.figures import DEFINITIONS, WHY, Day, Figures, measure_turns
from conversations.hub import Hub, Received, Say
from conversations.intake import accept_message_id, accept_text
from conversations.ledger import change_holder
from conversations.limits import RateLimiter, TokenBuckets, Unlimited
from conversations.numbered_choices import read_choice
from conversations.poor_turns import PoorTurn, poor_turns, recent_questions
from conversations.preparing import Preparer
from conversations.retention import Run, claim_run, end_run, find_silent, last_run, purge_words
from conversations.ruling import BOT_OFF, UNIFORM_ANSWER, answer_by_rule
from conversations.transcripts import (
    ConversationRow,
    Piece,
    Speech,
    TranscriptFilter,
    find_conversations,
    read_conversation,
    read_speeches,
)
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
from conversations.vault import Vault, erase_vault, make_vault, purge_vault

__all__ = [
    "BOT_OFF",
    "CONVERSATION_FIGURES",
    "DEFINITIONS",
    "LONGEST_REASON",
    "LONGEST_TEXT",
    "STATES",
    "UNIFORM_ANSWER",
    "WHY",
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
    "ConversationRow",
    "ConversationUnknown",
    "Courier",
    "Day",
    "DeliveryFailed",
    "DeliveryRow",
    "DeliveryUnknown",
    "DeskResponder",
    "EngineClient",
    "EngineMemory",
    "Eraser",
    "Erasure",
    "Figures",
    "FinishedTurn",
    "Hub",
    "InForce",
    "JudgedConversation",
    "LedgerUnavailable",
    "Merged",
    "MessageRefused",
    "NewControl",
    "Part",
    "Piece",
    "PoorTurn",
    "Preparer",
    "RateLimiter",
    "Received",
    "Responder",
    "ResponderUnavailable",
    "Response",
    "Run",
    "Say",
    "SessionUnknown",
    "Speech",
    "TokenBuckets",
    "TooBusy",
    "TooManyMessages",
    "TranscriptFilter",
    "TurnRow",
    "Unlimited",
    "Vault",
    "Window",
    "accept_message_id",
    "accept_text",
    "answer_by_rule",
    "change_holder",
    "claim_run",
    "conversation_rows",
    "count_deliveries",
    "end_run",
    "erase_records",
    "erase_vault",
    "find_conversations",
    "find_erasure",
    "find_silent",
    "give_up_delivery",
    "in_force",
    "last_run",
    "list_controls",
    "list_deliveries",
    "make_vault",
    "matching",
    "measure_turns",
    "poor_turns",
    "purge_vault",
    "purge_words",
    "read_choice",
    "read_conversation",
    "read_speeches",
    "recent_questions",
    "requeue_delivery",
    "start_control",
    "stop_control",
    "turn_condition",
    "turn_rows",
]
