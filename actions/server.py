"""Runs the action server: rasa_sdk's application on loopback, behind a shared secret (it has no authentication itself)."""

from __future__ import annotations

import asyncio
import hmac
from typing import Any

from rasa_sdk.endpoint import create_app
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy import text

from actions.resources import resources
from qinwen.log import configure_logging
from qinwen.settings import Settings, load_settings

_OPEN = {"/healthz", "/readyz"}


def make_app(settings: Settings) -> Sanic:
    """Put the application together."""
    app: Any = create_app("actions")

    @app.middleware("request")
    async def require_secret(request: Request) -> HTTPResponse | None:
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if request.path in _OPEN or hmac.compare_digest(given.encode(), settings.actions_secret.encode()):
            return None
        return response.json({"error": {"code": "forbidden", "message": "wrong secret"}}, status=403)

    @app.route("/healthz")
    async def healthz(request: Request) -> HTTPResponse:
        del request
        return response.text("ok\n")

    @app.route("/readyz")
    async def readyz(request: Request) -> HTTPResponse:
        del request

        def probe() -> None:
            with resources().database.session() as session:
                session.execute(text("SELECT 1 FROM knowledge_revision"))

        try:
            await asyncio.to_thread(probe)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with the database, we are not ready)
            return response.text(f"database failed {type(error).__name__}\n", status=503)
        return response.text(f"database ok\nencoder {resources().encoder or 'none'} ok\n")

    return app  # type: ignore[no-any-return]


def main() -> None:
    """Serve until stopped."""
    settings = load_settings()
    configure_logging("actions", settings.log_level)
    shared = resources()
    shared.answerer.warm_up()
    app = make_app(settings)
    app.run(host="127.0.0.1", port=settings.actions_port, access_log=False, workers=1)


if __name__ == "__main__":
    main()
