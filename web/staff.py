"""The staff port: the console (`web.console`), and health and metrics, which need no login because the port is internal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from qinwen.database import Database
from qinwen.settings import Settings
from staff import SecretBox
from web.console import account, audit, controls, dashboard, entrance, members, start
from web.console.access import DATABASE, SETTINGS, check_form, guard, identify
from web.console.faults import show_faults
from web.console.modules import OPEN, Module, Route, install, open_folder
from web.headers import secure_headers
from web.health import healthz, readyz

_STATIC = Path(__file__).parent / "static"
_HASHES_AT_ONCE = 2
OWN_MODULES = (start.MODULE, dashboard.MODULE, controls.MODULE, members.MODULE, audit.MODULE, account.MODULE, entrance.MODULE)


async def metrics(request: web.Request) -> web.Response:
    """Give the figures for Prometheus."""
    del request
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


MONITORING = Module(
    routes=(
        Route("GET", "/healthz", healthz, OPEN),
        Route("GET", "/readyz", readyz, OPEN),
        Route("GET", "/metrics", metrics, OPEN),
    )
)


def make_staff_app(settings: Settings, database: Database, modules: tuple[Module, ...] = ()) -> web.Application:
    """Put the staff application together; `manage.py` adds the health checks.

    Args:
        settings: for sessions, cookies and the key of the second factor.
        database: the main database.
        modules: further parts of the console, made where what they need is known (`manage.py`).
    """
    app = web.Application(middlewares=[secure_headers, show_faults, identify, guard, check_form])
    app[SETTINGS], app[DATABASE] = settings, database
    app[entrance.BOX], app[entrance.HASHING] = SecretBox(settings.staff_secret), asyncio.Semaphore(_HASHES_AT_ONCE)
    install(app, (MONITORING, start.MODULE, *modules, *OWN_MODULES[1:]))
    open_folder(app, "/static")
    app.router.add_static("/static/", _STATIC)
    return app
