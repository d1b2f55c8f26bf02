"""State changes as the case system tells them: checking a call's signature and reading it. The receiver does the rest.

The form of a call is described in `services_backend.reference.deliveries`. The same `event` may come again: do nothing twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services_backend.errors import ServicesError
from services_backend.signing import SIGNATURE, TIMESTAMP, WINDOW, is_same, webhook_signature
from services_backend.vocabulary import CaseState

EVENT = "Qinwen-Event"
_EVENT = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)


class WebhookRefused(ServicesError):
    """A call is not from the case system, is too old, or can't be read."""

    code = "webhook_refused"


@dataclass(frozen=True)
class CaseChanged:
    """A case went to another state; `sequence` orders the changes of one case, `subjects` are the citizens bound to it."""

    event: str
    sequence: int
    case_number: str
    item: str
    item_name: str
    state: CaseState
    previous_state: CaseState
    at: datetime
    subjects: tuple[str, ...] = ()


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> CaseChanged:
    """Check a call and read it. `headers` takes names in any case (as aiohttp's do).

    Raises:
        WebhookRefused: it is not to be trusted or not to be read.
    """
    event, timestamp = headers.get(EVENT, ""), headers.get(TIMESTAMP, "")
    right = webhook_signature(secret, timestamp, event, body)
    if not is_same(headers.get(SIGNATURE, ""), right):
        raise WebhookRefused("通知的签名不对。")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > WINDOW:
        raise WebhookRefused("通知的时间和本机相差太多。")
    try:
        changed = msgspec.json.decode(body, type=CaseChanged)
    except msgspec.DecodeError as error:
        raise WebhookRefused("通知的内容读不懂。") from error
    if changed.event != event or not _EVENT.fullmatch(event):
        raise WebhookRefused("通知的编号前后不一致。")
    return changed
