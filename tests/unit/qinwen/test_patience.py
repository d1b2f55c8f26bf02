"""Waiting ends in time, and a task that waits can always be stopped."""

import asyncio

import pytest

from qinwen.patience import at_most


async def test_what_takes_longer_is_given_up():
    with pytest.raises(asyncio.TimeoutError):
        await at_most(0.01, asyncio.Event().wait())
    assert await at_most(None, asyncio.sleep(0, "done")) == "done"


async def test_a_task_that_is_stopped_just_as_its_wait_ends_stops():
    bell = asyncio.Event()

    async def listen():
        while True:
            await at_most(5, bell.wait())
            bell.clear()

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    bell.set()
    task.cancel()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()
