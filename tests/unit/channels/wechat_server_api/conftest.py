import pytest

import channels.wechat.models  # noqa: F401
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.token_store import TokenStore
from tests.databases import make_database
from tests.unit.channels.wechat_server_api.wechat_stand_in import APP_ID, SECRET, Clock, FakeWechat


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wechat():
    return FakeWechat()


@pytest.fixture
def token_database(tmp_path):
    database = make_database(tmp_path / "main.db")
    yield database
    database.close()


@pytest.fixture
def slept():
    """The seconds that were waited for between tries."""
    return []


@pytest.fixture
def make_api(wechat, token_database, clock, slept):
    """Make the client of one process."""

    async def sleep(seconds):
        slept.append(seconds)

    def make(transport=wechat, limits=None):
        store = TokenStore(token_database, APP_ID)
        return ServerApi(transport, store, APP_ID, SECRET, limits=limits, clock=clock, sleep=sleep)

    return make


@pytest.fixture
def api(make_api):
    return make_api()
