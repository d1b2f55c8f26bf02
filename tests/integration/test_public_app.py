"""The citizen API (design §5) over real HTTP, with a responder that stands in for the engine."""

import asyncio
import json

import pytest

from conversations import TokenBuckets, Unlimited
from qinwen.replies import Reply
from tests.waiting import PATIENCE
from web.health import CHECKS
from web.public import make_public_app


async def send(client, bearer, text="护照多少钱", message_id="m1"):
    return await client.post("/api/chat/messages", json={"text": text, "message_id": message_id}, headers=bearer)


class Events:
    """Reads server-sent events one by one."""

    def __init__(self, answer):
        self._lines = answer.content

    async def next(self):
        event = {}
        while True:
            line = (await asyncio.wait_for(self._lines.readline(), PATIENCE)).decode().rstrip("\n")
            if not line and event:
                return int(event["id"]), json.loads(event["data"])
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value


async def assert_error(answer, status, code):
    assert answer.status == status
    assert answer.content_type == "application/json"
    shape = await answer.json()
    assert shape["error"]["code"] == code
    assert shape["error"]["message"]
    assert set(shape) == {"error"}


async def test_a_session_is_opened_with_a_token_and_a_citizen(public):
    answer = await public.post("/api/chat/sessions")
    assert answer.status == 200
    assert set(await answer.json()) == {"token", "citizen"}


async def test_a_message_gets_its_finished_turn_in_the_promised_shape(public, bearer):
    answer = await send(public, bearer)
    assert answer.status == 200
    shape = await answer.json()
    assert set(shape) == {"conversation", "turn", "outcome", "item", "facet", "region", "replies"}
    assert (shape["outcome"], shape["item"], shape["facet"]) == ("answered", "passport", "fee")
    assert shape["replies"] == [Reply("text", "答:护照多少钱").to_json()]


async def test_the_same_message_id_again_gives_the_same_answer(public, bearer, responder):
    first, again = await send(public, bearer), await send(public, bearer)
    assert await first.json() == await again.json()
    assert len(responder.asked) == 1


async def test_a_command_never_reaches_the_responder(public, bearer, responder):
    await send(public, bearer, "  ／ask_fee{}")
    assert not responder.asked[0].startswith("/")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"text": "x"}', b"\xff", b'{"text": "", "message_id": "m"}', b"[" * 50_000],
    ids=range(7),
)  # fmt: skip
async def test_a_body_that_is_no_message_is_refused(public, bearer, body):
    await assert_error(await public.post("/api/chat/messages", data=body, headers=bearer), 422, "message_refused")


@pytest.mark.parametrize("token", [None, "Bearer ", "Bearer nobody", "Basic abc", "Bearer \xff"])
async def test_without_a_session_there_is_no_conversation(public, token):
    headers = {} if token is None else {"Authorization": token}
    await assert_error(await send(public, headers), 401, "session_unknown")
    await assert_error(await public.get("/api/chat/messages", headers=headers), 401, "session_unknown")
    await assert_error(await public.get("/api/chat/events", headers=headers), 401, "session_unknown")


async def test_a_body_that_is_too_large_is_refused(public, bearer):
    answer = await public.post("/api/chat/messages", data=b"x" * 100_000, headers=bearer)
    await assert_error(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("GET", "/static/../web.py", 404, "not_found"),
     ("DELETE", "/api/chat/messages", 405, "method_not_allowed")],
)  # fmt: skip
async def test_wrong_addresses_have_the_one_error_shape(public, method, path, status, code):
    await assert_error(await public.request(method, path), status, code)


async def test_limits_answer_429_and_say_when_to_try_again(aiohttp_client, settings, make_hub):
    hub = make_hub(limiter=TokenBuckets(1, lambda: 0.0))
    app = make_public_app(settings, hub, TokenBuckets(1, lambda: 0.0))
    app[CHECKS] = {}
    client = await aiohttp_client(app)
    token = (await (await client.post("/api/chat/sessions")).json())["token"]
    refused = await client.post("/api/chat/sessions")
    await assert_error(refused, 429, "too_many_messages")
    assert refused.headers["Retry-After"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await send(client, bearer)).status == 200
    await assert_error(await send(client, bearer, message_id="m2"), 429, "too_many_messages")


