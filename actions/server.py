"""Runs the action server: rasa_sdk's application on loopback, behind a shared secret (it has no authentication itself)."""

from __future__ import annotations

import asyncio
import gc
import hmac
from typing import Any

from rasa_sdk.endpoint import create_app
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy import text

from actions.encoding import EncodingAhead
from actions.resources import resources
from qinwen.log import configure_logging
from qinwen.settings import Settings, load_settings

_OPEN = {"/healthz", "/readyz"}
# Longer than the engine and the hub keep a connection they don't use: a server that hangs up first makes a request fail.
_KEEP_ALIVE = 120


def make_app(settings: Settings, ahead: EncodingAhead) -> Sanic:
    """Put the application together."""
    app: Any = create_app("actions")
    app.config.KEEP_ALIVE_TIMEOUT = _KEEP_ALIVE

    @app.middleware("request")
    async def require_secret(request: Request) -> HTTPResponse | None:
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if request.path in _OPEN or hmac.compare_digest(given.encode(), settings.actions_secret.encode()):
            return None
        return response.json({"error": {"code": "forbidden", "message": "wrong secret"}}, status=403)

    encode_ahead(app, ahead)

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
        encoder = resources().encoder
        return response.text(f"database ok\nencoder {encoder.name if encoder else 'none'} ok\n")

    return app  # type: ignore[no-any-return]


def encode_ahead(app: Any, ahead: EncodingAhead) -> None:
    """Take texts ahead of their actions, and let an action begin when the vector of its text is there.

    POST /prepare   Authorization: Bearer <actions secret>
    {"text": "…"} → 204
    """

    @app.middleware("request")
    async def await_vector(request: Request) -> None:
        if request.path == "/webhook" and (said := text_of(request.json)):
            await ahead.settle(said)

    @app.route("/prepare", methods=["POST"])
    async def prepare(request: Request) -> HTTPResponse:
        shape = request.json
        if not isinstance(shape, dict) or not isinstance(shape.get("text"), str):
            return response.json({"error": {"code": "bad_request", "message": "no text"}}, status=400)
        ahead.start(shape["text"])
        return response.empty()


def text_of(call: Any) -> str | None:
    """Give the citizen's text in an action call of the engine; None if there is none."""
    try:
        said = call["tracker"]["latest_message"]["text"]
    except (KeyError, TypeError):
        return None
    return said if isinstance(said, str) else None


def main() -> None:
    """Serve until stopped."""
    settings = load_settings()
    configure_logging("actions", settings.log_level)
    shared = resources()
    shared.answerer.warm_up()
    app = make_app(settings, EncodingAhead(shared.encoder))
    # The knowledge stays; looking through it for garbage again and again would hold turns up.
    gc.collect()
    gc.freeze()
    app.run(host="127.0.0.1", port=settings.actions_port, access_log=False, workers=1)


if __name__ == "__main__":
    main()
