"""What can go wrong with staff accounts.

StaffError
├── SignInRefused      name, password or code is wrong: the words are the same for all of them
├── TooManyAttempts    too many wrong tries from here or for this name; `wait` says how long
├── PasswordRefused    a new password breaks a rule; the sentence says which
├── MemberRefused      an account can't be made or changed like this
└── MemberNotFound     no account has this number
"""

from __future__ import annotations

from qinwen.errors import QinwenError


class StaffError(QinwenError):
    """The root of this package's errors."""

    code = "staff"


class SignInRefused(StaffError):
    """Nobody is let in; which part was wrong is not said."""

    code = "sign_in_refused"


class TooManyAttempts(StaffError):
    """Too many tries; the same words whether the account exists or not.

    Attributes:
        wait: seconds until the next try counts.
    """

    code = "too_many_attempts"
    permanent = False

    def __init__(self, wait: int) -> None:
        waiting = f"{wait} 秒" if wait < 60 else f"{-(-wait // 60)} 分钟"  # noqa: PLR2004  (a minute)
        super().__init__(f"试的次数太多了，请过 {waiting}再试。急用请找管理员。")
        self.wait = wait


class PasswordRefused(StaffError):
    """A new password breaks a rule."""

    code = "password_refused"


class MemberRefused(StaffError):
    """An account can't be made or changed like this; the sentence says why."""

    code = "member_refused"


class MemberNotFound(StaffError):
    """No account has this number."""

    code = "member_not_found"
