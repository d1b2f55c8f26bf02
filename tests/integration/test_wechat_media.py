"""Pictures and voices from WeChat, through the simulator: they reach the agent who has the conversation, and nobody else."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.wechat import WechatCarrier
from channels.wechat.server_api import WechatClient, discard_media, media_folder, purge_media
from conversations import Fetcher, Hub, Unlimited
from conversations.models import AttachmentRow
from desk import Desk, HandoffReason, HandoffRequest, Presence, hours_from_json, list_queue, save_desk, set_presence
from desk import staff_desk as put_at_desk
from qinwen.clock import now
from qinwen.settings import all_settings, load_settings
from qinwen.wechat_settings import simulate_account
from retention import EngineMemory, make_erasers
from staff import AuditFilter, Role, find_rows
from tests.console_parts import console_parts
from tests.integration.test_wechat_conversation import Server
from tests.staffing import Browser, hash_quickly, make_member
from tests.wechat_platform import Account, Platform
from web.health import CHECKS
from web.public import make_public_app
from web.staff import make_staff_app

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
PICTURE = b"\xff\xd8\xff\xe0" + bytes(200)
OPENID = "oPicture"


class World:
    """A citizen on WeChat, an agent, and all between them."""

    def __init__(self, platform, settings, hub, desk, fetcher, database, browser):
        self.platform, self.settings, self.hub, self.desk = platform, settings, hub, desk
        self.fetcher, self.database, self.browser = fetcher, database, browser
        self.phone = platform.phone(OPENID)
        self.handling = None

    async def hand_over(self):
        """Have Wang take the conversation."""
        citizen = await self.hub.find_citizen("wechat", OPENID)
        conversation = (await self.hub.messages_after(citizen, None))[-1]["conversation"]
        await self.desk.hand_over(HandoffRequest(conversation, citizen, HandoffReason.ASKED, "转人工"))
        [self.handling] = await self.desk.do(lambda s: list_queue(s, ["one"]))
        await self.browser.send(f"/desk/handlings/{self.handling.id}/claim")

    async def page(self):
        await self.browser.get(f"/desk/handlings/{self.handling.id}")
        return self.browser.text

    @property
    def numbers(self):
        with self.database.session() as session:
            return list(session.scalars(select(AttachmentRow.message_id).order_by(AttachmentRow.message_id)))

    @property
    def states(self):
        with self.database.session() as session:
            return list(session.scalars(select(AttachmentRow.state).order_by(AttachmentRow.message_id)))

    @property
    def files(self):
        folder = media_folder(self.settings)
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def media(self, number, more=""):
        return f"/desk/handlings/{self.handling.id}/media/{number}{more}"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def world(tmp_path, ledger_database, responder, service_desk, aiohttp_client):
    @asynccontextmanager
    async def run(*, account=True):
        async with Platform(Account(), [], seed=3) as platform:
            secrets = {one.variable: "secret-of-the-tests" for one in all_settings() if one.secret}
            simulated = simulate_account({"QINWEN_WECHAT_SIMULATOR": "on"})
            own = {"QINWEN_VAR": str(tmp_path), "QINWEN_ENCODER": "none", "QINWEN_WECHAT_API_URL": platform.api_url}
            settings = load_settings({**secrets, **simulated, **own})
            client = WechatClient(settings, ledger_database)
            memory = EngineMemory(settings.tracker_url)
            hub = Hub(
                ledger_database,
                responder,
                Unlimited(),
                3600,
                {"wechat": WechatCarrier(client)},
                desk=service_desk,
                erasers=make_erasers(settings, memory),
            )
            service_desk.connect(hub.within)
            fetcher = Fetcher(hub, client if account else None, lambda name: discard_media(media_folder(settings), name))
            server = Server(make_public_app(settings, hub, Unlimited(), client))
            await server.start_server()
            platform.gateways.append(str(server.make_url("/wechat")))
            with ledger_database.session() as session:
                save_desk(session, Desk("one", "一号服务台", "610000", ALWAYS))
                save_desk(session, Desk("two", "二号服务台", "610000", ALWAYS))
            for name, desk in (("wang", "one"), ("liang", "two")):
                member = make_member(ledger_database, name, Role.AGENT)
                with ledger_database.session() as session:
                    put_at_desk(session, desk, member.id)
                    set_presence(session, member.id, Presence.ONLINE, now())
            app = make_staff_app(settings, ledger_database, console_parts(settings, ledger_database, service_desk, hub))
            app[CHECKS] = {}
            browser = Browser(await aiohttp_client(app))
            await browser.sign_in("wang")
            try:
                yield World(platform, settings, hub, service_desk, fetcher, ledger_database, browser)
            finally:
                service_desk.bell.close()
                await client.close()
                await server.close()
                memory.close()

    return run


async def test_a_picture_reaches_the_agent_also_one_from_before_they_came(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        assert await one.fetcher.fetch_wanted() == 0, "nobody would look at it yet"
        assert one.states == ["noted"]
        await one.hand_over()
        assert "在坐席接入以后才从微信取" in await one.page()
        await one.phone.sends_image(PICTURE)
        assert await one.fetcher.fetch_wanted() == 2
        assert one.states == ["stored", "stored"]
        page = await one.page()
        for number in one.numbers:
            assert f'<img src="{one.media(number)}" alt="市民发来的图片' in page
            answer = await one.browser.client.get(one.media(number))
            assert answer.status == 200
            assert await answer.read() == PICTURE
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert await one.fetcher.fetch_wanted() == 0


async def test_a_voice_reaches_the_agent_to_be_downloaded(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.hand_over()
        await one.phone.sends_voice()
        await one.fetcher.fetch_wanted()
        [number] = one.numbers
        shown = await (await one.browser.client.get(one.media(number, "/shown"))).text()
        assert "下载语音" in shown
        answer = await one.browser.client.get(one.media(number))
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_picture_is_only_for_who_may_see_the_conversation(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        await one.fetcher.fetch_wanted()
        [number] = one.numbers
        assert (await one.browser.client.get(one.media(number + 1))).status == 404
        one.browser.client.session.cookie_jar.clear()
        other = Browser(one.browser.client)
        await other.sign_in("liang")
        for more in ("", "/shown"):
            assert (await other.get(one.media(number, more))).status == 403
        assert (await other.send(f"/conversations/{one.handling.conversation}/{number}/media", reason="想看一看")).status == 403


async def test_in_the_transcript_a_picture_is_shown_for_a_reason_and_that_is_audited(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        await one.fetcher.fetch_wanted()
        [number] = one.numbers
        make_member(one.database, "boss", Role.SUPERVISOR)
        one.browser.client.session.cookie_jar.clear()
        boss = Browser(one.browser.client)
        await boss.sign_in("boss")
        await boss.get(f"/conversations/{one.handling.conversation}")
        assert "查看图片" in boss.text
        address = f"/conversations/{one.handling.conversation}/{number}/media"
        assert (await boss.send(address, reason="")).status == 422
        await boss.get(f"/conversations/{one.handling.conversation}")
        answer = await boss.client.post(address, data={"reason": "核对投诉", "csrf_token": boss.token})
        assert await answer.read() == PICTURE
        with one.database.session() as session:
            [row] = find_rows(session, AuditFilter(action="personal_data_revealed"))
        assert row.detail["kind"] == "图片"
        await boss.get(f"/supervise/conversations/{one.handling.id}")
        assert f'src="{one.media(number)}"' in boss.text


async def test_what_is_no_picture_is_not_kept_and_the_agent_is_told_why(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.hand_over()
        await one.phone.sends_image(b"MZ this is a program")
        await one.fetcher.fetch_wanted()
        assert one.states == ["failed"]
        assert one.files == []
        assert "图片没有取到：收到的不是能看的图片" in await one.page()
        assert (await one.browser.client.get(one.media(one.numbers[0]))).status == 404


async def test_what_can_not_be_fetched_now_is_tried_again(world, ledger_database):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.hand_over()
        await one.phone.sends_image(PICTURE)
        fetch, one.fetcher._source = one.fetcher._source, Broken()
        await one.fetcher.fetch_wanted()
        assert one.states == ["fetching"]
        assert "正在取图片" in await one.page()
        assert await one.fetcher.fetch_wanted() == 0, "not at once again"
        with ledger_database.session() as session:
            session.execute(update(AttachmentRow).values(next_at=now()))
        one.fetcher._source = fetch
        await one.fetcher.fetch_wanted()
        assert one.states == ["stored"]


class Broken:
    """A platform that does not answer for now."""

    async def fetch_media(self, media_id, kind, citizen=""):
        from channels.wechat.server_api.answers import failed

        raise failed("not_connected")


async def test_what_is_older_than_the_platform_keeps_it_is_said_to_be_gone(world, ledger_database):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        with ledger_database.session() as session:
            session.execute(update(AttachmentRow).values(created_at=now() - timedelta(days=4)))
        assert await one.fetcher.fetch_wanted() == 0
        assert "超过三天" in await one.page()


async def test_without_an_account_it_is_said(world):
    async with world(account=False) as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        await one.fetcher.fetch_wanted()
        assert "没有配置公众号的接口密钥" in await one.page()


async def test_after_its_time_a_picture_is_gone_and_the_page_says_so(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        await one.fetcher.fetch_wanted()
        assert len(one.files) == 1
        # The job itself is tried in test_retention; here it would sign the agent out as well.
        purge_media(media_folder(one.settings), now() + timedelta(seconds=1), dry_run=False)
        assert one.files == []
        assert "图片已经过了保留期，删除了。" in await one.page()
        assert (await one.browser.client.get(one.media(one.numbers[0]))).status == 404


async def test_who_is_erased_leaves_no_picture_also_none_that_was_on_its_way(world):
    async with world() as one:
        await one.phone.says("护照多少钱")
        await one.phone.sends_image(PICTURE)
        await one.hand_over()
        await one.fetcher.fetch_wanted()
        await one.phone.sends_image(PICTURE)

        client = one.fetcher._source

        class Late:
            """Brings the file when the citizen was erased already."""

            async def fetch_media(self, media_id, kind, citizen=""):
                await one.hub.forget(citizen)
                assert one.files == []
                return await client.fetch_media(media_id, kind, citizen)

        one.fetcher._source = Late()
        assert await one.fetcher.fetch_wanted() == 1
        assert one.numbers == []
        assert one.files == []
