"""The client when the case system is slow, hangs, fails, talks nonsense, drips or is gone: in time, typed, and well again."""

import asyncio
import contextlib
import time

import aiohttp
import pytest
from aiohttp import web

from services_backend import BackendRefused, BackendUnavailable, Breaker, BreakerMode, HttpBackend, NotPossible
from services_backend.reference.faults import SWITCH, Fault
from services_backend.reference.models import SmsRow

pytestmark = pytest.mark.by_the_clock
TIMEOUT, WITHIN, HANGS = 0.4, 20, 40.0


@pytest.fixture
def breaker():
    return Breaker(most_failures=1000)


@pytest.fixture
def patient(connect, breaker):
    return connect(timeout=TIMEOUT, connect_timeout=0.3, breaker=breaker)


def set_fault(server, fault, seconds=HANGS):
    switch = server.app[SWITCH]
    switch.fault, switch.seconds = fault, seconds


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.HANG, Fault.ERRORS, Fault.GARBAGE, Fault.DRIP, Fault.DOWN])
async def test_every_fault_is_one_typed_error_in_time_and_over_when_healed(server, patient, fault):
    await patient.check()
    set_fault(server, fault)
    started = time.monotonic()
    with pytest.raises(BackendUnavailable) as caught:
        await patient.list_halls()
    assert time.monotonic() - started < WITHIN
    assert caught.value.message.endswith("。")
    assert not caught.value.permanent
    set_fault(server, Fault.NONE)
    assert await healed(patient)


async def healed(client):
    """Ask until an answer comes: a busy machine may need longer than the client's patience at first."""
    for _ in range(5):
        with contextlib.suppress(BackendUnavailable):
            return await client.list_halls()
        await asyncio.sleep(0.5)
    return await client.list_halls()


async def test_a_little_slowness_is_borne(server, connect):
    set_fault(server, Fault.SLOW, 0.2)
    assert await connect().list_halls()


async def test_a_dead_server_fails_in_time(connect, unused_tcp_port):
    backend = connect(f"http://127.0.0.1:{unused_tcp_port}", timeout=TIMEOUT)
    with pytest.raises(BackendUnavailable):
        await backend.check()


async def test_after_some_failures_nobody_is_made_to_wait_and_one_call_tries_again(server, connect):
    moment = 100.0
    breaker = Breaker(most_failures=3, rest=10, clock=lambda: moment)
    backend = connect(breaker=breaker)
    set_fault(server, Fault.ERRORS)
    with pytest.raises(BackendUnavailable):
        await backend.check()
    assert backend.breaker_state().mode is BreakerMode.OPEN
    set_fault(server, Fault.NONE)
    with pytest.raises(BackendUnavailable):
        await backend.check()
    moment += 10
    assert backend.breaker_state().mode is BreakerMode.HALF_OPEN
    await backend.check()
    assert backend.breaker_state().mode is BreakerMode.CLOSED


async def test_an_sms_is_not_asked_for_again_by_itself(server, patient, office):
    set_fault(server, Fault.DRIP)
    before = len(office.rows(SmsRow))
    with pytest.raises(BackendUnavailable):
        await patient.open_challenge("SN20200101999994", "1234", "subject-01", "origin-01")
    assert len(office.rows(SmsRow)) == before + 1


class Scripted:
    """A server that answers each call with the next of its answers, and counts."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), 0

    async def respond(self, request):
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request)


def reply(body, status=200, **headers):
    return lambda _: web.Response(body=body, status=status, headers=headers, content_type="application/json")


@pytest.fixture
async def scripted(aiohttp_server, breaker):
    async with aiohttp.ClientSession() as session:

        async def make(*answers):
            script = Scripted(*answers)
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", script.respond)
            server = await aiohttp_server(app)
            return script, HttpBackend(session, str(server.make_url("")), "k", "s", timeout=60, breaker=breaker)

        yield make


HALLS = b'{"halls": [{"hall": "h", "name": "n", "region": "610100", "address": "a", "new_field": 1}]}'


async def test_a_read_is_tried_again(scripted):
    script, backend = await scripted(reply(b"", 503), reply(b"<html>", 200), reply(HALLS))
    assert [hall.hall for hall in await backend.list_halls()] == ["h"]
    assert script.calls == 3


async def test_trying_again_has_an_end(scripted, breaker):
    script, backend = await scripted(reply(b"", 503))
    with pytest.raises(BackendUnavailable):
        await backend.list_halls()
    assert script.calls == 3
    assert breaker.state().failures == 3


async def test_an_idempotent_write_is_tried_again_with_the_same_key(scripted):
    keys = []
    done = b'{"urge": "u", "at": "2026-11-20T02:00:00Z"}'

    def note(answer):
        def respond(request):
            keys.append((request.headers["Idempotency-Key"], request.headers["Qinwen-Nonce"]))
            return answer(request)

        return respond

    script, backend = await scripted(note(reply(b"", 502)), note(reply(done, 201)))
    assert (await backend.urge("access", "SN1", "the-key-1")).urge == "u"
    assert script.calls == 2
    assert {key for key, _ in keys} == {"the-key-1"}
    assert len({nonce for _, nonce in keys}) == 2


async def test_what_is_not_safe_is_not_tried_again(scripted):
    script, backend = await scripted(reply(b"", 503))
    for call in (
        backend.open_challenge("SN1", "1234", "subject-01", "origin-01"),
        backend.answer_challenge("c", "123456"),
        backend.bind_by_code("CODE", "subject-01"),
        backend.bind_by_access("access", "subject-01"),
    ):
        with pytest.raises(BackendUnavailable):
            await call
    assert script.calls == 4


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b'{"halls": null}', b'{"halls": [{"hall": 1}]}', b'{"halls": [', b"\xff\xfe", b"NaN",
        b'{"halls": [{"hall": "\\ud800", "name": "n", "region": "r", "address": "a"}]}', b"[" * 100_000,
    ],
    ids=range(11),
)  # fmt: skip
async def test_nonsense_is_the_same_as_no_answer(scripted, body):
    _, backend = await scripted(reply(body))
    with pytest.raises(BackendUnavailable):
        await backend.list_halls()


async def test_an_endless_answer_is_cut_off(scripted):
    _, backend = await scripted(reply(b'{"halls": []' + b" " * 600_000 + b"}"))
    with pytest.raises(BackendUnavailable):
        await backend.list_halls()


async def test_a_redirection_is_not_followed(scripted):
    script, backend = await scripted(reply(b"", 302, Location="http://127.0.0.1:9/"))
    with pytest.raises(BackendUnavailable):
        await backend.check()
    assert script.calls == 3


async def test_a_refusal_is_typed_and_does_not_open_the_breaker(scripted, breaker):
    shape = b'{"error": {"code": "%s", "message": "x"}}'
    _, backend = await scripted(reply(shape % b"slot_full", 409), reply(shape % b"bad_signature", 401), reply(b"no", 400))
    with pytest.raises(NotPossible) as caught:
        await backend.book("s", "i", "subject-01", "the-key-1")
    assert caught.value.code == "slot_full"
    with pytest.raises(BackendRefused) as refused:
        await backend.check()
    assert refused.value.reason == "bad_signature"
    assert breaker.state().failures == 0
    with pytest.raises(BackendUnavailable):
        await backend.open_challenge("SN1", "1234", "subject-01", "origin-01")


async def test_a_cancelled_call_leaves_the_breaker_usable(server, connect):
    backend = connect()
    set_fault(server, Fault.HANG)
    task = asyncio.create_task(backend.check())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    set_fault(server, Fault.NONE)
    await backend.check()
