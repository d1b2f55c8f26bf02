"""Waits for what happens beside a test: soon, as a rule; a busy machine, on which everything stands still now and then, gets long."""

import asyncio
import inspect
import time

PATIENCE = 60.0


async def until(condition):
    """Ask again and again until the condition holds; it may be a coroutine function."""
    deadline = time.monotonic() + PATIENCE
    while True:
        held = condition()
        if await held if inspect.isawaitable(held) else held:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen within {PATIENCE:.0f} s")
        await asyncio.sleep(0.02)
