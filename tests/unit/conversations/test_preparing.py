import asyncio

import aiohttp
import pytest

from conversations import Preparer


class FakeSession:
    """Stands in for aiohttp's client session."""

    def __init__(self, error=None):
        self.error = error
        self.sent = []

    def post(self, url, **options):
        self.sent.append((url, options))
        if self.error:
            raise self.error
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


async def settle():
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.gather(*others)


async def test_the_text_goes_to_the_action_server_with_its_secret():
    session = FakeSession()
    Preparer(session, "http://actions:5055", "geheim").prepare("护照多少钱")
    await settle()
    [(url, options)] = session.sent
    assert url == "http://actions:5055/prepare"
    assert options["json"] == {"text": "护照多少钱"}
    assert options["headers"] == {"Authorization": "Bearer geheim"}


@pytest.mark.parametrize("error", [aiohttp.ClientConnectionError(), asyncio.TimeoutError(), RuntimeError("Session is closed")])
async def test_an_action_server_that_is_not_there_fails_nothing(error):
    Preparer(FakeSession(error), "http://actions:5055", "geheim").prepare("护照多少钱")
    await settle()


async def test_a_text_that_was_just_sent_is_not_sent_again():
    session = FakeSession()
    preparer = Preparer(session, "http://actions:5055", "geheim")
    for text in ("护照多少钱", "护照多少钱", "身份证多少钱"):
        preparer.prepare(text)
    await settle()
    assert [options["json"]["text"] for _, options in session.sent] == ["护照多少钱", "身份证多少钱"]
