"""Webhooks: telling a subscriber of state changes, signed, in order within a case, tried again until they arrive.

A call, `POST` to the configured address:

    Qinwen-Event: 5f0c…            the same for every attempt: receivers do nothing twice
    Qinwen-Timestamp: 1795392000   when this attempt was signed
    Qinwen-Signature: 9b1d…        see `services_backend.signing.webhook_signature`

    {"event": "5f0c…", "sequence": 3, "case_number": "SN20261116001723", "item": "idcard-renew", "item_name": "…",
     "state": "correction", "previous_state": "review", "at": "2026-11-20T02:00:00Z", "subjects": ["…"]}

`subjects` are the references under which citizens were bound to the applicant. Any 2xx is a receipt. Otherwise it is tried
again after 1, 2, 4, … up to 300 seconds, for about two days; a later change of the same case waits for the earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from qinwen.clock import now
from qinwen.database import Database
from qinwen.log import logger
from services_backend.reference.models import AccessRow, CaseRow, DeliveryRow, WebhookRow
from services_backend.signing import SIGNATURE, TIMESTAMP, webhook_signature
from services_backend.vocabulary import CaseState
from services_backend.webhooks import EVENT

log = logger(__name__)
_LONGEST_WAIT = 300
_MOST_ATTEMPTS = 600
_BATCH = 20


@dataclass(frozen=True)
class Due:
    """A webhook that is to be delivered now."""

    event: str
    body: bytes
    attempts: int


def announce(session: Session, case: CaseRow, sequence: int, previous: CaseState, at: datetime) -> None:
    """Write down that a change of state is to be told."""
    bound = select(AccessRow.subject).where(AccessRow.applicant_id == case.applicant_id, AccessRow.subject.is_not(None))
    event = secrets.token_hex(12)
    body = {
        "event": event,
        "sequence": sequence,
        "case_number": case.number,
        "item": case.item,
        "item_name": case.item_name,
        "state": case.state,
        "previous_state": previous.value,
        "at": at.isoformat(),
        "subjects": sorted({subject for subject in session.scalars(bound) if subject}),
    }
    session.add(WebhookRow(id=event, case_id=case.id, sequence=sequence, body=body, state="waiting", attempts=0, next_at=now()))


def due_webhooks(session: Session) -> list[Due]:
    """List what is to be delivered now: of each case only the earliest that has not arrived."""
    earlier = aliased(WebhookRow)
    first = select(func.min(earlier.sequence)).where(earlier.case_id == WebhookRow.case_id, earlier.state == "waiting")
    rows = session.scalars(
        select(WebhookRow)
        .where(WebhookRow.state == "waiting", WebhookRow.next_at <= now(), WebhookRow.sequence == first.scalar_subquery())
        .order_by(WebhookRow.next_at)
        .limit(_BATCH)
    )
    return [Due(row.id, msgspec.json.encode(row.body), row.attempts) for row in rows]


def record_delivery(session: Session, event: str, status: int | None, error: str) -> None:
    """Log an attempt; done when it was received, given up after too many, else to be tried again later."""
    row = session.get_one(WebhookRow, event)
    row.attempts += 1
    received = status is not None and 200 <= status < 300  # noqa: PLR2004
    if received:
        row.state = "delivered"
    elif row.attempts >= _MOST_ATTEMPTS:
        row.state = "given_up"
    row.next_at = now() + timedelta(seconds=min(2 ** min(row.attempts - 1, 10), _LONGEST_WAIT))
    session.add(DeliveryRow(webhook_id=event, at=now(), status=status, error=error))


class Courier:
    """Delivers webhooks in the background of the reference process."""

    def __init__(self, database: Database, url: str, secret: str, timeout: float = 5, pause: float = 0.5) -> None:
        self._database, self._url, self._secret, self._pause = database, url, secret, pause
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with aiohttp.ClientSession(timeout=self._timeout) as session:
            while True:
                try:
                    busy = await self.deliver_due(session)
                except Exception:
                    log.exception("webhook_round_failed")
                    busy = False
                await asyncio.sleep(0 if busy else self._pause)

    async def deliver_due(self, session: aiohttp.ClientSession) -> bool:
        """Try once everything that is due. True if anything arrived: the next of its case may go."""
        due = await asyncio.to_thread(self._read)
        results = await asyncio.gather(*(self._send(session, each) for each in due))
        for each, (status, error) in zip(due, results, strict=True):
            await asyncio.to_thread(self._record, each.event, status, error)
        return any(not error for _, error in results)

    async def _send(self, session: aiohttp.ClientSession, due: Due) -> tuple[int | None, str]:
        timestamp = str(int(time.time()))
        signature = webhook_signature(self._secret, timestamp, due.event, due.body)
        headers = {EVENT: due.event, TIMESTAMP: timestamp, SIGNATURE: signature, "Content-Type": "application/json"}
        try:
            async with session.post(self._url, data=due.body, headers=headers, allow_redirects=False) as answer:
                with contextlib.suppress(aiohttp.ClientError):
                    await answer.content.read(1024)
                return answer.status, "" if 200 <= answer.status < 300 else "refused"  # noqa: PLR2004
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            return None, type(error).__name__

    def _read(self) -> list[Due]:
        with self._database.session() as session:
            return due_webhooks(session)

    def _record(self, event: str, status: int | None, error: str) -> None:
        with self._database.session() as session:
            record_delivery(session, event, status, error)
