"""Idempotent writes: the same `Idempotency-Key` with the same request gets the same answer, and does nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qinwen.clock import now
from services_backend.reference.models import WriteRow
from services_backend.reference.refusals import Refused, conflict

Answer = tuple[int, bytes]


def write_once(session: Session, key_id: str, key: str, request: bytes, write: Callable[[], Answer]) -> Answer:
    """Do a write, or give the answer that it got when it was done with this key.

    Args:
        session: an open session; the write and its answer are committed together.
        key_id: whose key it is; two callers' keys never meet.
        key: the idempotency key.
        request: what was asked, to notice a key that is used for something else.
        write: does it and gives status and body.

    Raises:
        Refused: the key was used for another request, or by one that is still under way.
    """
    name, digest = f"{key_id}:{key}", hashlib.sha256(request).hexdigest()
    row = WriteRow(key=name, request_hash=digest, status=None, body=None, at=now())
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return _earlier(session, name, digest)
    try:
        row.status, row.body = write()
    except Refused:
        session.delete(row)  # where the refusal's own traces are kept, the key must stay unused
        session.flush()
        raise
    session.flush()
    return row.status, row.body


def _earlier(session: Session, name: str, digest: str) -> Answer:
    row = session.get(WriteRow, name)
    if row is None or row.status is None or row.body is None:
        raise conflict("write_under_way", "同一个请求正在处理，请稍后再试。")
    if row.request_hash != digest:
        raise Refused(409, "idempotency_key_reused", "这个 Idempotency-Key 已经用在别的请求上了。")
    return row.status, row.body


def purge_writes(session: Session, before: datetime) -> None:
    """Forget answers nobody will ask for again."""
    session.execute(delete(WriteRow).where(WriteRow.at < before))
