"""The reference backend's API at its door: signatures, replays, limits, shapes, idempotency, errors."""

import json
import time
from dataclasses import replace

import pytest

from services_backend import CaseState
from services_backend.reference.guards import RateLimit
from services_backend.reference.models import AppointmentRow, NonceRow, SmsRow, UrgeRow
from services_backend.reference.operations import OPERATIONS
from services_backend.signing import ACCESS, IDEMPOTENCY_KEY, NONCE, SIGNATURE, TIMESTAMP, sign_request, signature_of

KEY, SECRET = "tests", "secret-of-the-tests"
CHALLENGE = {"case_number": "SN20200101999994", "id_last4": "1234", "subject": "subject-01", "origin": "origin-01"}


@pytest.fixture
async def api(aiohttp_client, server):
    client = await aiohttp_client(server)

    async def ask(method, path, body=None, *, raw=None, headers=None, change=None, key=(KEY, SECRET)):
        sent = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        signed = sign_request(*key, method, path, sent, headers)
        signed.update(change or {})
        answer = await client.request(method, path, data=sent or None, headers=signed)
        text = await answer.text()
        return answer, json.loads(text) if text else None

    return ask


def error_of(result):
    answer, body = result
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["message"].endswith("。")
    return answer.status, body["error"]["code"]


async def test_a_signed_call_is_answered(api):
    answer, body = await api("GET", "/api/v1/status")
    assert (answer.status, body["status"]) == (200, "ok")


@pytest.mark.parametrize(
    "change",
    [{SIGNATURE: "0" * 64}, {SIGNATURE: "签名"}, {NONCE: "x" * 20}, {TIMESTAMP: "1"}, {ACCESS: "other"}, {SIGNATURE: ""}],
)
async def test_a_changed_call_is_refused(api, change):
    change = {name: value.encode().decode("latin-1") for name, value in change.items()}
    assert error_of(await api("GET", "/api/v1/status", change=change)) == (401, "bad_signature")


async def test_an_unknown_key_or_another_s_secret_is_refused(api):
    assert error_of(await api("GET", "/api/v1/status", key=("nobody", SECRET))) == (401, "bad_signature")
    assert error_of(await api("GET", "/api/v1/status", key=(KEY, "guess"))) == (401, "bad_signature")


@pytest.mark.parametrize("path", [operation.path for operation in OPERATIONS])
async def test_no_operation_answers_an_unsigned_call(aiohttp_client, server, path):
    client = await aiohttp_client(server)
    for operation in OPERATIONS:
        if operation.path == path:
            answer = await client.request(operation.method, path.replace("{", "").replace("}", ""))
            assert answer.status == 401


@pytest.mark.parametrize("offset", [-301, 301, 10**10])
async def test_a_call_from_another_time_is_refused(api, offset):
    stamp = {TIMESTAMP: str(int(time.time()) + offset), NONCE: "n" * 20}
    stamp[SIGNATURE] = signature_of(SECRET, "GET", "/api/v1/status", stamp, b"")
    assert error_of(await api("GET", "/api/v1/status", change=stamp)) == (401, "stale_request")


