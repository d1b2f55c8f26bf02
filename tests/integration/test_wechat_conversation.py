"""Thirty mixed messages of one citizen through the simulated platform in secure mode: each answer once, in order, on time,
also when a turn takes 3, 6 or 20 seconds (of the platform: its clock runs faster here).
"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer

from channels.wechat import WechatCarrier
from channels.wechat.server_api import WechatClient
from conversations import Courier, Hub, Response, Unlimited
from qinwen.replies import Choice, Reply
from qinwen.settings import load_settings
from qinwen.vocabulary import Outcome
from qinwen.wechat_settings import simulate_account
from tests.databases import make_database
from tests.wechat_platform import Account, Platform
from web.public import make_public_app

pytestmark = pytest.mark.by_the_clock
OPENID = "oThirtyMessages000000000001"
CHOICES = (Choice("首次办理", "选了首次办理"), Choice("到期换证", "选了到期换证"))


class SlowResponder:
    """Answers each text with itself after `seconds`; offers choices where the text asks for them."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.asked = []

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        self.asked.append(text)
        await asyncio.sleep(self.seconds)
        choices = CHOICES if "选项" in text else ()
        return Response(Outcome.ANSWERED, (Reply("choices" if choices else "text", f"答〔{text}〕", choices),))


class Server(TestServer):
    __test__ = False

    async def _make_runner(self, **options):
        return await super()._make_runner(**{**options, "handler_cancellation": False, "access_log": None})


@asynccontextmanager
async def wechat(tmp_path, database, responder, scale, cases=None, show_hub=lambda hub: None):
    """Put the channel together as the web process does, with the platform against it; gives the citizen's phone."""
    async with Platform(Account(), [], seed=7, time_scale=scale) as platform:
        settings = load_settings(
            {
                **simulate_account({"QINWEN_WECHAT_SIMULATOR": "on"}),
                "QINWEN_VAR": str(tmp_path),
                "QINWEN_WECHAT_API_URL": platform.api_url,
                "QINWEN_WECHAT_BUDGET": str(4.0 * scale),
            },
            secrets_needed=False,
        )
        client = WechatClient(settings, database)
        hub = Hub(database, responder, Unlimited(), 3600, {"wechat": WechatCarrier(client)}, cases=cases)
        show_hub(hub)
        courier = asyncio.create_task(Courier(hub).run())
        server = Server(make_public_app(settings, hub, Unlimited(), client))
        await server.start_server()
        platform.gateways.append(str(server.make_url("/wechat")))
        try:
            yield platform.phone(OPENID)
        finally:
            courier.cancel()
            await asyncio.gather(courier, return_exceptions=True)
            await client.close()
            await server.close()


async def talk(phone):
    """Say thirty things of every kind, each after the answer to the last as people do; returns the words that must come."""
    expected = []

    async def act(done, answer):
        expected.append(answer)
        await done
        await phone.wait_for(len(expected))

    async def say(text):
        await act(phone.says(text), f"答〔{text}〕")

    await act(phone.follows(), "我是秦问")
    for number in range(1, 6):
        await say(f"第{number}问")
    await say("给我选项")
    await act(phone.says("２"), "答〔选了到期换证〕")
    await act(phone.sends_voice("语音里的话"), "答〔语音里的话〕")
    await act(phone.sends_image(), "图片收到了")
    await act(phone.sends_location(34.26, 108.95, "西安市碑林区"), "您发的位置在西安市")
    await phone.enters(34.26, 108.95)  # where the citizen is when they open the chat: nothing to answer
    await say("👍🏻👨‍👩‍👧 表情")
    await act(phone.says("/restart"), "restart〕")
    # Three in a second, each a moment after the other, without waiting for an answer.
    burst = []
    for number in range(3):
        expected.append(f"答〔连发{number}〕")
        burst.append(asyncio.create_task(phone.says(f"连发{number}")))
        await asyncio.sleep(0.03)
    await asyncio.gather(*burst)
    await phone.wait_for(len(expected))
    await say("这一句会推送两遍")
    await phone.says_again_same_id()
    await act(phone.sends_voice(None), "语音")
    await act(phone.sends_sticker(), "")
    await act(phone.sends_video(), "")
    await act(phone.taps("ASK_PLACE"), "答〔去哪儿办事〕")
    for number in range(6, 17):
        await say(f"第{number}问")
    return expected


async def hold_thirty(folder, seconds, scale):
    """Have the conversation with turns that take so many of the platform's seconds; gives what was wrong."""
    folder.mkdir()
    database = make_database(folder / "ledger.db")
    responder = SlowResponder(seconds * scale)
    async with wechat(folder, database, responder, scale) as phone:
        expected = await talk(phone)
        await asyncio.sleep(0.5)  # for one too many
        shown = phone.received
    database.close()
    about = f"turns of {seconds} s"
    assert phone.faults == [], f"{about}: the citizen saw the platform's banner"
    results = {attempt.result for push in phone.pushes for attempt in push.attempts}
    if scale == 1.0:  # where time is squeezed, one of the three attempts may be missed without harm
        assert results <= {"reply", "nothing"}, f"{about}: each attempt was answered within five seconds"
    assert all(push.answered for push in phone.pushes), about
    assert len([push for push in phone.pushes if push.is_message]) >= 30
    assert len(shown) == len(expected), (about, [bubble.text[:20] for bubble in shown])
    for bubble, words in zip(shown, expected, strict=True):
        assert words in bubble.text, about
    assert len(responder.asked) == len(set(responder.asked)), f"{about}: no turn ran twice"
    pushed = [bubble for bubble in shown if bubble.way == "customer"]
    assert bool(pushed) == (seconds > 0), f"{about}: only what is late is pushed"


async def test_thirty_messages_are_each_answered_once_in_order_and_on_time(tmp_path):
    # All at once, since they mostly wait: so the platform's clock need not run faster than a busy machine can follow.
    ways = ((0, 1.0), (3, 0.2), (6, 0.15), (20, 0.1))
    await asyncio.gather(*(hold_thirty(tmp_path / str(seconds), seconds, scale) for seconds, scale in ways))
