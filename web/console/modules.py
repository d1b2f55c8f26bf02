"""What a module of the console is made of: its routes, each with who may use it, and its places in the navigation.

How to write one stands in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web
from sqlalchemy.orm import Session

from qinwen.errors import QinwenError
from staff import Member, Permission
from web.faults import Handler


class Stage(Enum):
    """How far somebody must have come to use a route."""

    OPEN = "open"  # nobody has to be signed in
    KNOWN = "known"  # the password was right; a code may still be missing
    CHANGING = "changing"  # signed in; the first password may still have to be changed
    READY = "ready"  # signed in for good


@dataclass(frozen=True)
class Access:
    """The authentication decision of a route."""

    stage: Stage
    permission: Permission | None = None


OPEN = Access(Stage.OPEN)
KNOWN = Access(Stage.KNOWN)
CHANGING = Access(Stage.CHANGING)
SIGNED_IN = Access(Stage.READY)


def needs(permission: Permission) -> Access:
    """Decide that a route needs a permission. Scopes are the handler's business (`allow`), for it knows the object."""
    return Access(Stage.READY, permission)


@dataclass(frozen=True)
class Route:
    """A path with its handler and its decision. `max_body` bytes may be sent, one megabyte unless said otherwise."""

    method: str
    path: str
    handler: Handler
    access: Access
    max_body: int = 1024 * 1024


@dataclass(frozen=True)
class NavEntry:
    """A place in the navigation, shown to who has the permission. Groups stand in the order of `NAV_GROUPS`."""

    title: str
    path: str
    permission: Permission | None
    group: str


NAV_GROUPS = ("", "知识", "服务", "运行", "管理")


@dataclass(frozen=True)
class Tile:
    """A figure on the start page, with the page behind it."""

    title: str
    figure: str
    about: str
    path: str


@dataclass(frozen=True)
class Module:
    """One part of the console.

    Attributes:
        routes: its pages.
        nav: its places in the navigation.
        actions: the names of the audit log's actions that it records, as the log's page shows them.
        statuses: which HTTP status its errors have, if not 422 (503 for errors that pass).
        tiles: gives its figures for the start page of a member.
        prepare: gives the application what the handlers need of the running program.
    """

    routes: tuple[Route, ...]
    nav: tuple[NavEntry, ...] = ()
    actions: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[type[QinwenError], int] = field(default_factory=dict)
    tiles: Callable[[Session, Member], list[Tile]] | None = None
    prepare: Callable[[web.Application], None] | None = None


Decisions = Mapping[tuple[str, str], Route]
MODULES = web.AppKey("modules", tuple)
DECISIONS = web.AppKey("decisions", dict)
STATUSES = web.AppKey("statuses", dict)


def install(app: web.Application, modules: tuple[Module, ...]) -> None:
    """Register the routes of all modules, with a decision for each; a page also answers HEAD."""
    decisions: dict[tuple[str, str], Route] = {}
    statuses: dict[type[QinwenError], int] = {}
    for module in modules:
        statuses.update(module.statuses)
        if module.prepare:
            module.prepare(app)
        for route in module.routes:
            resource = app.router.add_resource(route.path)
            for method in (route.method, "HEAD") if route.method == "GET" else (route.method,):
                resource.add_route(method, route.handler)
                decisions[method, resource.canonical] = route
    app[MODULES], app[DECISIONS], app[STATUSES] = modules, decisions, statuses


def route_of(request: web.Request) -> Route | None:
    """Give the declared route of a request, if there is one."""
    resource = request.match_info.route.resource
    route: Route | None = request.app[DECISIONS].get((request.method, resource.canonical)) if resource else None
    return route


def open_folder(app: web.Application, prefix: str) -> None:
    """Decide that a folder of static files is open to everybody."""

    async def refuse(_: web.Request) -> web.StreamResponse:
        raise web.HTTPNotFound

    for method in ("GET", "HEAD"):
        app[DECISIONS][method, prefix] = Route(method, prefix, refuse, OPEN)
