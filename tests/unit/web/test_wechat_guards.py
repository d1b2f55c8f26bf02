import asyncio

import pytest

from channels.wechat import PushRefused, Query
from web.wechat_guards import ForgeryGuard, Orders, TimeWindow
from web.wechat_login import UsedStates


@pytest.mark.parametrize(("sent", "window", "good"), [
    (1000, 600, True), (1600, 600, True), (400, 600, True), (1601, 600, False), (399, 600, False), (0, 0, True), (9999, 0, True),
])  # fmt: skip
def test_a_timestamp_counts_within_the_window_on_both_sides(sent, window, good):
    guard, query = TimeWindow(window, lambda: 1000.0), Query(timestamp=str(sent), nonce="n")
    if good:
        guard.check(query)
    else:
        with pytest.raises(PushRefused):
            guard.check(query)


def test_the_memory_for_forgeries_is_bounded():
    guard = ForgeryGuard()
    for number in range(20_000):
        guard.check(Query(timestamp="1", nonce=str(number)), b"a")
    with pytest.raises(PushRefused):
        guard.check(Query(timestamp="1", nonce="19999"), b"b")
    guard.check(Query(timestamp="1", nonce="0"), b"b")


async def test_a_citizen_s_messages_pass_in_the_order_they_came_and_others_do_not_wait():
    orders, passed, gate = Orders(), [], asyncio.Event()

    async def go(citizen, number):
        async with orders.hold(citizen):
            if (citizen, number) == ("a", 0):
                await gate.wait()
            passed.append((citizen, number))

    tasks = [asyncio.create_task(go(citizen, number)) for number in range(3) for citizen in "ab"]
    await asyncio.sleep(0.01)
    assert passed == [("b", 0), ("b", 1), ("b", 2)]
    gate.set()
    await asyncio.gather(*tasks)
    assert passed[3:] == [("a", 0), ("a", 1), ("a", 2)]
    assert orders._locks == {}


def test_a_state_is_used_once_and_forgotten_when_its_cookie_is():
    moment = 0.0
    used = UsedStates(lambda: moment)
    assert used.take("a")
    assert not used.take("a")
    moment = 601.0
    assert used.take("b")
    assert used.take("a")
