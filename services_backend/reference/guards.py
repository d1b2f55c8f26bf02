"""The door of the API: signatures, the clock window, nonces that are used once, and the rate limit of each caller."""

from __future__ import annotations

import re
import time
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qinwen.clock import now
from services_backend.reference.models import NonceRow
from services_backend.reference.refusals import Refused
from services_backend.signing import KEY, NONCE, SIGNATURE, TIMESTAMP, WINDOW, is_same, signature_of

_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)


def check_signature(keys: dict[str, str], method: str, target: str, headers: dict[str, str], body: bytes) -> str:
    """Check who calls.

    Args:
        keys: the secrets by the id of their key.
        method: of the request.
        target: its path with the query, as sent.
        headers: those of `signing`, empty where not sent.
        body: as sent.

    Returns:
        The id of the key.

    Raises:
        Refused: the signature is not right, or its time is too far away.
    """
    timestamp = headers.get(TIMESTAMP, "")
    secret = keys.get(headers.get(KEY, ""))
    right = signature_of(secret or "nobody", method, target, headers, body)
    if not is_same(headers.get(SIGNATURE, ""), right) or secret is None:
        raise Refused(401, "bad_signature", "请求的签名不对。")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > WINDOW:
        raise Refused(401, "stale_request", "请求的时间和服务器相差太多，请核对时钟。")
    if not _NONCE.fullmatch(headers.get(NONCE, "")):
        raise Refused(401, "bad_nonce", "请求的随机数不合要求。")
    return headers[KEY]


def use_nonce(session: Session, key_id: str, nonce: str) -> None:
    """Use a nonce up.

    Raises:
        Refused: it was used before.
    """
    try:
        with session.begin_nested():
            session.add(NonceRow(nonce=f"{key_id}:{nonce}", at=now()))
            session.flush()
    except IntegrityError:
        raise Refused(401, "replayed_request", "这个请求已经收到过了。") from None


def purge_nonces(session: Session) -> None:
    """Delete the nonces whose timestamps nobody would take any more."""
    session.execute(delete(NonceRow).where(NonceRow.at < now() - timedelta(seconds=3 * WINDOW)))


class RateLimit:
    """A token bucket for each caller: `per_minute` a minute, that many at once; 0 allows everything."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def check(self, key_id: str) -> None:
        """Count one call.

        Raises:
            Refused: the caller is over its limit.
        """
        if not self._per_minute:
            return
        moment = time.monotonic()
        tokens, since = self._buckets.get(key_id, (float(self._per_minute), moment))
        tokens = min(self._per_minute, tokens + (moment - since) * self._per_minute / 60)
        if tokens < 1:
            raise Refused(429, "rate_limited", "调用太频繁了，请稍后再试。", retry_after=1 + int(60 / self._per_minute))
        self._buckets[key_id] = (tokens - 1, moment)
