"""Every WeChat message is answered exactly once, or parked with a reason, whatever is killed (issue: WeChat, done-when 3)."""

import asyncio
import random
from contextlib import closing

import pytest

import starting
from qinwen.database import Database
from qinwen.settings import load_settings
from tests.e2e.gateways import Gateway
from tests.e2e.stack import Stack, free_ports
from tests.e2e.wechat_storm import Outage, Reckoning, Strike, ready, reckon, settle, strike, talk
from tests.volume import much
from tests.wechat_platform import Account, Delivery, Disorder, Platform

CITIZENS = much(50, 12)
MESSAGES = 10
SEED = 20261123


async def storm(gateways: list[str], strikes: list[Strike], database: Database, port: int) -> Reckoning:
    chance = random.Random(SEED)
    disorder = Disorder(duplicated=0.1, delayed=0.1, lost=0.05)
    delivery = Delivery(choose="random")
    async with Platform(Account(), gateways, seed=SEED, disorder=disorder, delivery=delivery, port=port) as platform:
        for gateway in gateways:
            await ready(gateway)
        outages: list[Outage] = []
        striking = asyncio.create_task(strike(strikes, 9.0, random.Random(SEED), outages))
        citizens = [talk(platform, number, MESSAGES, random.Random(chance.random())) for number in range(CITIZENS)]
        await asyncio.gather(*citizens)
        striking.cancel()
        await asyncio.gather(striking, return_exceptions=True)
        await platform.settle()
        await settle(database)
        return reckon(platform, database, outages)


def judge(result: Reckoning) -> None:
    assert result.messages == CITIZENS * MESSAGES
    assert result.wrongs == []
    assert result.lost <= max(1, result.messages * 0.005), "only what breaks at the last of three attempts"
    assert result.unreached <= result.messages * 0.2, "a gateway is away for seconds, not for minutes"
    assert result.parked <= result.messages * 0.05, "parking is for the few that nobody can know of"


@pytest.fixture
def two_gateways(stack: Stack, tmp_path, postgres):
    """Two more gateways on a PostgreSQL of their own, which share the stack's engine."""
    url, port = postgres(), free_ports(1)[0]
    environment = {**stack.environment, "DATABASE_URL": url, "QINWEN_WECHAT_API_URL": f"http://127.0.0.1:{port}"}
    starting.migrate(load_settings(environment))
    gateways = [Gateway(environment, tmp_path, name) for name in ("first", "second")]
    yield url, port, gateways
    for gateway in gateways:
        gateway.stop()


def test_every_message_is_answered_once_on_sqlite_and_by_two_gateways_on_postgresql(stack: Stack, two_gateways) -> None:
    url, port, (first, second) = two_gateways
    with closing(Database(f"sqlite:///{stack.var}/qinwen.db")) as one, closing(Database(url)) as many:
        results = reckonings(stack, one, many, first, second, port)
    for result in results:
        judge(result)
    stack.wait_until_ready()


def reckonings(stack: Stack, one: Database, many: Database, first: Gateway, second: Gateway, port: int) -> list[Reckoning]:
    """Hold a storm over the stack and its SQLite, and one over two gateways and PostgreSQL, at the same time."""
    web = f"{stack.base_url}/wechat"
    on_sqlite = [
        Strike(lambda: stack.try_kill("qinwen web"), 6, web),
        Strike(lambda: stack.try_kill("actions.server"), 2),
        Strike(lambda: stack.try_kill("bot.run"), 1),
    ]
    on_postgresql = [Strike(gateway.kill, 1, gateway.url) for gateway in (first, second)]

    async def both() -> list[Reckoning]:
        return await asyncio.gather(
            storm([web], on_sqlite, one, stack.wechat_port), storm([first.url, second.url], on_postgresql, many, port)
        )

    return asyncio.run(both())
