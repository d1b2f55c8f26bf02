"""The staff port: health and metrics for now; the console and the desk come with their issues."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from web.faults import translate_errors
from web.headers import secure_headers
from web.health import healthz, readyz


async def metrics(request: web.Request) -> web.Response:
    """Give the figures for Prometheus."""
    del request
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def make_staff_app() -> web.Application:
    """Put the staff application together; `manage.py` adds the health checks."""
    app = web.Application(middlewares=[secure_headers, translate_errors])
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
