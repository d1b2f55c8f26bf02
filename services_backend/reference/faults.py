"""The fault switch: makes the API slow, hanging, failing, garbled, dripping or dead, to show and test what its users do then.

It touches `/api/` only: health checks and the demonstration's own addresses go on working.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FOREVER = 3600.0


class Fault(str, Enum):
    """What is broken."""

    NONE = "none"
    SLOW = "slow"
    HANG = "hang"
    ERRORS = "500s"
    GARBAGE = "garbage"
    DRIP = "drip"
    DOWN = "down"


@dataclass
class FaultSwitch:
    """The present fault; `seconds` is how slow `SLOW` is, and the time between two bytes of `DRIP`."""

    fault: Fault = Fault.NONE
    seconds: float = 3.0


SWITCH = web.AppKey("fault_switch", FaultSwitch)


@web.middleware
async def break_as_told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Spoil the answer to an API call as the switch says."""
    switch = request.app[SWITCH]
    if switch.fault is Fault.NONE or not request.path.startswith("/api/"):
        return await handler(request)
    if switch.fault is Fault.DOWN:
        return _cut_off(request)
    if switch.fault is Fault.HANG:
        await asyncio.sleep(_FOREVER)
    if switch.fault is Fault.SLOW:
        await asyncio.sleep(switch.seconds)
        return await handler(request)
    if switch.fault is Fault.ERRORS:
        return web.Response(status=500, text="Internal Server Error")
    if switch.fault is Fault.GARBAGE:
        return web.Response(body=b'<html>\xff\xfe{"state": [', content_type="application/json")
    return await _drip(request, await handler(request), switch)


def _cut_off(request: web.Request) -> web.Response:
    """Drop the connection without a word, as a dead server does."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=503)


async def _drip(request: web.Request, whole: web.StreamResponse, switch: FaultSwitch) -> web.StreamResponse:
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b"{}"
    response = web.StreamResponse(status=whole.status, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for number in range(len(body)):
        await response.write(body[number : number + 1])
        await asyncio.sleep(switch.seconds)
    await response.write_eof()
    return response
