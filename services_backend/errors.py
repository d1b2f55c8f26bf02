"""What can go wrong when we ask the case system.

QinwenError
└── ServicesError
├── BackendUnavailable    not reachable, too slow, failing, garbled, or the breaker is open: later may be better
├── BackendRefused        it does not accept how we asked (signature, shape): ours to repair
├── IdentityWrong         number, identity, code or binding is wrong, or there is no such case: never says which
├── TooManyAttempts       a limit is reached; `retry_after` seconds
└── NotPossible           the case or the time does not allow it now; `code` says why
"""

from __future__ import annotations

from qinwen.errors import QinwenError

IDENTITY_WRONG = "没有查到：办件编号、身份证后四位或验证码对不上。请照着回执核对后再试。"


class ServicesError(QinwenError):
    """Asking the case system failed in a way we know."""

    code = "services"


class BackendUnavailable(ServicesError):
    """No usable answer came; the same call may work later."""

    code = "services_unavailable"
    permanent = False

    def __init__(self, message: str = "办件系统暂时连不上，请过一会儿再试。") -> None:
        super().__init__(message)


class BackendRefused(ServicesError):
    """The case system does not accept the call; `reason` is its code."""

    code = "services_refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class IdentityWrong(ServicesError):
    """It is not shown that this citizen may see this case; whether there is such a case is not told."""

    code = "identity_wrong"

    def __init__(self) -> None:
        super().__init__(IDENTITY_WRONG)


class TooManyAttempts(ServicesError):
    """A limit is reached; trying again makes sense after `retry_after` seconds."""

    code = "too_many_attempts"
    permanent = False

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotPossible(ServicesError):
    """What was asked cannot be done with this case or time.

    `code` is one of already_urged, already_rated, case_not_open, case_not_finished, item_version_wrong, slot_full,
    slot_unknown, hall_unknown, appointment_exists, too_many_appointments, appointment_unknown.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
