"""The OpenAPI document is complete and true: a property-based run over every operation finds no 5xx and no answer it does not
describe."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services_backend import CaseState
from services_backend.reference.openapi import make_document
from services_backend.reference.operations import OPERATIONS
from services_backend.signing import ACCESS, sign_request
from tests.volume import much

KEY, SECRET = "tests", "secret-of-the-tests"
EXAMPLES = much(25, 6)
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
jsonschema_rs = pytest.importorskip("jsonschema_rs")
requests = pytest.importorskip("requests")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


class Signer(requests.auth.AuthBase):
    """Signs each request as our client does."""

    def __call__(self, request):
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        known = {name: value for name, value in request.headers.items() if name in {ACCESS, "Idempotency-Key"}}
        known = {name: v.decode("latin-1") if isinstance(v, bytes) else v for name, v in known.items()}
        request.headers.update(sign_request(KEY, SECRET, request.method, request.path_url, body, known))
        return request


def operations():
    schema = schemathesis.openapi.from_dict(make_document())
    return {operation.ok().definition.raw["operationId"]: operation.ok() for operation in schema.get_all_operations()}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
async def test_no_generated_call_finds_a_5xx_or_an_answer_that_is_not_described(name, mode, server, get_access):
    number, access = await get_access(CaseState.GRANTED)
    operation = operations()[name]
    base = str(server.make_url("")).rstrip("/")
    called = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def run(case, known):
        nonlocal called
        if known and ACCESS in (case.headers or {}):
            case.headers[ACCESS] = access
            if "number" in (case.path_parameters or {}):
                case.path_parameters["number"] = number
        case.call_and_validate(base_url=base, auth=Signer(), checks=CHECKS, timeout=20)
        called += 1

    try:
        await asyncio.to_thread(run)
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__ and "Unsatisfiable" not in str(error):
            raise
    assert called or mode is GenerationMode.NEGATIVE


def test_the_document_describes_every_operation_and_each_schema_is_one():
    document = make_document()
    assert document["openapi"].startswith("3.1")
    described = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert described == {operation.name for operation in OPERATIONS}
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


async def test_it_is_served(aiohttp_client, server):
    client = await aiohttp_client(server)
    answer = await client.get("/openapi.json")
    assert await answer.json() == json.loads(json.dumps(make_document()))
