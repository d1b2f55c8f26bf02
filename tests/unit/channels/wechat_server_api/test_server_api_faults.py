"""Whatever WeChat answers, and whatever the network does, a call ends with a reason and never breaks (§6 row 41)."""

import asyncio
import traceback
from datetime import date

import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.wechat.server_api import CallFailed
from channels.wechat.server_api.answers import read_object
from channels.wechat.server_api.apis import Api, read_apis
from channels.wechat.server_api.call_limits import CallLimits
from channels.wechat.server_api.calls import encode
from channels.wechat.server_api.error_codes import error_table
from channels.wechat.server_api.transport import Answer, NoAnswer, NotConnected
from tests.unit.channels.wechat_server_api.wechat_stand_in import OPENID, SECRET, SEND, TOKEN, json_answer, refusal

MESSAGE = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
FAULTS = [
    (NotConnected("ClientConnectorError"), "not_connected", "retry"),
    (NoAnswer("TimeoutError"), "no_answer", "unknown"),
    (Answer(500, "text/html", HTML), "server_error", "retry"),
    (Answer(502, "text/html", HTML), "server_error", "retry"),
    (Answer(503, "text/plain", b""), "server_error", "retry"),
    (Answer(504, "text/html", HTML), "gateway_timeout", "unknown"),
    (Answer(502, "application/json", b'{"message": "bad gateway"}'), "server_error", "retry"),
    (Answer(429, "text/plain", b"slow down"), "too_many_requests", "retry"),
    (Answer(408, "text/plain", b""), "too_many_requests", "retry"),
    (Answer(301, "text/html", b""), "wrong_address", "alarm"),
    (Answer(403, "text/html", HTML), "wrong_address", "alarm"),
    (Answer(404, "text/plain", b"not found"), "wrong_address", "alarm"),
    (Answer(200, "text/html", HTML), "not_json", "unknown"),
    (Answer(200, "application/json", b""), "not_json", "unknown"),
    (Answer(200, "application/json", b'{"errcode":0,"errm'), "not_json", "unknown"),
    (Answer(200, "application/json", b"[" * 100_000), "not_json", "unknown"),
    (Answer(200, "application/json", b"[]"), "not_json", "unknown"),
    (Answer(200, "application/json", b"null"), "not_json", "unknown"),
    (Answer(200, "application/json", b'{"errcode":0}', complete=False), "not_json", "unknown"),
    (json_answer(errcode="nonsense"), "unlisted", "park"),
    (json_answer(errcode=None), "unlisted", "park"),
    (json_answer(errcode=[1]), "unlisted", "park"),
    (json_answer(errcode=99999, errmsg="new"), "99999", "park"),
    (json_answer(errcode="45047"), "45047", "park"),
    (json_answer(errcode=45015, content_type="text/plain"), "45015", "park"),
    (json_answer(status=400, errcode=40003), "40003", "give_up"),
]


@pytest.mark.parametrize(("answer", "reason", "action"), FAULTS, ids=[f"{i}-{fault[1]}" for i, fault in enumerate(FAULTS)])
async def test_every_fault_has_its_reason(api, wechat, answer, reason, action):
    wechat.always[SEND] = answer
    with pytest.raises(CallFailed) as caught:
        await api.call("customer_message", MESSAGE)
    assert (caught.value.reason, caught.value.fault.action) == (reason, action)
    assert wechat.count(SEND) == 1


@pytest.mark.parametrize("code", sorted(error_table().codes))
async def test_every_code_ends_the_call_with_its_row(api, wechat, code):
    wechat.always[SEND] = refusal(code)
    with pytest.raises(CallFailed) as caught:
        await api.call("customer_message", MESSAGE)
    assert caught.value.fault is error_table().codes[code]
    assert wechat.count(SEND) == (2 if caught.value.fault.action == "refresh" else 1)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(content_type="text/plain", errcode=0),
        json_answer(content_type="text/html", errcode="0"),
        Answer(200, "", b"\xef\xbb\xbf {}"),
        json_answer(msgid=5),
    ],
)
async def test_the_content_type_is_not_asked_and_no_errcode_is_no_error(api, wechat, answer):
    wechat.always[SEND] = answer
    await api.call("customer_message", MESSAGE)


@pytest.mark.parametrize(
    "answer", [NotConnected("x"), NoAnswer("x"), Answer(502, "", HTML), Answer(200, "", HTML), refusal(-1)], ids=str
)
async def test_what_may_be_repeated_is_tried_three_times_with_pauses(api, wechat, slept, answer):
    path = read_apis().apis["menu_create"].path
    wechat.always[path] = answer
    with pytest.raises(CallFailed) as caught:
        await api.call("menu_create", {"button": []}, tries=3)
    assert caught.value.fault.action == "retry"
    assert wechat.count(path) == 3
    assert len(slept) == 2
    assert min(slept) >= 1


async def test_what_is_not_clear_is_never_sent_again(api, wechat):
    wechat.always[SEND] = NoAnswer("x")
    with pytest.raises(CallFailed):
        await api.call("customer_message", MESSAGE, tries=3)
    assert wechat.count(SEND) == 1


