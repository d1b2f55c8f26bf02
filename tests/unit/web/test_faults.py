import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from conversations import LedgerUnavailable, MessageRefused, ResponderUnavailable, SessionUnknown, TooManyMessages
from qinwen.errors import QinwenError
from web.faults import translate_errors
from web.headers import secure_headers


async def answer(fault, method="GET", path="/api/chat/messages"):
    async def handler(_):
        if isinstance(fault, Exception):
            raise fault
        return fault

    return await translate_errors(make_mocked_request(method, path), handler)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (MessageRefused("太长了。"), 422, "message_refused"),
        (SessionUnknown("会话已失效。"), 401, "session_unknown"),
        (TooManyMessages("太快了。"), 429, "too_many_messages"),
        (LedgerUnavailable("记不下。"), 503, "ledger_unavailable"),
        (QinwenError("别的。"), 500, "internal"),
        (web.HTTPBadRequest(), 400, "bad_request"),
        (web.HTTPForbidden(), 403, "forbidden"),
        (web.HTTPNotFound(), 404, "not_found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method_not_allowed"),
        (web.HTTPRequestEntityTooLarge(10, 20), 413, "too_large"),
        (web.HTTPConflict(), 409, "http_error"),
        (RuntimeError("secret detail"), 500, "internal"),
    ],
)
async def test_every_fault_has_the_one_shape_and_its_status(fault, status, code):
    response = await answer(fault)
    assert response.status == status
    assert response.content_type == "application/json"
    shape = json.loads(response.body)
    assert set(shape) == {"error"}
    assert set(shape["error"]) == {"code", "message"}
    assert shape["error"]["code"] == code
    assert shape["error"]["message"].endswith("。")


async def test_our_own_sentence_reaches_the_citizen_and_an_inner_one_does_not():
    assert "太长了。" in json.loads((await answer(MessageRefused("太长了。"))).body)["error"]["message"]
    hidden = json.loads((await answer(RuntimeError("secret detail"))).body)["error"]["message"]
    assert "secret" not in hidden
    assert "12345" in hidden


@pytest.mark.parametrize(
    ("fault", "again"),
    [(TooManyMessages("x"), True), (LedgerUnavailable("x"), True), (ResponderUnavailable("x"), True),
     (MessageRefused("x"), False), (SessionUnknown("x"), False)],
)  # fmt: skip
async def test_what_passes_says_when_to_try_again(fault, again):
    assert ("Retry-After" in (await answer(fault)).headers) is again


async def test_a_method_that_is_not_allowed_says_which_are():
    response = await answer(web.HTTPMethodNotAllowed("PUT", ["GET", "POST"]), "PUT")
    assert {method.strip() for method in response.headers["Allow"].split(",")} == {"GET", "POST"}


async def test_a_redirect_is_no_fault():
    with pytest.raises(web.HTTPFound):
        await answer(web.HTTPFound("/"))


async def test_an_answer_passes_unchanged():
    response = web.Response(text="ok")
    assert await answer(response) is response


async def secured(path, response):
    async def handler(_):
        return response

    return (await secure_headers(make_mocked_request("GET", path), handler)).headers


async def test_every_answer_forbids_inline_script_framing_and_sniffing():
    headers = await secured("/", web.Response(text="ok"))
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_what_the_api_says_is_not_kept_by_caches():
    assert (await secured("/api/chat/messages", web.Response()))["Cache-Control"] == "no-store"


async def test_pages_and_their_parts_may_be_kept_but_are_checked_again():
    assert (await secured("/static/chat/page.css", web.Response()))["Cache-Control"] == "no-cache"


async def test_a_handler_s_own_header_stays():
    kept = web.Response(headers={"Cache-Control": "no-cache"})
    assert (await secured("/api/x", kept))["Cache-Control"] == "no-cache"
