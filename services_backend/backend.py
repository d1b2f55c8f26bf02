"""What Qinwen needs of a case system. A province's real system is one more implementation of this Protocol.

`HttpBackend` talks to the reference backend's API; `InMemoryBackend` is for unit tests of others. The contract tests in
`tests/integration/services_backend/test_services_contract.py` run against every implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from services_backend.appointments import Appointment, Hall, Slot
from services_backend.cases import Binding, Case, CasePage, Challenge, Grant, Rating, RatingReceipt, Urge


class ServicesBackend(Protocol):
    """A case system.

    `subject` is an opaque reference of the citizen, `origin` one of where the request comes from (8 to 64 signs of
    `[0-9A-Za-z_-]`: hash what is behind them). `access` is the secret of a grant or a binding. `key` names one
    intention of the citizen: the same key again gives the same answer and does nothing twice.

    Every method may raise BackendUnavailable (later may be better) and BackendRefused (ours to repair).
    """

    async def check(self) -> None:
        """Do nothing, successfully: whoever waits for a recovery asks this."""
        ...

    async def open_challenge(self, case_number: str, id_last4: str, subject: str, origin: str) -> Challenge:
        """Send an SMS code if number and last four belong together. The answer does not tell.

        Raises:
            TooManyAttempts: the number, the citizen or the origin had its tries.
        """
        ...

    async def answer_challenge(self, challenge: str, code: str) -> Grant:
        """Give the SMS code, for access to that one case.

        Raises:
            IdentityWrong: something does not fit; nobody says what.
        """
        ...

    async def bind_by_access(self, access: str, subject: str) -> Binding:
        """Bind the citizen to the applicant of the case that a grant opens.

        Raises:
            IdentityWrong: the grant is over, or none.
        """
        ...

    async def bind_by_code(self, code: str, subject: str) -> Binding:
        """Bind the citizen by a receipt's one-time code.

        Raises:
            IdentityWrong: there is no such code, or it is used or too old.
            TooManyAttempts: the citizen had their tries.
        """
        ...

    async def unbind(self, access: str) -> None:
        """Forget a binding. Unbinding twice is fine."""
        ...

    async def read_case(self, access: str, case_number: str) -> Case:
        """Read a case.

        Raises:
            IdentityWrong: the access does not open it, or there is none.
            TooManyAttempts: too many wrong numbers with this access.
        """
        ...

    async def list_cases(self, access: str, page: int = 1, size: int = 10) -> CasePage:
        """List the cases that an access opens, the newest first.

        Raises:
            IdentityWrong: it opens nothing.
        """
        ...

    async def urge(self, access: str, case_number: str, key: str) -> Urge:
        """Record a 催办.

        Raises:
            IdentityWrong, TooManyAttempts: as `read_case`.
            NotPossible: already_urged today, case_not_open.
        """
        ...

    async def rate(self, access: str, case_number: str, rating: Rating, key: str) -> RatingReceipt:
        """Record a 好差评.

        Raises:
            IdentityWrong, TooManyAttempts: as `read_case`.
            NotPossible: already_rated, case_not_finished, item_version_wrong.
        """
        ...

    async def read_rating(self, access: str, case_number: str) -> RatingReceipt | None:
        """Read the rating of a case, with the follow-up of a 差评.

        Raises:
            IdentityWrong, TooManyAttempts: as `read_case`.
        """
        ...

    async def list_halls(self, region: str | None = None) -> Sequence[Hall]:
        """List the halls where one can book, of one region or all."""
        ...

    async def list_slots(self, hall: str, first: date | None = None, days: int = 7) -> Sequence[Slot]:
        """List a hall's times with free places, from a day on (1 to 14 days).

        Raises:
            NotPossible: hall_unknown.
        """
        ...

    async def book(self, slot: str, item: str, subject: str, key: str) -> Appointment:
        """Book a place in a slot.

        Raises:
            NotPossible: slot_full, slot_unknown, hall_unknown, appointment_exists, too_many_appointments.
        """
        ...

    async def list_appointments(self, subject: str) -> Sequence[Appointment]:
        """List a citizen's appointments, the next first, past and cancelled ones at the end."""
        ...

    async def cancel(self, appointment: str, subject: str) -> Appointment:
        """Cancel an appointment. Cancelling twice is fine.

        Raises:
            NotPossible: appointment_unknown, appointment_over.
        """
        ...
