"""What comes later on WeChat: the sign that an answer is being written, and notices to who wrote more than 48 hours ago."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update

from channels.wechat import WechatCarrier
from channels.wechat.server_api import WechatClient, make_case_notices
from conversations import Courier, Hub, Response, Unlimited
from conversations.models import Citizen, Delivery
from qinwen.errors import SettingError
from qinwen.replies import Reply
from qinwen.settings import load_settings
from qinwen.vocabulary import Outcome
from qinwen.wechat_settings import read_notice_fields, simulate_account
from tests.integration.test_wechat_conversation import Server
from tests.waiting import until
from tests.wechat_platform import Account, Platform
from web.public import make_public_app

pytestmark = pytest.mark.by_the_clock
FACTS = {"item": "居民身份证换领", "state": "办结", "time": "2026年11月28日 16:20", "number": "SN20261116001723"}


class Held:
    """Answers when it is let go."""

    def __init__(self):
        self.go = asyncio.Event()

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        await self.go.wait()
        return Response(Outcome.ANSWERED, (Reply("text", f"答〔{text}〕"),))


@pytest.fixture
def wechat(tmp_path, ledger_database):
    @asynccontextmanager
    async def run(**more):
        async with Platform(Account(), [], seed=7) as platform:
            settings = load_settings(
                {
                    **simulate_account({"QINWEN_WECHAT_SIMULATOR": "on"}),
                    "QINWEN_VAR": str(tmp_path),
                    "QINWEN_WECHAT_API_URL": platform.api_url,
                    "QINWEN_WECHAT_BUDGET": "0.3",
                    **more,
                },
                secrets_needed=False,
            )
            client = WechatClient(settings, ledger_database)
            notices = make_case_notices(settings, client)
            carrier = WechatCarrier(client, notifier=notices.send if notices else None)
            responder = Held()
            hub = Hub(ledger_database, responder, Unlimited(), 3600, {"wechat": carrier})
            courier = asyncio.create_task(Courier(hub).run())
            server = Server(make_public_app(settings, hub, Unlimited(), client, typing=client.show_typing))
            await server.start_server()
            platform.gateways.append(str(server.make_url("/wechat")))
            try:
                yield platform, hub, responder
            finally:
                responder.go.set()
                courier.cancel()
                await asyncio.gather(courier, return_exceptions=True)
                await client.close()
                await server.close()

    return run


def reasons(database):
    with database.session() as session:
        return [(row.state, row.reason) for row in session.scalars(select(Delivery).order_by(Delivery.id))]


async def test_a_late_answer_shows_that_it_is_being_written_until_it_comes(wechat):
    async with wechat() as (platform, _, responder):
        phone = platform.phone("oLate")
        await phone.says("护照多少钱")
        assert await phone.wait_until(lambda one: one.is_typing)
        responder.go.set()
        assert await phone.wait_for(1)
        assert [bubble.text for bubble in phone.received] == ["答〔护照多少钱〕"]
        assert not phone.is_typing


async def test_an_answer_in_time_shows_nothing(wechat):
    async with wechat(QINWEN_WECHAT_BUDGET="4") as (platform, _, responder):
        responder.go.set()
        phone = platform.phone("oSoon")
        await phone.says("护照多少钱")
        await phone.wait_for(1)
        assert phone.typing == []


async def told_after_48_hours(wechat, database, *, consents, template="T1"):
    """Tell a citizen news of a case whom nothing may be pushed to any more; gives their phone and how it went."""
    async with wechat(QINWEN_WECHAT_NOTICE_TEMPLATE=template) as (platform, hub, responder):
        responder.go.set()
        platform.templates["T1"] = ("thing1", "phrase2", "time3", "character_string4")
        phone = platform.phone("oLongAgo")
        if consents:
            await phone.consents_to("T1")
        await phone.says("你好")
        await phone.wait_for(1)
        await platform.settle()
        with database.session() as session:
            citizen = session.scalar(select(Citizen.id))
            session.execute(update(Citizen).values(push_left=0))
        await hub.tell(citizen, Reply("text", "您的办件办结了。"), lambda _: True, FACTS)
        await until(lambda: reasons(database)[-1][0] == "parked")
        before = len(phone.received)
        said = [bubble.text for bubble in phone.received]
        await phone.says("好的")
        await phone.wait_for(before + 1)
        return said, reasons(database), phone.received[-1].text


async def test_news_after_48_hours_is_a_notice_and_the_words_come_with_the_next_answer(wechat, ledger_database):
    said, rows, last = await told_after_48_hours(wechat, ledger_database, consents=True)
    assert "居民身份证换领" in said[-1]
    assert "办结" in said[-1]
    assert "SN20261116001723" in said[-1]
    assert last == "您的办件办结了。\n\n答〔好的〕"
    assert all(state in {"offered", "sent"} for state, _ in rows)


async def test_without_consent_the_news_waits_for_the_citizen(wechat, ledger_database):
    said, _, last = await told_after_48_hours(wechat, ledger_database, consents=False)
    assert said == ["答〔你好〕"]
    assert last == "您的办件办结了。\n\n答〔好的〕"


async def test_without_a_template_the_news_waits_for_the_citizen(wechat, ledger_database):
    said, _, last = await told_after_48_hours(wechat, ledger_database, consents=True, template="")
    assert said == ["答〔你好〕"]
    assert last == "您的办件办结了。\n\n答〔好的〕"


def test_the_fields_of_the_template_are_read_and_bad_ones_named():
    assert read_notice_fields("thing1=item, phrase2 = state") == {"thing1": "item", "phrase2": "state"}
    for bad in ("", "thing1", "thing1=name", "1=item", "thing1=item,,"):
        with pytest.raises(SettingError, match="QINWEN_WECHAT_NOTICE_FIELDS"):
            read_notice_fields(bad)
