"""What the reference backend refuses, with the status and the one error shape it gives."""

from __future__ import annotations

from qinwen.errors import QinwenError
from services_backend.errors import IDENTITY_WRONG


class Refused(QinwenError):
    """A call is refused.

    Args:
        status: the HTTP status.
        code: stable, for machines.
        message: one Chinese sentence.
        keep: whether what the call wrote so far stays (a counted attempt), instead of being rolled back.
        retry_after: seconds after which trying again makes sense.
    """

    def __init__(self, status: int, code: str, message: str, *, keep: bool = False, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.keep, self.retry_after = status, code, keep, retry_after


def identity_wrong() -> Refused:
    """Refuse without telling whether the number, the identity, the code or the access is wrong."""
    return Refused(403, "identity_wrong", IDENTITY_WRONG, keep=True)


def conflict(code: str, message: str) -> Refused:
    """Refuse what the state of things does not allow."""
    return Refused(409, code, message)
