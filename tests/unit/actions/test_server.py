from types import SimpleNamespace

import pytest
from sanic import Sanic

from actions.encoding import EncodingAhead
from actions.server import encode_ahead, make_app, text_of


@pytest.fixture(scope="module")
def app():
    settings = SimpleNamespace(actions_secret="actions-secret")
    app = make_app(settings, EncodingAhead(None))
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
    assert {"/webhook", "/prepare", "/healthz", "/readyz"} <= paths(app)


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer wrong", "actions", "Bearer \u79d8"])
@pytest.mark.parametrize("path", ["/webhook", "/prepare", "/actions", "/health", "/healthz/../webhook"])
async def test_a_wrong_secret_is_refused_everywhere_but_at_the_health_routes(app, path, authorization):
    response = await ask(app, path, authorization)
    assert response.status == 403
    assert b'"forbidden"' in response.body


async def test_the_right_secret_passes(app):
    assert await ask(app, "/webhook", "Bearer actions-secret") is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_open(app, path):
    assert await ask(app, path) is None


@pytest.mark.parametrize("call", [None, [], {}, {"tracker": None}, {"tracker": {"latest_message": {"text": None}}}])
def test_a_call_without_a_text_has_none(call):
    assert text_of(call) is None


def test_the_text_of_a_call_is_the_citizen_s():
    assert text_of({"tracker": {"latest_message": {"text": "护照多少钱"}}}) == "护照多少钱"


class FakeAhead:
    """Remembers what it was told."""

    def __init__(self):
        self.told = []

    def start(self, text):
        self.told.append(("start", text))

    async def settle(self, text):
        self.told.append(("settle", text))


@pytest.fixture
def ahead():
    return FakeAhead()


@pytest.fixture
def ask_ahead(ahead):
    handlers = {}

    class FakeApp:
        def middleware(self, _):
            return lambda function: handlers.setdefault("middleware", function)

        def route(self, path, **_):
            return lambda function: handlers.setdefault(path, function)

    encode_ahead(FakeApp(), ahead)

    async def ask(handler, shape, path=None):
        return await handlers[handler](SimpleNamespace(json=shape, path=path or handler))

    return ask


async def test_a_text_that_is_told_ahead_is_begun(ask_ahead, ahead):
    assert (await ask_ahead("/prepare", {"text": "护照多少钱"})).status == 204
    assert ahead.told == [("start", "护照多少钱")]


@pytest.mark.parametrize("shape", [None, [], {}, {"text": None}, {"text": 7}])
async def test_a_request_ahead_without_a_text_is_refused(ask_ahead, ahead, shape):
    assert (await ask_ahead("/prepare", shape)).status == 400
    assert ahead.told == []


async def test_an_action_waits_for_the_vector_of_its_text_and_nothing_else_does(ask_ahead, ahead):
    call = {"tracker": {"latest_message": {"text": "护照多少钱"}}}
    await ask_ahead("middleware", call, "/webhook")
    await ask_ahead("middleware", call, "/actions")
    await ask_ahead("middleware", {}, "/webhook")
    assert ahead.told == [("settle", "护照多少钱")]
