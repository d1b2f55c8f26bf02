"""Every WeChat message is answered exactly once, or parked with a reason, whatever is killed (issue: WeChat, done-when 3)."""

import asyncio
import random
import urllib.request
from contextlib import suppress

import pytest

import manage
from qinwen.database import Database
from qinwen.settings import load_settings
from tests.e2e.gateways import Gateway
from tests.e2e.stack import Stack
from tests.e2e.wechat_storm import Reckoning, Strike, reckon, settle, strike, talk
from tests.wechat_platform import Account, Delivery, Disorder, Platform

CITIZENS = 50
MESSAGES = 10
SEED = 20261123


async def ready(url: str) -> None:
    """Wait until a gateway answers."""
    for _ in range(300):
        with suppress(OSError):
            await asyncio.to_thread(urllib.request.urlopen, url.replace("/wechat", "/healthz"), timeout=2)
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{url} does not start")


async def storm(gateways: list[str], strikes: list[Strike], database: Database, port: int) -> Reckoning:
    chance = random.Random(SEED)
    disorder = Disorder(duplicated=0.1, delayed=0.1, lost=0.05)
    delivery = Delivery(choose="random")
    async with Platform(Account(), gateways, seed=SEED, disorder=disorder, delivery=delivery, port=port) as platform:
        for gateway in gateways:
            await ready(gateway)
        striking = asyncio.create_task(strike(strikes, 9.0, random.Random(SEED)))
        citizens = [talk(platform, number, MESSAGES, random.Random(chance.random())) for number in range(CITIZENS)]
        await asyncio.gather(*citizens)
        striking.cancel()
        await asyncio.gather(striking, return_exceptions=True)
        await platform.settle()
        await settle(database)
        return reckon(platform, database)


def judge(result: Reckoning) -> None:
    assert result.messages == CITIZENS * MESSAGES
    assert result.wrongs == []
    assert result.parked <= result.messages * 0.05, "parking is for the few that nobody can know of"


def test_on_sqlite_with_one_gateway(stack: Stack) -> None:
    database = Database(f"sqlite:///{stack.var}/qinwen.db")
    strikes = [
        Strike("web", lambda: stack.try_kill("qinwen web"), 6, lambda: ready(f"{stack.base_url}/wechat")),
        Strike("actions", lambda: stack.try_kill("actions.server"), 2),
        Strike("engine", lambda: stack.try_kill("rasa run"), 1),
    ]
    judge(asyncio.run(storm([f"{stack.base_url}/wechat"], strikes, database, stack.wechat_port)))
    database.close()
    stack.wait_until_ready()


@pytest.fixture
def two_gateways(stack: Stack, tmp_path, postgres):
    url = postgres()
    manage.migrate(load_settings({**stack.environment, "DATABASE_URL": url}))
    gateways = [Gateway(stack, url, tmp_path, name) for name in ("first", "second")]
    yield url, gateways
    for gateway in gateways:
        gateway.stop()


def test_on_postgresql_with_two_gateways(stack: Stack, two_gateways) -> None:
    url, gateways = two_gateways
    database = Database(url)
    strikes = [
        Strike("first", gateways[0].kill, 3, lambda: ready(gateways[0].url)),
        Strike("second", gateways[1].kill, 3, lambda: ready(gateways[1].url)),
        Strike("actions", lambda: stack.try_kill("actions.server"), 2),
        Strike("engine", lambda: stack.try_kill("rasa run"), 1),
    ]
    judge(asyncio.run(storm([gateway.url for gateway in gateways], strikes, database, stack.wechat_port)))
    database.close()
    stack.wait_until_ready()
