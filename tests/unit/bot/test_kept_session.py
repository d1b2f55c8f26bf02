from contextlib import asynccontextmanager

import pytest
from rasa.utils.endpoints import EndpointConfig

from bot.kept_session import keep_session


class FakeSession:
    """Stands in for the session of aiohttp that Rasa makes for each call."""

    def __init__(self):
        self.sent, self.closed = [], False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()

    async def close(self):
        self.closed = True

    @asynccontextmanager
    async def request(self, method, url, **_):
        assert not self.closed
        self.sent.append((method, url))
        yield FakeAnswer()


class FakeAnswer:
    status = 200

    async def json(self):
        return {"events": [], "responses": []}


@pytest.fixture
def made(monkeypatch):
    sessions = []

    def make(_):
        sessions.append(FakeSession())
        return sessions[-1]

    monkeypatch.setattr(EndpointConfig, "session", make)
    return sessions


async def test_action_calls_share_one_session(made):
    endpoint = EndpointConfig("http://actions:5055/webhook")
    keep_session(endpoint)
    for _ in range(3):
        assert await endpoint.request(json={}) == {"events": [], "responses": []}
    assert [session.sent for session in made] == [[("post", "http://actions:5055/webhook")] * 3]
    assert not made[0].closed


async def test_a_session_that_was_closed_is_made_anew(made):
    endpoint = EndpointConfig("http://actions:5055/webhook")
    kept = keep_session(endpoint)
    await endpoint.request(json={})
    await kept.close()
    assert made[0].closed
    await endpoint.request(json={})
    assert len(made) == 2


async def test_other_endpoints_go_on_as_before(made):
    keep_session(EndpointConfig("http://actions:5055/webhook"))
    await EndpointConfig("http://elsewhere/").request(json={})
    assert made[0].closed


async def test_closing_what_was_never_used_does_nothing(made):
    await keep_session(EndpointConfig("http://actions:5055/webhook")).close()
    assert made == []
