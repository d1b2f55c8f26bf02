"""A citizen says 删除我的记录, on the page or on WeChat: all that is kept of them goes, in one step, and they get a receipt."""

import asyncio
import re
import uuid
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text

from channels.wechat import WechatCarrier
from channels.wechat.server_api import WechatClient
from conversations import Courier, EngineMemory, Hub, Response, Unlimited, find_erasure, make_vault
from conversations.models import Citizen, Message, VaultEntry
from qinwen.replies import Reply
from qinwen.settings import all_settings, load_settings
from qinwen.vocabulary import Outcome
from qinwen.wechat_settings import simulate_account
from retention import make_erasers
from services_backend import CaseTalk, InMemoryBackend, TryLimits
from services_backend.models import CaseBindingRow, CaseKnownRow
from tests.integration.test_wechat_conversation import Server
from tests.unit.services_backend.conftest import LAST4, make_case
from tests.wechat_platform import Account, Platform
from web.case_side import CaseSide
from web.public import make_public_app

SAID = "我叫王小明，电话13812345678，怎么补办"


class Bot:
    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        return Response(Outcome.ANSWERED, (Reply("text", f"答〔{text}〕"),))


@pytest.fixture
def province():
    """The case system with one case; gives it and the code of the case's receipt."""
    backend, case = InMemoryBackend(), make_case()
    backend.add_case(case, LAST4, "王")
    return backend, backend.make_receipt_code(case.number)


@pytest.fixture
def world(tmp_path, ledger_database, province):
    """Everything but the engine, whose memory is there with what it kept of each conversation."""

    @asynccontextmanager
    async def run(**more):
        secrets = {setting.variable: "secret-of-the-tests" for setting in all_settings() if setting.secret}
        settings = load_settings({"QINWEN_VAR": str(tmp_path), "QINWEN_ENCODER": "none", **secrets, **more})
        memory = EngineMemory(settings.tracker_url)
        with memory._engine.begin() as connection:
            connection.execute(
                text("CREATE TABLE tracker_tail (conversation VARCHAR(64) PRIMARY KEY, events TEXT, updated_at DATETIME)")
            )
        client = WechatClient(settings, ledger_database) if settings.wechat_mode != "off" else None
        talk = CaseTalk(province[0], ledger_database, settings.personal_secret, TryLimits())
        hub = Hub(
            ledger_database,
            Bot(),
            Unlimited(),
            3600,
            {"wechat": WechatCarrier(client)} if client else {},
            cases=CaseSide(talk),
            erasers=make_erasers(settings, memory),
            vault=make_vault(settings),
        )
        courier = asyncio.create_task(Courier(hub).run())
        try:
            yield settings, hub, memory, client
        finally:
            courier.cancel()
            await asyncio.gather(courier, return_exceptions=True)
            memory.close()
            if client:
                await client.close()

    return run


def remember(settings, memory, database):
    """Put in place what the engine and the channel keep of the one citizen there is."""
    with database.session() as session:
        citizen = session.scalar(select(Citizen.id))
        conversations = session.scalars(text("SELECT id FROM conversation")).all()
    with memory._engine.begin() as connection:
        for one in conversations:
            connection.execute(text("INSERT INTO tracker_tail VALUES (:one, '[]', '2026-01-01')"), {"one": one})
    folder = settings.var / "media"
    folder.mkdir()
    (folder / f"{citizen}-{'0' * 32}.jpeg").write_bytes(b"picture")


def judge(settings, memory, database, receipt):
    """See that everything is gone but the receipt, which says how much it was."""
    for words in ("条聊天消息", "2 项个人信息", "1 段对话的短期记忆", "1 个身份绑定", "1 件办件的最近状态", "1 张图片和语音"):
        assert words in receipt
    code = re.search(r"回执编号 (\w{8})", receipt)[1]
    with database.session() as session:
        assert find_erasure(session, code).reason == "asked"
        for model in (VaultEntry, CaseBindingRow, CaseKnownRow):
            assert session.scalars(select(model)).all() == []
        left = [words for words in session.scalars(select(Message.text)) if words]
    assert all("已经删除" in words or "办件系统里，不受影响" in words for words in left)
    with memory._engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM tracker_tail")).scalar() == 0
    assert list((settings.var / "media").iterdir()) == []


async def test_on_the_page(world, province, ledger_database):
    async with (
        world() as (settings, hub, memory, _),
        TestClient(TestServer(make_public_app(settings, hub, Unlimited()))) as client,
    ):
        token = (await (await client.post("/api/chat/sessions")).json())["token"]
        header = {"Authorization": f"Bearer {token}"}

        async def say(words):
            body = {"text": words, "message_id": uuid.uuid4().hex}
            answer = await client.post("/api/chat/messages", json=body, headers=header)
            return "\n".join(reply["text"] for reply in (await answer.json())["replies"])

        await say(SAID)
        assert "绑定好了" in await say(f"绑定码 {province[1]}")
        await say("我的办件")
        remember(settings, memory, ledger_database)
        receipt = await say("确定删除我的记录")
        judge(settings, memory, ledger_database, receipt)
        shown = await (await client.get("/api/chat/messages", headers=header)).json()
        assert ["已经删除" in message["reply"]["text"] for message in shown["messages"]] == [True, False]
        assert "答〔你好〕" in await say("你好"), "the citizen goes on"


async def test_on_wechat(world, province, ledger_database):
    async with Platform(Account(), [], seed=7) as platform:
        account = {**simulate_account({"QINWEN_WECHAT_SIMULATOR": "on"}), "QINWEN_WECHAT_API_URL": platform.api_url}
        async with world(**account) as (settings, hub, memory, client):
            server = Server(make_public_app(settings, hub, Unlimited(), client))
            await server.start_server()
            platform.gateways.append(str(server.make_url("/wechat")))
            phone = platform.phone("oErased")
            try:
                for count, words in enumerate((SAID, f"绑定码 {province[1]}", "我的办件"), 1):
                    await phone.says(words)
                    await phone.wait_for(count)
                remember(settings, memory, ledger_database)
                await phone.says("确定删除我的记录")
                await phone.wait_for(4)
                judge(settings, memory, ledger_database, phone.received[-1].text)
                await phone.says("你好")
                await phone.wait_for(5)
                assert phone.received[-1].text == "答〔你好〕", "the citizen goes on"
            finally:
                await server.close()
