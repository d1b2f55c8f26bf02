"""The menu's three calls."""

from __future__ import annotations

from aiohttp import web

from .doors import PLATFORM, answer, read_shape


async def create_menu(request: web.Request) -> web.Response:
    """Replace the menu: `{"button":[{"type":"click","name":"办事指南","key":"guides"}]}`."""
    request.app[PLATFORM].menu.create(await read_shape(request))
    return answer()


async def get_menu(request: web.Request) -> web.Response:
    """Give the menu."""
    return answer(request.app[PLATFORM].menu.show())


async def delete_menu(request: web.Request) -> web.Response:
    """Take the menu away."""
    request.app[PLATFORM].menu.delete()
    return answer()
