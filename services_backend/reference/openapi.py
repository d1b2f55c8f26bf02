"""The OpenAPI 3.1 document of the API, made from the table of operations and the types it names."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from services_backend.reference.operations import OPERATIONS, Operation
from services_backend.signing import ACCESS, IDEMPOTENCY_KEY, KEY, NONCE, SIGNATURE, TIMESTAMP

_REF = "#/components/schemas/{name}"
_ALWAYS = (400, 401, 413, 422, 429, 500)
_WORDS = {
    400: "请求读不懂",
    401: "签名不对、过期或重复",
    403: "对不上：不说是编号、身份还是凭证的问题",
    404: "没有这样东西",
    409: "现在的状态不允许",
    413: "请求太大",
    422: "字段缺少、多余或不合要求",
    429: "太频繁，或者试的次数太多",
    500: "系统故障",
}
_SIGNATURE = "对方法、路径与查询、时间、随机数、Case-Access、Idempotency-Key、正文散列七行做的 HMAC-SHA256，十六进制"


def make_document() -> dict[str, Any]:
    """Give the OpenAPI document."""
    types = {t for o in OPERATIONS for t in (o.result, o.body) if t is not None}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    schemas["Error"] = {
        "type": "object",
        "required": ["error"],
        "additionalProperties": False,
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "additionalProperties": False,
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    }
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "办件系统接口（参考实现）",
            "version": "1.0.0",
            "description": "省级办件系统的替身。内容全部是编造的。签名办法见 docs/services-backend.md。",
        },
        "security": [{"key": [], "timestamp": [], "nonce": [], "signature": []}],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _security()},
    }


def _describe(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body:
        schema = {"$ref": _REF.format(name=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1, "maxLength": 64}
    found = [{"name": name, "in": "path", "required": True, "schema": text} for name in re.findall(r"{(\w+)}", operation.path)]
    _, schemas = msgspec.json.schema_components([operation.query], ref_template=_REF)
    shape = schemas[operation.query.__name__]
    for name, schema in shape["properties"].items():
        required = name in shape.get("required", ())
        found.append({"name": name, "in": "query", "required": required, "schema": _without_null(schema)})
    if operation.access:
        found.append(
            {"name": ACCESS, "in": "header", "required": True, "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"}}
        )
    if operation.idempotent:
        key = {"type": "string", "pattern": "^[0-9A-Za-z_-]{8,64}$"}
        found.append({"name": IDEMPOTENCY_KEY, "in": "header", "required": True, "schema": key})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave null out of an optional query parameter: in a query it can't be sent, only left out."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return options[0] if options else schema


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "成功"}
    if operation.result:
        done["content"] = {"application/json": {"schema": {"$ref": _REF.format(name=operation.result.__name__)}}}
    error = {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}
    refusals = {
        str(status): {"description": _WORDS[status], "content": error}
        for status in sorted({*_ALWAYS, *operation.refusals, *((409,) if operation.idempotent else ())})
    }
    return {str(operation.status): done, **refusals}


def _security() -> dict[str, Any]:
    about = {
        "key": (KEY, "调用方的编号"),
        "timestamp": (TIMESTAMP, "Unix 秒，与服务器相差不超过五分钟"),
        "nonce": (NONCE, "随机数，五分钟内不能重复"),
        "signature": (SIGNATURE, _SIGNATURE),
    }
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": words}
        for name, (header, words) in about.items()
    }
