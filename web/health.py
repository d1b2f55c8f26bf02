"""`/healthz` (the process is alive) and `/readyz` (all it needs is there, a line per dependency)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp import web
from sqlalchemy import text

from qinwen.database import Database
from qinwen.patience import at_most

Check = Callable[[], Awaitable[None]]
CHECKS = web.AppKey("checks", Mapping)


async def healthz(request: web.Request) -> web.Response:
    """Say that the process is alive."""
    del request
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """Try each dependency; 200 when all are there, else 503."""
    lines, ready = [], True
    for name, check in request.app[CHECKS].items():
        try:
            await at_most(3, check())
            lines.append(f"{name} ok")
        except Exception as error:  # noqa: BLE001  (whatever is wrong with a dependency, it is not ready)
            ready = False
            lines.append(f"{name} failed {type(error).__name__}")
    return web.Response(text="\n".join(lines) + "\n", status=200 if ready else 503)


def database_check(database: Database) -> Check:
    """Check that the database answers."""

    def probe() -> None:
        with database.session() as session:
            session.execute(text("SELECT 1"))

    return lambda: asyncio.to_thread(probe)


def http_check(session: aiohttp.ClientSession, url: str) -> Check:
    """Check that a process of ours answers at an address."""

    async def probe() -> None:
        async with session.get(url) as answer:
            answer.raise_for_status()

    return probe
