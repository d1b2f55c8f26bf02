"""The access token: one owner, fetched ahead of its end, replaced once when refused (wechat.md §2.7, §6 row 40)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from channels.wechat.models import WechatToken
from channels.wechat.server_api import CallFailed
from channels.wechat.server_api.transport import NoAnswer, NotConnected
from tests.unit.channels.wechat_server_api.wechat_stand_in import APP_ID, OPENID, SECRET, SEND, TOKEN, json_answer, refusal

MESSAGE = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}


async def send(api):
    return await api.call("customer_message", MESSAGE)


async def test_the_token_is_asked_for_in_the_normal_mode_with_the_secret_in_the_body(api, wechat):
    await send(api)
    request = wechat.requests[0]
    assert (request.method, request.path, dict(request.params)) == ("POST", TOKEN, {})
    assert wechat.bodies(TOKEN) == [
        {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": False}
    ]


async def test_fifty_tasks_at_once_fetch_one_token(api, wechat):
    await asyncio.gather(*(send(api) for _ in range(50)))
    assert wechat.count(TOKEN) == 1
    assert wechat.count(SEND) == 50


async def test_fifty_tasks_whose_token_ran_out_fetch_one_and_each_sends_once_more(api, wechat):
    await send(api)
    wechat.valid = "token-2"
    await asyncio.gather(*(send(api) for _ in range(50)))
    assert wechat.count(TOKEN) == 2
    assert wechat.count(SEND) == 1 + 50 + 50


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_and_the_call_sent_once_more(api, wechat, code):
    await send(api)
    wechat.next[SEND] = [refusal(code)]
    await send(api)
    assert wechat.count(TOKEN) == 2
    assert wechat.count(SEND) == 3


async def test_the_same_token_handed_out_again_counts_as_new(api, wechat):
    await send(api)
    wechat.next[SEND] = [refusal(40001)] * 50
    await asyncio.gather(*(send(api) for _ in range(50)))
    assert wechat.count(TOKEN) == 2


@pytest.mark.parametrize("code", [40001, 42001])
async def test_a_token_refused_for_ever_opens_the_circuit_after_one_refresh(api, wechat, code, clock):
    await send(api)
    wechat.always[SEND] = refusal(code)
    failures = await asyncio.gather(*(send(api) for _ in range(50)), return_exceptions=True)
    assert {type(failure) for failure in failures} == {CallFailed}
    assert wechat.count(TOKEN) == 2
    assert wechat.count(SEND) <= 1 + 50 + 50
    before = len(wechat.requests)
    with pytest.raises(CallFailed) as caught:
        await send(api)
    assert caught.value.reason == str(code)
    assert len(wechat.requests) == before, "an open circuit lets nothing through"
    del wechat.always[SEND]
    clock.pass_seconds(31)
    await send(api)
    assert api.circuits.state() == ()


async def test_it_is_fetched_ahead_of_its_end_while_the_old_one_works(api, wechat, clock):
    await send(api)
    clock.pass_seconds(7200 - 301)
    await send(api)
    assert wechat.count(TOKEN) == 1
    clock.pass_seconds(2)
    await send(api)
    assert wechat.count(TOKEN) == 2


async def test_when_fetching_ahead_fails_the_old_one_is_used_to_its_end(api, wechat, clock):
    await send(api)
    wechat.always[TOKEN] = refusal(-1)
    clock.pass_seconds(7200 - 299)
    await send(api)
    clock.pass_seconds(300)
    with pytest.raises(CallFailed) as caught:
        await send(api)
    assert caught.value.reason == "-1"
    assert caught.value.fault.action == "retry"


async def test_a_short_lived_token_is_not_fetched_all_the_time(api, wechat, clock):
    wechat.lifetime = 10
    await send(api)
    clock.pass_seconds(8)
    await send(api)
    assert wechat.count(TOKEN) == 1
    clock.pass_seconds(1.5)
    await send(api)
    assert wechat.count(TOKEN) == 2


async def test_two_processes_share_one_token(make_api, wechat):
    first, second = make_api(), make_api()
    await asyncio.gather(*(send(api) for api in (first, second) for _ in range(5)))
    assert wechat.count(TOKEN) == 1
    wechat.valid = "token-2"
    await asyncio.gather(*(send(api) for api in (first, second) for _ in range(5)))
    assert wechat.count(TOKEN) == 2


async def test_the_token_survives_a_restart(make_api, wechat):
    await send(make_api())
    await send(make_api())
    assert wechat.count(TOKEN) == 1


async def test_a_token_that_another_process_replaced_is_just_used(make_api, wechat):
    first, second = make_api(), make_api()
    await send(first)
    await send(second)
    wechat.valid = "token-2"
    await send(first)
    await send(second)
    assert wechat.count(TOKEN) == 2


async def test_who_died_while_fetching_holds_the_others_up_for_seconds_only(make_api, wechat, token_database, clock):
    api = make_api()
    await send(api)
    with token_database.session() as session:
        until = clock() + timedelta(seconds=12)
        session.execute(
            update(WechatToken).values(lease_owner="dead", lease_until=until, expires_at=clock(), refresh_at=clock())
        )
    fresh = make_api()
    waiting = asyncio.create_task(send(fresh))
    await asyncio.sleep(0.05)
    assert wechat.count(TOKEN) == 1
    clock.pass_seconds(13)
    await waiting
    assert wechat.count(TOKEN) == 2


async def test_while_another_process_fetches_ahead_the_old_one_is_used(make_api, wechat, token_database, clock):
    await send(make_api())
    with token_database.session() as session:
        session.execute(update(WechatToken).values(lease_owner="busy", lease_until=clock() + timedelta(60), refresh_at=clock()))
    await send(make_api())
    assert wechat.count(TOKEN) == 1


@pytest.mark.parametrize(
    ("answer", "reason", "action"),
    [
        (refusal(40001), "40125", "alarm"),
        (refusal(40125), "40125", "alarm"),
        (refusal(40013), "40013", "alarm"),
        (refusal(40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1"), "40164", "alarm"),
        (refusal(45009), "45009", "alarm"),
        (refusal(-1), "-1", "retry"),
        (NotConnected("ClientConnectorError"), "not_connected", "retry"),
        (NoAnswer("TimeoutError"), "slow_answer", "retry"),
        (json_answer(access_token="", expires_in=7200), "slow_answer", "retry"),
        (json_answer(access_token="x" * 1025, expires_in=7200), "slow_answer", "retry"),
        (json_answer(access_token="x", expires_in="soon"), "slow_answer", "retry"),
        (json_answer(), "slow_answer", "retry"),
    ],
    ids=str,
)
async def test_without_a_token_nothing_is_sent_and_fifty_tasks_ask_once(api, wechat, answer, reason, action):
    wechat.always[TOKEN] = answer
    failures = await asyncio.gather(*(send(api) for _ in range(50)), return_exceptions=True)
    assert {(failure.reason, failure.fault.action) for failure in failures} == {(reason, action)}
    assert wechat.count(SEND) == 0
    assert wechat.count(TOKEN) == 1


async def test_after_a_failure_it_is_asked_for_again_in_a_while(api, wechat, clock):
    wechat.next[TOKEN] = [refusal(-1)]
    with pytest.raises(CallFailed):
        await send(api)
    clock.pass_seconds(6)
    await send(api)
    assert wechat.count(TOKEN) == 2


async def test_a_token_as_long_as_the_platform_may_make_it_is_kept(api, wechat):
    wechat.valid = "x" * 1024
    await send(api)
    assert wechat.requests[-1].params["access_token"] == "x" * 1024


async def test_without_a_database_nothing_is_sent_and_nothing_breaks(api, wechat, token_database):
    with token_database.session() as session:
        WechatToken.__table__.drop(session.connection())
    with pytest.raises(CallFailed) as caught:
        await send(api)
    assert (caught.value.reason, caught.value.fault.action) == ("database", "retry")
    assert wechat.requests == []
