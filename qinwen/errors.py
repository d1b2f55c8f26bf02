"""The root of all our own errors.

    QinwenError
    ├── SettingError            a setting is missing or bad; start-up stops
    ├── knowledge_base.errors   EntryInvalid, EntryNotFound, SeedInvalid
    ├── conversations.errors    MessageRefused, SessionUnknown, TooManyMessages, LedgerUnavailable, ResponderUnavailable
    ├── services_backend.errors BackendUnavailable, BackendRefused, IdentityWrong, TooManyAttempts, NotPossible, WebhookRefused
    ├── CalendarUnknown         the holidays of a year are not known; no working day is guessed
    └── StartFailed, TrainingFailed, BackupFailed   what a command could not do

An edge (an HTTP handler, a command, an action) translates them once; everything inside raises them.
"""

from __future__ import annotations


class QinwenError(Exception):
    """Something we know how to name went wrong.

    Attributes:
        code: stable, snake_case, for machines.
        message: one clear sentence in Chinese for whoever caused it.
        permanent: whether trying the same again is pointless.
    """

    code = "internal"
    permanent = True

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SettingError(QinwenError):
    """A setting is missing or has a bad value; the message names the variable."""

    code = "bad_setting"
