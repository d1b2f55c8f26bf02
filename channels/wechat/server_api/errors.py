"""What can go wrong between us and WeChat's server API. None of them carries a token, a secret, an openid or an address.

ServerApiError
├── CallFailed      a call failed; `fault` is its row of `error_codes.yml` and says what to do
├── ContentRefused  what was to be sent or fetched breaks a limit; nothing was sent
└── LoginRefused    the one-time code of a web login is no good; the citizen opens the page again
"""

from __future__ import annotations

from channels.wechat.server_api.error_codes import Fault
from qinwen.errors import QinwenError


class ServerApiError(QinwenError):
    """The root of this package's errors."""

    code = "wechat_server_api"


class CallFailed(ServerApiError):
    """A call to WeChat failed.

    Attributes:
        reason: the error code as text ("45015"), or the fault's name ("not_connected").
        fault: what to do, and the sentences for staff and operators.
        delay: how many seconds to wait before trying again.
        seen_address: our own address as WeChat saw it, when it refused that (40164).
    """

    code = "wechat_call_failed"

    def __init__(self, reason: str, fault: Fault, delay: float | None = None, seen_address: str = "") -> None:
        super().__init__(fault.staff)
        self.reason, self.fault, self.seen_address = reason, fault, seen_address
        self.delay = fault.delay if delay is None else delay
        self.permanent = fault.action not in {"retry", "refresh"}


class ContentRefused(ServerApiError):
    """What was to be sent or fetched breaks a limit; the sentence says which."""

    code = "wechat_content_refused"


class LoginRefused(ServerApiError):
    """The code of a web login is wrong, too old, or was used before."""

    code = "wechat_login_refused"
