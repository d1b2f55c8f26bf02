"""The reference backend's aiohttp application: reads calls, checks them at the door, runs them in a session, answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import text

from qinwen.database import Database
from qinwen.log import logger
from qinwen.patience import at_most
from services_backend.reference.faults import SWITCH, FaultSwitch, break_as_told
from services_backend.reference.guards import RateLimit, check_signature, use_nonce
from services_backend.reference.idempotency import write_once
from services_backend.reference.identity import Limits
from services_backend.reference.openapi import make_document
from services_backend.reference.operations import OPERATIONS, Call, Operation
from services_backend.reference.refusals import Refused
from services_backend.signing import ACCESS, IDEMPOTENCY_KEY, KEY, NONCE, SIGNATURE, TIMESTAMP

log = logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MOST_BODY = 64 * 1024
_PLAIN = re.compile(r"[\x21-\x7e]{1,128}")
_IDEMPOTENCY_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
_FIELD = re.compile(r"at `\$(?:\.|\[)?([^`]*)`$")
_WORDS = {
    404: ("not_found", "没有这个地址。"),
    405: ("method_not_allowed", "这个地址不支持这种请求。"),
    413: ("too_large", "发来的内容太大了。"),
}


@dataclass(frozen=True)
class Backend:
    """What the application works with: database, the callers' secrets, the pepper of hashes, limits.

    Attributes:
        database: the reference backend's own.
        keys: secrets by the id of their key.
        pepper: the secret of the keyed hashes.
        limits: on trying at identity.
        rate: on each caller.
    """

    database: Database
    keys: dict[str, str]
    pepper: str
    limits: Limits = field(default_factory=Limits)
    rate: RateLimit = field(default_factory=lambda: RateLimit(0))


BACKEND = web.AppKey("backend", Backend)


def make_app(backend: Backend) -> web.Application:
    """Put the application together; without the demonstration's addresses (`demo_api.add_demo`)."""
    app = web.Application(middlewares=[_translate_errors, break_as_told], client_max_size=_MOST_BODY)
    app[BACKEND], app[SWITCH] = backend, FaultSwitch()
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, _serve(operation))
    app.router.add_get("/openapi.json", _openapi)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    return app


async def read_signed(request: web.Request) -> tuple[str, bytes, dict[str, str]]:
    """Read a request and check who sent it. Returns the caller's key id, the body and the headers of `signing`.

    Raises:
        Refused: the signature is wrong, too old, or was used before; or the caller is over its limit.
    """
    backend = request.app[BACKEND]
    body = await request.read()
    names = (KEY, TIMESTAMP, NONCE, SIGNATURE, ACCESS, IDEMPOTENCY_KEY)
    headers = {name: value for name in names if (value := request.headers.get(name)) is not None}
    key_id = check_signature(backend.keys, request.method, request.raw_path, headers, body)
    backend.rate.check(key_id)

    def use() -> None:
        with backend.database.session() as session:
            use_nonce(session, key_id, headers[NONCE])

    await asyncio.to_thread(use)
    return key_id, body, headers


def _serve(operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        key_id, body, headers = await read_signed(request)
        backend = request.app[BACKEND]
        call = _read_call(operation, request, backend, body, headers)
        key = headers.get(IDEMPOTENCY_KEY, "")
        if operation.idempotent and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise Refused(422, "idempotency_key_missing", f"请求头里要有 {IDEMPOTENCY_KEY}，8 到 64 个字母、数字、横线。")
        asked = f"{request.method}\n{request.raw_path}\n{call.access}\n".encode() + body
        status, answer = await asyncio.to_thread(
            _run, operation, backend, call, (key_id, key, asked) if operation.idempotent else None
        )
        return web.Response(status=status, body=answer or None, content_type="application/json")

    return handle


def _read_call(operation: Operation, request: web.Request, backend: Backend, body: bytes, headers: dict[str, str]) -> Call:
    """Parse what was sent.

    Raises:
        Refused: it can't be read, or a field is missing, unknown or bad.
    """
    # What can't be the name of anything of ours is looked up as a name that nothing has.
    path = {name: value if _PLAIN.fullmatch(value) else "?" for name, value in request.match_info.items()}
    access = headers.get(ACCESS, "")
    if operation.access and not _PLAIN.fullmatch(access):
        raise Refused(422, "access_missing", f"请求头里要有 {ACCESS}。")
    try:
        query = msgspec.convert(dict(request.query), operation.query, strict=False)
        sent = msgspec.json.decode(body, type=operation.body) if operation.body else None
    except msgspec.ValidationError as error:
        raise Refused(422, "invalid", _name_field(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "bad_json", "请求正文不是 JSON。") from None
    return Call(path, query, sent, access, backend.pepper, backend.limits)


def _name_field(error: msgspec.ValidationError) -> str:
    """Say which field is wrong without repeating what was in it."""
    words = str(error)
    at = _FIELD.search(words)
    if "missing required field" in words:
        return "请求缺少必要的字段。"
    if "unknown field" in words:
        return "请求里有不认识的字段。"
    return f"字段 {at[1]} 不合要求。" if at and at[1].isascii() and len(at[1]) < 64 else "请求的内容不合要求。"  # noqa: PLR2004


def _run(operation: Operation, backend: Backend, call: Call, once: tuple[str, str, bytes] | None) -> tuple[int, bytes]:
    """Run an operation in a session. What a refusal says to keep is kept, everything else of it rolled back."""
    with backend.database.session() as session:
        try:
            if once is None:
                return _encode(operation, operation.handle(session, call))
            key_id, key, asked = once
            return write_once(session, key_id, key, asked, lambda: _encode(operation, operation.handle(session, call)))
        except Refused as refused:
            if not refused.keep:
                raise
            kept = refused
    raise kept


def _encode(operation: Operation, result: object) -> tuple[int, bytes]:
    return operation.status, msgspec.json.encode(result) if operation.result else b""


async def _openapi(request: web.Request) -> web.Response:
    del request
    return web.Response(body=msgspec.json.encode(make_document()), content_type="application/json")


async def _healthz(request: web.Request) -> web.Response:
    del request
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    database = request.app[BACKEND].database

    def probe() -> None:
        with database.session() as session:
            session.execute(text('SELECT 1 FROM "case" LIMIT 1'))

    try:
        await at_most(3, asyncio.to_thread(probe))
    except Exception as error:  # noqa: BLE001  (whatever is wrong, it is not ready)
        return web.Response(text=f"database failed {type(error).__name__}\n", status=503)
    return web.Response(text="database ok\n")


def refusal_response(refused: Refused) -> web.Response:
    """Give a refusal in the one error shape."""
    shape: dict[str, Any] = {"error": {"code": refused.code, "message": refused.message}}
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    return web.json_response(shape, status=refused.status, headers=headers, dumps=lambda o: msgspec.json.encode(o).decode())


@web.middleware
async def _translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refusal_response(refused)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004
            raise
        code, words = _WORDS.get(error.status, ("bad_request", "请求的格式不对。"))
        response = refusal_response(Refused(error.status, code, words))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:
        # The route, not the path: a path carries case numbers.
        log.exception("services_request_failed", route=getattr(request.match_info.route.resource, "canonical", ""))
        return refusal_response(Refused(500, "internal", "系统出了点故障，请稍后再试。"))
