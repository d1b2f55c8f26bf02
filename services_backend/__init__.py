"""The case system: what Qinwen asks of it, its client, and a case explained in plain words.

`reference/` is a stand-in backend, a process of its own that nothing here imports.
"""

from services_backend.appointments import Appointment, Hall, Slot
from services_backend.backend import ServicesBackend
from services_backend.breaker import Breaker, BreakerMode, BreakerState
from services_backend.case_numbers import is_case_number, print_case_number, read_case_number
from services_backend.cases import (
    Binding,
    Case,
    CaseEvent,
    CaseMaterial,
    CasePage,
    CaseResult,
    CaseSummary,
    Challenge,
    FollowUp,
    Grant,
    Rating,
    RatingReceipt,
    Stop,
    Urge,
)
from services_backend.errors import (
    BackendRefused,
    BackendUnavailable,
    IdentityWrong,
    NotPossible,
    ServicesError,
    TooManyAttempts,
)
from services_backend.explaining import Explanation, Offer, explain_case
from services_backend.for_agents import AgentSteps, Identity, Standing, read_number
from services_backend.http_backend import HttpBackend
from services_backend.in_memory import InMemoryBackend
from services_backend.keeping import add_notices, count_open, erase_citizen, purge, reseal_access
from services_backend.talk_state import Act, CaseAnswer, CaseQuestion
from services_backend.talk_turn import CaseRoom
from services_backend.talking import CaseTalk
from services_backend.telling import Messenger, Teller
from services_backend.timetable import Clock, Timetable, make_timetable
from services_backend.try_limits import NoTryLimits, TryLimits
from services_backend.vocabulary import CaseState, Channel, Fetching, RatingLevel, RatingReason
from services_backend.webhooks import CaseChanged, WebhookRefused, read_webhook

__all__ = [
    "Act",
    "AgentSteps",
    "Appointment",
    "BackendRefused",
    "BackendUnavailable",
    "Binding",
    "Breaker",
    "BreakerMode",
    "BreakerState",
    "Case",
    "CaseAnswer",
    "CaseChanged",
    "CaseEvent",
    "CaseMaterial",
    "CasePage",
    "CaseQuestion",
    "CaseResult",
    "CaseRoom",
    "CaseState",
    "CaseSummary",
    "CaseTalk",
    "Challenge",
    "Channel",
    "Clock",
    "Explanation",
    "Fetching",
    "FollowUp",
    "Grant",
    "Hall",
    "HttpBackend",
    "Identity",
    "IdentityWrong",
    "InMemoryBackend",
    "Messenger",
    "NoTryLimits",
    "NotPossible",
    "Offer",
    "Rating",
    "RatingLevel",
    "RatingReason",
    "RatingReceipt",
    "ServicesBackend",
    "ServicesError",
    "Slot",
    "Standing",
    "Stop",
    "Teller",
    "Timetable",
    "TooManyAttempts",
    "TryLimits",
    "Urge",
    "WebhookRefused",
    "add_notices",
    "count_open",
    "erase_citizen",
    "explain_case",
    "is_case_number",
    "make_timetable",
    "print_case_number",
    "purge",
    "read_case_number",
    "read_number",
    "read_webhook",
    "reseal_access",
]