@given(st.integers(100, 599), st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_the_reading(status, body):
    try:
        read_object("customer_message", Api("POST", "/x", 1, 1), Answer(status, "text/plain", body))
    except CallFailed:
        pass


async def test_neither_secret_nor_token_nor_openid_is_in_a_log_or_an_error(api, wechat):
    told = f"invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, {OPENID} access_token=token-1 rid: 6512bd43-d9caa6e0-2c990b0a"
    failures = [NoAnswer("TimeoutError"), refusal(40164, told), Answer(200, "", f"token-1 {SECRET} {OPENID}".encode())]
    seen = ""
    with structlog.testing.capture_logs() as logs:
        for failure in failures:
            wechat.next[SEND] = [failure]
            with pytest.raises(CallFailed) as caught:
                await api.call("customer_message", MESSAGE)
            error = caught.value
            seen += "".join(traceback.format_exception(type(error), error, error.__traceback__)) + repr(vars(error))
    seen += repr(logs) + repr(wechat.requests) + repr(failures[2])
    assert [word for word in ("token-1", SECRET, OPENID) if word in seen.replace("access_token=token-1 ", "")] == []
    assert "6512bd43-d9caa6e0-2c990b0a" in seen


async def test_the_address_that_wechat_saw_is_kept_for_the_operator(api, wechat):
    wechat.always[TOKEN] = refusal(40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 65")
    with pytest.raises(CallFailed) as caught:
        await api.get_token()
    assert caught.value.seen_address == "203.0.113.9"


# Circuits


@pytest.mark.parametrize(("code", "name"), [(40164, "account"), (48001, "customer_message"), (45009, "customer_message")])
async def test_an_alarm_opens_a_circuit_that_staff_see(api, wechat, clock, code, name):
    wechat.next[SEND] = [refusal(code)]
    with pytest.raises(CallFailed):
        await api.call("customer_message", MESSAGE)
    (state,) = api.circuits.state()
    assert (state.name, state.reason, state.since) == (name, str(code), clock())
    assert state.staff
    assert state.operator
    with pytest.raises(CallFailed) as caught:
        await api.call("customer_message", MESSAGE)
    assert wechat.count(SEND) == 1
    assert caught.value.delay > 0
    clock.pass_seconds(3601)
    await api.call("customer_message", MESSAGE)
    assert api.circuits.state() == ()


async def test_an_account_wide_alarm_stops_everything_and_another_only_its_own(api, wechat):
    wechat.next[SEND] = [refusal(48001)]
    with pytest.raises(CallFailed):
        await api.call("customer_message", MESSAGE)
    await api.call("menu_show")
    wechat.next["/cgi-bin/menu/get"] = [refusal(50002)]
    with pytest.raises(CallFailed):
        await api.call("menu_show")
    with pytest.raises(CallFailed):
        await api.call("typing", {})
    assert [state.name for state in api.circuits.state()] == ["account", "customer_message"]


async def test_when_the_time_is_over_one_tries_first(api, wechat, clock):
    wechat.always[SEND] = refusal(48001)
    with pytest.raises(CallFailed):
        await api.call("customer_message", MESSAGE)
    clock.pass_seconds(601)
    await asyncio.gather(*(api.call("customer_message", MESSAGE) for _ in range(10)), return_exceptions=True)
    assert wechat.count(SEND) == 2
    assert len(api.circuits.state()) == 1


# Our own limits


async def test_our_own_limits_keep_calls_back(make_api, wechat, monkeypatch):
    monkeypatch.setitem(read_apis().apis, "customer_message", Api("POST", SEND, per_minute=2, per_day=3))
    seconds, day = [0.0], [date(2026, 3, 1)]
    api = make_api(limits=CallLimits(lambda: day[0], lambda: seconds[0]))
    reasons = []
    for passed in (0, 0, 0, 60, 60):
        seconds[0] += passed
        try:
            await api.call("customer_message", MESSAGE)
            reasons.append("")
        except CallFailed as failure:
            reasons.append((failure.reason, failure.delay > 0))
    assert reasons == ["", "", ("minute_limit", True), "", ("day_limit", False)]
    assert wechat.count(SEND) == 3
    day[0] = date(2026, 3, 2)
    await api.call("customer_message", MESSAGE)


# The form of what we send


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("身份证补领😀", "身份证补领😀"),
        ('两行\n制表\t引号" 反斜线\\', '两行\\n制表\\t引号\\" 反斜线\\\\'),
        ("控\x00制\x1f字\x01\x02符", "控制字符"),
        ("写着\\u0001的字", "写着\\\\u0001的字"),
        ("反斜线后\\\x01", "反斜线后\\\\"),
        ("半个\ud83d表情", "半个?表情"),
    ],
)
def test_json_is_raw_utf_8_without_escapes(text, sent):
    assert encode({"content": text}).decode() == f'{{"content":"{sent}"}}'