async def test_a_call_works_once(api, office):
    stamp = {TIMESTAMP: str(int(time.time())), NONCE: "once-and-never-again"}
    stamp[SIGNATURE] = signature_of(SECRET, "GET", "/api/v1/status", stamp, b"")
    answer, _ = await api("GET", "/api/v1/status", change=stamp)
    assert answer.status == 200
    assert error_of(await api("GET", "/api/v1/status", change=stamp)) == (401, "replayed_request")
    assert len(office.rows(NonceRow)) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**CHALLENGE, "extra": 1}, 422, "invalid"),
        ({**CHALLENGE, "id_last4": "12"}, 422, "invalid"),
        ({**CHALLENGE, "id_last4": 1234}, 422, "invalid"),
        ({**CHALLENGE, "case_number": "办件"}, 422, "invalid"),
        ({**CHALLENGE, "case_number": "SN\u00002020"}, 422, "invalid"),
        ({"case_number": "SN1"}, 422, "invalid"),
        ([], 422, "invalid"),
        ([[[[[[[[{}]]]]]]]], 422, "invalid"),
    ],
)
async def test_what_does_not_fit_is_refused_without_repeating_it(api, body, status, code):
    answer, shape = await api("POST", "/api/v1/identity/challenges", body)
    assert error_of((answer, shape)) == (status, code)
    assert "1234" not in shape["error"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff\xfe"])
async def test_what_is_no_json_is_refused(api, raw):
    assert error_of(await api("POST", "/api/v1/identity/challenges", raw=raw)) == (400, "bad_json")


async def test_parameters_have_limits_too(api):
    for query in ("page=0", "page=x", "size=51", "nothing=1"):
        assert error_of(await api("GET", f"/api/v1/cases?{query}", headers={ACCESS: "x"}))[0] == 422
    assert error_of(await api("GET", "/api/v1/halls/610100/slots?first=2026-13-01")) == (422, "invalid")
    assert error_of(await api("GET", "/api/v1/cases")) == (422, "access_missing")


async def test_other_addresses_methods_and_sizes_have_the_same_shape(api):
    assert error_of(await api("GET", "/api/v1/nothing")) == (404, "not_found")
    assert error_of(await api("PUT", "/api/v1/status")) == (405, "method_not_allowed")
    assert error_of(await api("POST", "/api/v1/bindings", raw=b" " * 70_000)) == (413, "too_large")


async def test_strange_names_in_a_path_are_simply_unknown(api):
    for name in ("%00", "%E5%8A%9E", "..%2F..", "a%20b", "%FF"):
        result = await api("GET", f"/api/v1/cases/{name}", headers={ACCESS: "x" * 20})
        assert error_of(result) == (403, "identity_wrong")


async def test_a_caller_over_its_rate_is_told_when_to_come_back(aiohttp_client, aiohttp_server, reference):
    from services_backend.reference.app import make_app

    client = await aiohttp_client(await aiohttp_server(make_app(replace(reference, rate=RateLimit(3)))))
    for _ in range(3):
        answer = await client.get("/api/v1/status", headers=sign_request(KEY, SECRET, "GET", "/api/v1/status"))
        assert answer.status == 200
    answer = await client.get("/api/v1/status", headers=sign_request(KEY, SECRET, "GET", "/api/v1/status"))
    assert error_of((answer, await answer.json())) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_write_without_an_idempotency_key_is_refused(api, get_access):
    number, access = await get_access()
    result = await api("POST", f"/api/v1/cases/{number}/urges", headers={ACCESS: access})
    assert error_of(result) == (422, "idempotency_key_missing")


async def test_a_key_is_for_one_write_only(api, get_access, office):
    number, access = await get_access()
    headers = {ACCESS: access, IDEMPOTENCY_KEY: "the-one-key"}
    first = await api("POST", f"/api/v1/cases/{number}/urges", headers=headers)
    again = await api("POST", f"/api/v1/cases/{number}/urges", headers=headers)
    assert (first[0].status, first[1]) == (201, again[1])
    body = {"level": 5, "item_version": 1}
    result = await api("POST", f"/api/v1/cases/{number}/rating", body, headers=headers)
    assert error_of(result) == (409, "idempotency_key_reused")
    assert len(office.rows(UrgeRow)) == 1


async def test_a_refused_write_leaves_its_key_unused(api, office, get_access):
    number, access = await get_access(CaseState.RECEIVED)
    headers = {ACCESS: access, IDEMPOTENCY_KEY: "the-one-key"}
    path = f"/api/v1/cases/{number}/rating"
    body = {"level": 1, "item_version": 1, "reasons": ["efficiency", "efficiency"]}
    assert error_of(await api("POST", path, body, headers=headers)) == (409, "case_not_finished")
    for state in (CaseState.ACCEPTED, CaseState.REVIEW, CaseState.DECIDED, CaseState.GRANTED):
        office.move(number, state)
    answer, receipt = await api("POST", path, body, headers=headers)
    assert (answer.status, receipt["level"]) == (201, 1)
    assert receipt["follow_up"]["state"] == "open"


async def test_no_code_is_sent_for_a_wrong_number_but_the_same_is_written_down(api, office):
    before = len(office.rows(SmsRow))
    answer, body = await api("POST", "/api/v1/identity/challenges", CHALLENGE)
    assert (answer.status, set(body)) == (201, {"challenge", "expires_at"})
    [row] = office.rows(SmsRow)[before:]
    assert row.applicant_id is None


async def test_a_grant_ends(api, get_access, services_database):
    from sqlalchemy import update

    from qinwen.clock import now
    from services_backend.reference.models import AccessRow

    number, access = await get_access()
    with services_database.session() as session:
        session.execute(update(AccessRow).values(expires_at=now()))
    assert error_of(await api("GET", f"/api/v1/cases/{number}", headers={ACCESS: access})) == (403, "identity_wrong")


async def test_no_secret_and_no_identity_number_stands_in_the_database(api, office, get_access, services_database):
    from services_backend.reference.people import make_people
    from services_backend.reference.seeding import PEOPLE, SEED

    _, access = await get_access()
    code = office.receipt_code(office.find(CaseState.REVIEW)[0])
    services_database.close()
    held = b"".join(
        path.read_bytes() for path in (services_database.engine.url.database,) for path in [__import__("pathlib").Path(path)]
    )
    assert access.encode() not in held
    assert code.encode() not in held
    people = make_people(PEOPLE, SEED)
    assert [p for p in people if p.id_number.encode() in held or p.phone.encode() in held] == []
    assert len(office.rows(AppointmentRow)) == 0


async def test_health_needs_no_signature(aiohttp_client, server):
    client = await aiohttp_client(server)
    assert (await client.get("/healthz")).status == 200
    ready = await client.get("/readyz")
    assert (ready.status, await ready.text()) == (200, "database ok\n")
