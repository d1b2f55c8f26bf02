from types import SimpleNamespace

import pytest
from sanic import Sanic

from actions.server import make_app


@pytest.fixture(scope="module")
def app():
    settings = SimpleNamespace(actions_secret="actions-secret")
    app = make_app(settings)
    yield app
    Sanic._app_registry.pop(app.name, None)


def guard(app):
    # Newer Sanics wrap a middleware in an object of their own.
    functions = [getattr(middleware, "func", middleware) for middleware in app.request_middleware]
    [found] = [function for function in functions if function.__name__ == "require_secret"]
    return found


async def ask(app, path, authorization=None):
    headers = {} if authorization is None else {"Authorization": authorization}
    return await guard(app)(SimpleNamespace(path=path, headers=headers))


def paths(app):
    return {f"/{route.path}" for route in app.router.routes_all.values()}


def test_the_routes_of_the_action_server_are_known(app):
    app.router.reset()
    assert {"/webhook", "/healthz", "/readyz"} <= paths(app)


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer wrong", "actions", "Bearer \u79d8"])
@pytest.mark.parametrize("path", ["/webhook", "/actions", "/health", "/healthz/../webhook"])
async def test_a_wrong_secret_is_refused_everywhere_but_at_the_health_routes(app, path, authorization):
    response = await ask(app, path, authorization)
    assert response.status == 403
    assert b'"forbidden"' in response.body


async def test_the_right_secret_passes(app):
    assert await ask(app, "/webhook", "Bearer actions-secret") is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_open(app, path):
    assert await ask(app, path) is None
