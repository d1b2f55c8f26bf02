"""The case system behind the HTTP API of `services_backend.reference`: signed calls, short timeouts, a breaker, typed errors.

Only reads and idempotent writes are tried again, within the time of the one call. What comes back is parsed into our types;
whatever does not fit is the same to a caller as no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from yarl import URL

from qinwen.log import logger
from services_backend.appointments import Appointment, Hall, Slot
from services_backend.breaker import Breaker, BreakerState
from services_backend.cases import Binding, Case, CasePage, Challenge, Grant, Rating, RatingReceipt, Urge
from services_backend.errors import BackendRefused, BackendUnavailable, IdentityWrong, NotPossible, TooManyAttempts
from services_backend.signing import ACCESS, IDEMPOTENCY_KEY, sign_request

log = logger(__name__)
T = TypeVar("T")
_MOST_BODY = 512 * 1024
_CHUNK = 64 * 1024
_MOST_ATTEMPTS = 3
_PAUSE = 0.1
_LONGEST_WAIT = 3600


@dataclass(frozen=True)
class _Appointments:
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True)
class _Halls:
    halls: tuple[Hall, ...]


@dataclass(frozen=True)
class _Slots:
    slots: tuple[Slot, ...]


class _Problem(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Refusal(msgspec.Struct, frozen=True):
    error: _Problem


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    retry_after: str


class HttpBackend:
    """The ServicesBackend behind HTTP.

    Args:
        session: shared, so that connections are used again.
        url: where the API is.
        key_id, secret: what calls are signed with.
        timeout: of one call with everything it tries, seconds.
        connect_timeout: of making a connection, seconds.
        breaker: shared by all calls.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        key_id: str,
        secret: str,
        *,
        timeout: float = 2.5,
        connect_timeout: float = 1,
        breaker: Breaker | None = None,
    ) -> None:
        self._session, self._url, self._key_id, self._secret = session, url.rstrip("/"), key_id, secret
        self._timeout, self._connect_timeout = timeout, connect_timeout
        self._breaker = breaker or Breaker()

    def breaker_state(self) -> BreakerState:
        """Give the breaker's state for the staff page."""
        return self._breaker.state()

    async def check(self) -> None:
        """See `ServicesBackend`."""
        await self._call("GET", "/status")

    async def open_challenge(self, case_number: str, id_last4: str, subject: str, origin: str) -> Challenge:
        """See `ServicesBackend`."""
        body = {"case_number": case_number, "id_last4": id_last4, "subject": subject, "origin": origin}
        return _read(await self._call("POST", "/identity/challenges", body), Challenge)

    async def answer_challenge(self, challenge: str, code: str) -> Grant:
        """See `ServicesBackend`."""
        path = f"/identity/challenges/{_part(challenge)}/answer"
        return _read(await self._call("POST", path, {"code": code}), Grant)

    async def bind_by_access(self, access: str, subject: str) -> Binding:
        """See `ServicesBackend`."""
        return _read(await self._call("POST", "/bindings", {"subject": subject}, access=access), Binding)

    async def bind_by_code(self, code: str, subject: str) -> Binding:
        """See `ServicesBackend`."""
        return _read(await self._call("POST", "/bindings/by-code", {"code": code, "subject": subject}), Binding)

    async def unbind(self, access: str) -> None:
        """See `ServicesBackend`."""
        await self._call("DELETE", "/bindings/current", access=access, again=True)

    async def read_case(self, access: str, case_number: str) -> Case:
        """See `ServicesBackend`."""
        return _read(await self._call("GET", f"/cases/{_part(case_number)}", access=access), Case)

    async def list_cases(self, access: str, page: int = 1, size: int = 10) -> CasePage:
        """See `ServicesBackend`."""
        return _read(await self._call("GET", "/cases", access=access, query={"page": page, "size": size}), CasePage)

    async def urge(self, access: str, case_number: str, key: str) -> Urge:
        """See `ServicesBackend`."""
        return _read(await self._call("POST", f"/cases/{_part(case_number)}/urges", access=access, key=key), Urge)

    async def rate(self, access: str, case_number: str, rating: Rating, key: str) -> RatingReceipt:
        """See `ServicesBackend`."""
        path = f"/cases/{_part(case_number)}/rating"
        return _read(await self._call("POST", path, rating, access=access, key=key), RatingReceipt)

    async def read_rating(self, access: str, case_number: str) -> RatingReceipt | None:
        """See `ServicesBackend`."""
        try:
            answer = await self._call("GET", f"/cases/{_part(case_number)}/rating", access=access)
        except NotPossible as error:
            if error.code == "not_rated":
                return None
            raise
        return _read(answer, RatingReceipt)

    async def list_halls(self, region: str | None = None) -> Sequence[Hall]:
        """See `ServicesBackend`."""
        query = {"region": region} if region else {}
        return _read(await self._call("GET", "/halls", query=query), _Halls).halls

    async def list_slots(self, hall: str, first: date | None = None, days: int = 7) -> Sequence[Slot]:
        """See `ServicesBackend`."""
        query = {"days": days, **({"first": first.isoformat()} if first else {})}
        return _read(await self._call("GET", f"/halls/{_part(hall)}/slots", query=query), _Slots).slots

    async def book(self, slot: str, item: str, subject: str, key: str) -> Appointment:
        """See `ServicesBackend`."""
        body = {"slot": slot, "item": item, "subject": subject}
        return _read(await self._call("POST", "/appointments", body, key=key), Appointment)

    async def list_appointments(self, subject: str) -> Sequence[Appointment]:
        """See `ServicesBackend`."""
        return _read(await self._call("GET", "/appointments", query={"subject": subject}), _Appointments).appointments

    async def cancel(self, appointment: str, subject: str) -> Appointment:
        """See `ServicesBackend`."""
        path = f"/appointments/{_part(appointment)}"
        return _read(await self._call("DELETE", path, query={"subject": subject}, again=True), Appointment)

    async def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        access: str = "",
        key: str = "",
        again: bool = False,
    ) -> bytes:
        """Call the API: again, if that is safe, as long as there is time. Returns the body of a success.

        Raises:
            BackendUnavailable, and what `_refuse` raises.
        """
        target = f"/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        sent = b"" if body is None else msgspec.json.encode(body)
        headers = {name: value for name, value in ((ACCESS, access), (IDEMPOTENCY_KEY, key)) if value}
        attempts = _MOST_ATTEMPTS if method == "GET" or key or again else 1
        end = asyncio.get_running_loop().time() + self._timeout
        for attempt in range(1, attempts + 1):
            if not self._breaker.allow():
                raise BackendUnavailable
            try:
                answer = await self._send(method, target, sent, headers, end - asyncio.get_running_loop().time())
            except BackendUnavailable as error:
                kind = type(error.__cause__).__name__ if error.__cause__ else "bad_answer"
                self._breaker.failed(kind)
                log.warning("services_call_failed", kind=kind, attempt=attempt)
                pause = _PAUSE * 2 ** (attempt - 1)
                if attempt == attempts or asyncio.get_running_loop().time() + pause >= end:
                    raise
                await asyncio.sleep(pause)
                continue
            self._breaker.succeeded()
            if answer.status >= 400:  # noqa: PLR2004
                raise _refuse(answer)
            return answer.body
        raise BackendUnavailable

    async def _send(self, method: str, target: str, body: bytes, headers: Mapping[str, str], left: float) -> _Answer:
        """Send once and read an answer that is one: JSON of a fair size, not a server's failure.

        Raises:
            BackendUnavailable: there is none.
        """
        signed = sign_request(self._key_id, self._secret, method, target, body, headers)
        if body:
            signed["Content-Type"] = "application/json"
        timeout = aiohttp.ClientTimeout(total=max(left, 0.01), connect=self._connect_timeout)
        url = URL(self._url + target, encoded=True)
        try:
            async with self._session.request(
                method, url, data=body or None, headers=signed, timeout=timeout, allow_redirects=False
            ) as answer:
                content = bytearray()
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    content += chunk
                    if len(content) > _MOST_BODY:
                        raise BackendUnavailable
                found = _Answer(answer.status, bytes(content), answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise BackendUnavailable from error
        _require_answer(found)
        return found


def _require_answer(answer: _Answer) -> None:
    """Refuse what is no answer of the API.

    Raises:
        BackendUnavailable: a failure of the server, a redirection, or something that is not JSON.
    """
    if answer.status >= 500 or 300 <= answer.status < 400:  # noqa: PLR2004
        raise BackendUnavailable
    if answer.body:
        try:
            msgspec.json.decode(answer.body, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BackendUnavailable from error


def _refuse(answer: _Answer) -> Exception:
    """Give the typed error of a refusal."""
    try:
        problem = msgspec.json.decode(answer.body, type=_Refusal).error
    except msgspec.DecodeError:
        return BackendUnavailable()
    if answer.status == 403:  # noqa: PLR2004
        return IdentityWrong()
    if answer.status == 429:  # noqa: PLR2004
        wait = int(answer.retry_after) if answer.retry_after.isascii() and answer.retry_after.isdigit() else 60
        return TooManyAttempts(problem.message, min(wait, _LONGEST_WAIT))
    if answer.status in {404, 409} and problem.code != "not_found":
        return NotPossible(problem.code, problem.message)
    log.error("services_call_refused", status=answer.status, code=problem.code)
    return BackendRefused(problem.code, "办件系统没有接受这次查询，已经记下，请先打12345问。")


def _read(body: bytes, kind: type[T]) -> T:
    """Parse an answer; unknown fields are ignored, so that the system may grow.

    Raises:
        BackendUnavailable: it does not have the shape it must have.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        log.warning("services_answer_unreadable", kind=kind.__name__)
        raise BackendUnavailable from error


def _part(text: str) -> str:
    """Give a text as one part of a path."""
    return "-" if text in {"", ".", ".."} else quote(text, safe="")
