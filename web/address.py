"""The network address of who asks, looking through as many reverse proxies as the settings name."""

from __future__ import annotations

from aiohttp import web


def address_behind(request: web.Request, proxies: int) -> str:
    """Give the address that the outermost of our own proxies saw; what a client wrote itself is not believed."""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return request.remote or "unknown"
