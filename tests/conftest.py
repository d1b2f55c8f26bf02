"""What several kinds of tests share: a responder that stands in for the engine, and a ledger on a file."""

import asyncio
import gc
import os
from pathlib import Path

import pytest

import knowledge_base.models  # noqa: F401
from conversations import CitizenMessage, Hub, Response, Unlimited
from desk import ServiceDesk
from qinwen.replies import Reply
from qinwen.sealing import Sealer
from qinwen.settings import all_settings, load_settings
from qinwen.vocabulary import Outcome
from services_backend import CaseRoom, InMemoryBackend, Teller, TryLimits
from tests.console_parts import console_parts
from tests.databases import make_database
from tests.postgres import postgres  # noqa: F401
from tests.routing import ROUTER
from web.health import CHECKS
from web.public import make_public_app
from web.services_events import make_events_route
from web.staff import make_staff_app

# In this order, since the slow kinds must not come last; on several workers each module stays on one.
_KINDS = ("e2e", "integration", "unit", "rules")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Give all tests of the running stack to one worker, which has the stack, and begin with them."""
    kinds = {item: item.path.relative_to(Path(__file__).parent).parts[0] for item in items}
    items.sort(key=lambda item: _KINDS.index(kinds[item]))
    for item in items if config.pluginmanager.has_plugin("xdist") else ():
        item.add_marker(pytest.mark.xdist_group(kinds[item] if kinds[item] == "e2e" else str(item.path)))


def pytest_collection_finish():
    """What is loaded by now stays; to look through it for garbage again and again took a twentieth of the time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let the running stack, and what waits no longer than a real limit, go before the other workers' tests.

    Who may not raise a priority again (only root may) keeps to one.
    """
    first = item.get_closest_marker("by_the_clock") or item.path.is_relative_to(Path(__file__).parent / "e2e")
    if "PYTEST_XDIST_WORKER" in os.environ and os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0 if first else 10)


class FakeResponder:
    """Answers at once with the text it was asked; remembers what it was asked; waits or fails where told to."""

    def __init__(self):
        self.asked = []
        self.regions = []
        self.items = []
        self.running = 0
        self.most_running = 0
        self.hold = {}
        self.error = None
        self.region = None

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        self.asked.append(text)
        self.regions.append(metadata["region"])
        self.items.append(metadata["item"])
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if text in self.hold:
                await self.hold[text].wait()
            await asyncio.sleep(0)
            if self.error:
                raise self.error
        finally:
            self.running -= 1
        reply = Reply("text", f"答:{text}")
        return Response(Outcome.ANSWERED, (reply,), "passport", "fee", self.region, "ask_fee", 0.9)


@pytest.fixture
def responder():
    return FakeResponder()


@pytest.fixture
def ledger_database(tmp_path):
    database = make_database(tmp_path / "ledger.db")
    yield database
    database.close()


@pytest.fixture
def make_hub(ledger_database, responder):
    def make(responder=responder, limiter=None, idle=3600.0, database=ledger_database, **more):
        return Hub(database, responder, limiter or Unlimited(), idle, **more)

    return make


@pytest.fixture
def hub(make_hub):
    return make_hub()


@pytest.fixture
async def citizen(hub):
    return await hub.open_citizen("webchat", "somebody")


@pytest.fixture
def say(citizen):
    """Make a message of the citizen."""

    def make(text, message_id=None):
        return CitizenMessage(citizen, message_id or f"id-{text}", text)

    return make


@pytest.fixture
def settings(tmp_path):
    """The settings of a throw-away installation; nothing of it listens or trains."""
    secrets = {setting.variable: "secret-of-the-tests" for setting in all_settings() if setting.secret}
    return load_settings({"QINWEN_VAR": str(tmp_path), "QINWEN_ENCODER": "none", **secrets})


async def _nothing():
    pass


@pytest.fixture
async def public(aiohttp_client, settings, hub, ledger_database):
    """A client of the public application."""
    teller = Teller(CaseRoom(InMemoryBackend(), ledger_database, Sealer("s", "p"), TryLimits()), hub)
    events = make_events_route(ledger_database, settings.webhook_secret, teller)
    app = make_public_app(settings, hub, Unlimited(), more=(events,))
    app[CHECKS] = {"database": _nothing}
    return await aiohttp_client(app)


@pytest.fixture
def service_desk(ledger_database):
    """A service desk without any desk in it yet."""
    return ServiceDesk(ledger_database, ROUTER)


@pytest.fixture
def hub_with_desk(make_hub, service_desk):
    """A hub that hands conversations to the service desk."""
    hub = make_hub(desk=service_desk)
    service_desk.connect(hub.within)
    return hub


@pytest.fixture
async def staff(aiohttp_client, settings, ledger_database, hub_with_desk, service_desk):
    """A client of the staff application."""
    parts = console_parts(settings, ledger_database, service_desk, hub_with_desk)
    app = make_staff_app(settings, ledger_database, parts)
    app[CHECKS] = {"database": _nothing}
    yield await aiohttp_client(app)
    service_desk.bell.close()


@pytest.fixture
async def bearer(public):
    """The header of a citizen who opened a session."""
    answer = await public.post("/api/chat/sessions")
    return {"Authorization": f"Bearer {(await answer.json())['token']}"}
