"""The start page: what this member can do here, and the figures that the modules give them."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from web.console.access import member_of
from web.console.modules import MODULES, SIGNED_IN, Module, NavEntry, Route, Tile
from web.console.pages import render, transact


async def show_start(request: web.Request) -> web.Response:
    """Show figures and links."""
    member = member_of(request)

    def read(session: Session) -> list[Tile]:
        return [tile for module in request.app[MODULES] if module.tiles for tile in module.tiles(session, member)]

    return render(request, "start.html", title="首页", tiles=await transact(request, read))


MODULE = Module(routes=(Route("GET", "/", show_start, SIGNED_IN),), nav=(NavEntry("首页", "/", None, ""),))
