"""Signing requests to the case system and the calls it makes to us: HMAC-SHA256. Used by both sides.

A request is signed over these lines, joined by line feeds:

    method, path with query as sent, timestamp (Unix seconds), nonce, access token or empty, idempotency key or empty,
    SHA-256 of the body in hexadecimal

and carries `Qinwen-Key`, `Qinwen-Timestamp`, `Qinwen-Nonce` and `Qinwen-Signature` (hexadecimal). The receiver refuses a
timestamp more than `WINDOW` seconds away and a nonce it has seen within that time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

WINDOW = 300
KEY, TIMESTAMP, NONCE, SIGNATURE = "Qinwen-Key", "Qinwen-Timestamp", "Qinwen-Nonce", "Qinwen-Signature"
ACCESS, IDEMPOTENCY_KEY = "Case-Access", "Idempotency-Key"


def signature_of(secret: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """Give the signature of a request with these headers; `target` is its path with the query, as sent."""
    lines = (
        method,
        target,
        headers.get(TIMESTAMP, ""),
        headers.get(NONCE, ""),
        headers.get(ACCESS, ""),
        headers.get(IDEMPOTENCY_KEY, ""),
        hashlib.sha256(body).hexdigest(),
    )
    return _hmac(secret, "\n".join(lines))


def sign_request(
    key_id: str, secret: str, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the headers of a request, the given ones and those of its signature."""
    signed = dict(headers or {})
    signed |= {KEY: key_id, TIMESTAMP: str(int(time.time())), NONCE: secrets.token_hex(16)}
    return signed | {SIGNATURE: signature_of(secret, method, target, signed, body)}


def webhook_signature(secret: str, timestamp: str, event: str, body: bytes) -> str:
    """Give the signature of a webhook call: over timestamp, event id, and the SHA-256 of the body."""
    return _hmac(secret, "\n".join((timestamp, event, hashlib.sha256(body).hexdigest())))


def is_same(given: str, right: str) -> bool:
    """Compare two signatures in constant time; `given` may be anything."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _hmac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
