"""The public port: the H5 page and the citizen API (design §5). Each route says who may use it (`web.access`)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from channels.webchat import (
    CHANNEL,
    bearer_token,
    event_stream_chunk,
    hash_token,
    new_token,
    read_sent,
    sign_chunk,
)
from channels.wechat import CodeExchange
from conversations import MOST_AT_ONCE, CitizenMessage, Hub, RateLimiter, TooManyMessages
from qinwen.patience import at_most, scattered
from qinwen.settings import Settings
from web.address import address_behind
from web.faults import translate_errors
from web.headers import secure_headers
from web.health import healthz, readyz
from web.wechat import Typing, make_wechat_routes

HUB = web.AppKey("hub", Hub)
SETTINGS = web.AppKey("settings", Settings)
SESSION_LIMITER = web.AppKey("session_limiter", RateLimiter)
CLOSING = web.AppKey("closing", asyncio.Event)
_STATIC = Path(__file__).parent / "static"
_PAGE = Path(__file__).parent / "templates" / "chat.html"
_HEARTBEAT = 15  # seconds, at most
# What a page takes for granted until it hears otherwise.
NOBODY_WAITS = {"holder": "bot", "text": ""}
_MAX_BODY = 64 * 1024


async def page(request: web.Request) -> web.StreamResponse:
    """Give the H5 page."""
    del request
    return web.FileResponse(_PAGE, headers={"Cache-Control": "no-cache"})


async def open_session(request: web.Request) -> web.Response:
    """Open a session: `POST /api/chat/sessions` → `{"token": "…", "citizen": "…"}`."""
    if not request.app[SESSION_LIMITER].allow(address_behind(request, request.app[SETTINGS].proxies)):
        raise TooManyMessages("这个网络打开会话太频繁了，请过一分钟再试。")
    token = new_token()
    citizen = await request.app[HUB].open_citizen(CHANNEL, hash_token(token))
    return web.json_response({"token": token, "citizen": citizen})


async def send_message(request: web.Request) -> web.Response:
    """Take one message: `POST /api/chat/messages` `{"text", "message_id"}` → the finished turn."""
    citizen = await _citizen(request)
    sent = read_sent(await request.read())
    finished = await request.app[HUB].take(CitizenMessage(citizen, sent.message_id, sent.text, origin=_origin(request)))
    return web.json_response(finished.to_json())


async def list_messages(request: web.Request) -> web.Response:
    """Give what was said: `GET /api/chat/messages?after=0` → `{"messages": [...]}`, so that a reloaded page goes on."""
    citizen = await _citizen(request)
    messages = await request.app[HUB].messages_after(citizen, _after(request.query.get("after")))
    return web.json_response({"messages": messages})


async def show_typing(request: web.Request) -> web.Response:
    """Show a person who has the conversation that the citizen types: `POST /api/chat/typing` → `{}`. Nothing is kept."""
    citizen = await _citizen(request)
    request.app[HUB].show_typing(citizen, "citizen")
    return web.json_response({})


async def list_banners(request: web.Request) -> web.Response:
    """Give what everybody is to be told now: `GET /api/chat/banners` → `{"banners": [{"id", "text", "until"}]}`."""
    return web.json_response({"banners": await request.app[HUB].banners()})


async def stream_events(request: web.Request) -> web.StreamResponse:
    """Stream what comes later: `GET /api/chat/events` (SSE), from `Last-Event-ID` or `?after=` on."""
    citizen = await _citizen(request)
    hub, closing = request.app[HUB], request.app[CLOSING]
    after = _after(request.headers.get("Last-Event-ID") or request.query.get("after"))
    if after is None:
        known = await hub.messages_after(citizen, None)
        after = known[-1]["id"] if known else 0
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    news, typed, holder = hub.listen(citizen), 0.0, NOBODY_WAITS
    try:
        await response.write(b": open\n\n")
        while not closing.is_set():
            news.clear()
            messages, now = await hub.news(citizen, after)
            for message in messages:
                await response.write(event_stream_chunk(message))
                after = message["id"]
            if (until := hub.typing.until(citizen, "agent")) != typed:
                typed = until
                if until:
                    await response.write(sign_chunk("typing", {"author": "agent"}))
            if now != holder:
                holder = now
                await response.write(sign_chunk("holder", now))
            if len(messages) == MOST_AT_ONCE:
                continue
            with contextlib.suppress(asyncio.TimeoutError):
                await at_most(scattered(_HEARTBEAT), news.wait())
                continue
            await response.write(b": still here\n\n")
    except ConnectionResetError:
        pass
    finally:
        hub.stop_listening(citizen, news)
    return response


async def _citizen(request: web.Request) -> str:
    token = bearer_token(request.headers.get("Authorization"))
    return await request.app[HUB].find_citizen(CHANNEL, hash_token(token))


def _origin(request: web.Request) -> str:
    """Give an opaque reference of the network address: it limits guessing, and tells nobody the address."""
    settings = request.app[SETTINGS]
    address = address_behind(request, settings.proxies)
    return hmac.new(settings.personal_secret.encode(), f"origin:{address}".encode(), hashlib.sha256).hexdigest()[:32]


def _after(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None  # noqa: PLR2004


def make_public_app(
    settings: Settings,
    hub: Hub,
    session_limiter: RateLimiter,
    wechat: CodeExchange | None = None,
    more: Sequence[web.RouteDef] = (),
    typing: Typing | None = None,
) -> web.Application:
    """Put the public application together; `manage.py` adds the health checks.

    Args:
        settings: the installation's.
        hub: where citizens' messages go.
        session_limiter: sessions per address.
        wechat: exchanges the codes of WeChat's web login; None where the account can't.
        more: further routes: where the case system reports changes.
        typing: shows a WeChat citizen that a late answer is being written.
    """
    app = web.Application(middlewares=[secure_headers, translate_errors], client_max_size=_MAX_BODY)
    app[SETTINGS], app[HUB], app[SESSION_LIMITER], app[CLOSING] = settings, hub, session_limiter, asyncio.Event()
    app.router.add_get("/", page)
    app.router.add_post("/api/chat/sessions", open_session)
    app.router.add_post("/api/chat/messages", send_message)
    app.router.add_get("/api/chat/messages", list_messages)
    app.router.add_get("/api/chat/banners", list_banners)
    app.router.add_post("/api/chat/typing", show_typing)
    app.router.add_get("/api/chat/events", stream_events, allow_head=False)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_routes([*make_wechat_routes(settings, hub, wechat, typing=typing), *more])
    app.router.add_static("/static/", _STATIC)

    async def close(app: web.Application) -> None:
        app[CLOSING].set()
        hub.wake_listeners()

    app.on_shutdown.append(close)
    return app
