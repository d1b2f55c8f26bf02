"""Every route has an authentication decision, and keeps it. A new route fails here until its decision is written down."""

import pytest
from aiohttp import web

from web.console.modules import DECISIONS, OPEN

PUBLIC_APP = {
    "/": "public",
    "/api/chat/sessions": "public",
    "/api/chat/banners": "public",
    "/api/chat/messages": "bearer",
    "/api/chat/typing": "bearer",
    "/api/chat/events": "bearer",
    "/api/services/events": "signed",
    "/static": "public",
    "/healthz": "open health",
    "/readyz": "open health",
}
# What nobody has to sign in for on the staff port. All other routes say what they need where they are declared
# (web/console/modules.py), and tests/integration/test_staff_routes.py tries each with every role.
STAFF_APP = {
    "/healthz": "open health",
    "/readyz": "open health",
    "/metrics": "open health",
    "/login": "public",
    "/static": "public",
}
NO_TOKENS = [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic bm9ib2R5"}]


def routes(app: web.Application) -> set[tuple[str, str]]:
    return {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}


def test_every_route_of_the_public_app_has_a_decision(public):
    assert {path for _, path in routes(public.app)} == set(PUBLIC_APP)


def test_every_route_of_the_staff_app_has_a_decision(staff):
    assert routes(staff.app) == set(staff.app[DECISIONS])
    assert {path for (_, path), route in staff.app[DECISIONS].items() if route.access == OPEN} == set(STAFF_APP)


def test_no_route_takes_every_method(public, staff):
    assert {method for app in (public.app, staff.app) for method, _ in routes(app)} <= {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("headers", NO_TOKENS, ids=["none", "unknown", "basic"])
async def test_a_bearer_route_refuses_who_has_no_session(public, headers):
    guarded = [(method, path) for method, path in routes(public.app) if PUBLIC_APP[path] == "bearer"]
    assert guarded
    for method, path in guarded:
        body = {"json": {"text": "护照", "message_id": "m"}} if method == "POST" else {}
        answer = await public.request(method, path, headers=headers, **body)
        assert answer.status == 401, (method, path)


async def test_a_bearer_route_takes_who_has_one(public, bearer):
    for method, path in routes(public.app):
        if PUBLIC_APP[path] == "bearer":
            body = {"json": {"text": "护照", "message_id": "m"}} if method == "POST" else {}
            async with public.request(method, path, headers=bearer, **body) as answer:
                assert answer.status == 200, (method, path)


async def test_open_routes_answer_everybody(public, staff):
    for client, decisions in ((public, PUBLIC_APP), (staff, STAFF_APP)):
        for method, path in routes(client.app):
            if decisions.get(path) in {"public", "open health"} and path != "/static" and (method, path) != ("POST", "/login"):
                assert (await client.request(method, path)).status == 200, (method, path)


async def test_static_files_are_open_and_their_folder_is_not_listed(public):
    assert (await public.get("/static/chat/page.css")).status == 200
    assert (await public.get("/static/")).status in {403, 404}


async def test_the_public_port_shows_no_figures(public):
    assert (await public.get("/metrics")).status == 404
