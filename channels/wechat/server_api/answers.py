"""Reads WeChat's answers: a JSON object with `errcode`, whatever the content type says, or a failure of the table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from channels.wechat.server_api.apis import Api
from channels.wechat.server_api.error_codes import error_table
from channels.wechat.server_api.errors import CallFailed
from channels.wechat.server_api.transport import Answer
from qinwen.log import logger

log = logger(__name__)
_RID = re.compile(r"\brid:\s*([0-9A-Za-z-]{8,64})")
_ADDRESS = re.compile(r"invalid ip\s+(?:::ffff:)?([0-9A-Fa-f.:]{3,45})")
_OK, _REDIRECT, _TIMEOUT, _TOO_MANY, _SERVER, _GATEWAY_TIMEOUT = 200, 300, 408, 429, 500, 504


def failed(reason: str, *, delay: float | None = None, seen_address: str = "") -> CallFailed:
    """Make the failure of a reason, with its row of the table."""
    return CallFailed(reason, error_table().explain(reason), delay, seen_address)


def read_object(name: str, api: Api, answer: Answer) -> Mapping[str, Any]:
    """Read the answer to a call.

    Args:
        name: the call's name, for the log.
        api: the call.
        answer: what came back: {"errcode": 0, "errmsg": "ok", …}; without `errcode` all is well too.

    Raises:
        CallFailed: WeChat refused, or this is not an answer of WeChat's.
    """
    shape = _parse(answer)
    if shape is None or (answer.status != _OK and "errcode" not in shape):
        reason = _reason_of(answer.status)
        log.warning("wechat_answer_unreadable", api=name, status=answer.status, reason=reason, bytes=len(answer.body))
        raise failed("slow_answer" if api.repeatable and reason in {"not_json", "gateway_timeout"} else reason)
    code = _code(shape.get("errcode", 0))
    if code == 0:
        return shape
    message = str(shape.get("errmsg", ""))
    rid = _RID.search(message)
    failure = failed(str(code), seen_address=_seen_address(message))
    # The rest of errmsg is not stable and may carry an address or an openid; Tencent's support asks for the rid.
    log.warning("wechat_refused", api=name, errcode=code, action=failure.fault.action, rid=rid and rid.group(1))
    raise failure


def read_bytes(name: str, api: Api, answer: Answer) -> Answer:
    """Read the answer to a download; a JSON object in its place is a refusal.

    Raises:
        CallFailed: WeChat refused, or this is not an answer of WeChat's.
    """
    if answer.status != _OK or answer.body[:16].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        read_object(name, api, answer)
        raise failed("unlisted")
    return answer


def _parse(answer: Answer) -> dict[str, Any] | None:
    if not answer.complete:
        return None
    try:
        shape = json.loads(answer.body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None
    return shape if isinstance(shape, dict) else None


def _reason_of(status: int) -> str:
    if status >= _SERVER:
        return "gateway_timeout" if status == _GATEWAY_TIMEOUT else "server_error"
    if status in {_TIMEOUT, _TOO_MANY}:
        return "too_many_requests"
    return "not_json" if status < _REDIRECT else "wrong_address"


def _code(value: Any) -> int | str:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return "unlisted"


def _seen_address(message: str) -> str:
    found = _ADDRESS.search(message)
    return found.group(1).rstrip(".:") if found else ""
