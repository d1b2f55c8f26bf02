import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from qinwen.database import Database
from web.health import CHECKS, database_check, healthz, readyz


async def there():
    pass


async def gone():
    raise ConnectionRefusedError


async def ask(checks):
    app = web.Application()
    app[CHECKS] = checks
    return await readyz(make_mocked_request("GET", "/readyz", app=app))


async def test_alive_means_alive_whatever_else_is_missing():
    assert (await healthz(make_mocked_request("GET", "/healthz"))).status == 200


async def test_ready_when_all_is_there_with_a_line_per_dependency():
    response = await ask({"database": there, "engine": there})
    assert response.status == 200
    assert response.text == "database ok\nengine ok\n"


async def test_not_ready_when_one_is_missing_and_its_line_says_which():
    response = await ask({"database": there, "engine": gone})
    assert response.status == 503
    assert response.text == "database ok\nengine failed ConnectionRefusedError\n"


async def test_a_dependency_that_hangs_is_not_there(monkeypatch):
    async def at_once(seconds, check):
        check.close()
        raise asyncio.TimeoutError

    monkeypatch.setattr("web.health.at_most", at_once)
    assert (await ask({"database": there})).status == 503


async def test_the_database_is_really_asked(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/ok.db")
    await database_check(database)()
    database.close()
    missing = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(Exception, match="unable to open"):
        await database_check(missing)()
    missing.close()