async def test_a_database_that_is_gone_answers_503(aiohttp_client, settings, make_hub, ledger_database, tmp_path):
    ledger_database.close()
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    app = make_public_app(settings, make_hub(), Unlimited())
    app[CHECKS] = {}
    answer = await (await aiohttp_client(app)).post("/api/chat/sessions")
    await assert_error(answer, 503, "ledger_unavailable")


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/chat/page.css", "/api/chat/messages", "/nowhere"])
async def test_every_answer_carries_the_security_headers(public, path):
    headers = (await public.get(path)).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_the_page_has_no_inline_script_and_nothing_from_elsewhere(public):
    page = await (await public.get("/")).text()
    assert "<script>" not in page
    assert "onclick" not in page
    assert "https://" not in page
    assert 'lang="zh' in page


async def test_a_reloaded_page_reads_what_was_said(public, bearer):
    await send(public, bearer, "护照多少钱", "m1")
    await send(public, bearer, "几天办好", "m2")
    said = (await (await public.get("/api/chat/messages", headers=bearer)).json())["messages"]
    assert [m["reply"]["text"] for m in said] == ["护照多少钱", "答:护照多少钱", "几天办好", "答:几天办好"]
    rest = await public.get("/api/chat/messages", params={"after": said[1]["id"]}, headers=bearer)
    assert (await rest.json())["messages"] == said[2:]


async def test_a_later_message_is_streamed_to_who_listens(public, bearer):
    async with public.get("/api/chat/events", headers=bearer) as stream:
        assert stream.content_type == "text/event-stream"
        events = Events(stream)
        await stream.content.readline()
        finished = await (await send(public, bearer)).json()
        _, asked = await events.next()
        _, answered = await events.next()
    assert asked["direction"] == "in"
    assert answered["turn"] == finished["turn"]
    assert answered["message_id"] == "m1"
    assert answered["reply"]["text"] == "答:护照多少钱"


@pytest.mark.parametrize("way", ["Last-Event-ID", "after"])
async def test_a_broken_stream_goes_on_where_it_stopped(public, bearer, way):
    for number in range(3):
        await send(public, bearer, f"第{number}问", f"m{number}")
    async with public.get("/api/chat/events", params={"after": "0"}, headers=bearer) as stream:
        events = Events(stream)
        seen = [await events.next() for _ in range(3)]
    place = str(seen[-1][0])
    headers, params = ({**bearer, way: place}, {}) if way == "Last-Event-ID" else (bearer, {way: place})
    async with public.get("/api/chat/events", params=params, headers=headers) as stream:
        events = Events(stream)
        rest = [await events.next() for _ in range(3)]
    texts = [message["reply"]["text"] for _, message in seen + rest]
    assert texts == ["第0问", "答:第0问", "第1问", "答:第1问", "第2问", "答:第2问"]


async def test_a_stream_that_missed_very_much_gets_all_of_it_at_once(public, bearer):
    for number in range(60):
        await send(public, bearer, "再问一次", f"m{number}")
    async with public.get("/api/chat/events", params={"after": "0"}, headers=bearer) as stream:
        events = Events(stream)
        ids = [(await events.next())[0] for _ in range(120)]
    assert ids == sorted(set(ids))


async def test_nobody_hears_another_citizen_s_messages(public, bearer):
    other = await (await public.post("/api/chat/sessions")).json()
    async with public.get("/api/chat/events", headers=bearer) as stream:
        await stream.content.readline()
        await send(public, {"Authorization": f"Bearer {other['token']}"}, "别人的话")
        await send(public, bearer, "我的话", "m9")
        assert (await Events(stream).next())[1]["reply"]["text"] == "我的话"
