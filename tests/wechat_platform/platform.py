"""The simulated platform: the account, its citizens' phones, the courier to the developer's server and the server API."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from .account import Account
from .api import make_api
from .clock import Clock
from .disorder import Disorder
from .media import MediaStore
from .menu import Menu
from .messages import Fields
from .oauth import Consents
from .phone import Phone
from .pushes import Courier, Delivery
from .quotas import DAILY, SANDBOX_DAILY, Quotas
from .records import Bubble, Call, Fault, Push
from .serials import Serials
from .tokens import Tokens
from .troubles import Troubles


class Platform:
    """A WeChat to test against. Use it as `async with Platform(...) as platform`; it listens on the loopback address.

    Arguments:
        gateways: addresses of the developer's server; `platform.gateways` may be changed at any time.
        seed: decides ids, nonces, salts, gateways, disorder and troubles by chance.
        time_scale: 0.1 makes the five seconds of a push half a second.
        port: of the server API; 0 for any free one.
        control: also serve the control interface `/simulator/…`.
    """

    def __init__(
        self,
        account: Account | None = None,
        gateways: list[str] | None = None,
        *,
        seed: int | str = 1,
        time_scale: float = 1.0,
        delivery: Delivery | None = None,
        disorder: Disorder | None = None,
        port: int = 0,
        control: bool = False,
    ) -> None:
        self.account = account or Account()
        self.seed = seed
        self.clock = Clock(time_scale)
        self.disorder = disorder or Disorder()
        self.serials = Serials(seed)
        self.media = MediaStore(self.clock, seed)
        self.tokens = Tokens(self.clock, seed)
        self.quotas = Quotas(self.clock, daily=dict(SANDBOX_DAILY if self.account.kind == "sandbox" else DAILY))
        self.troubles = Troubles(seed)
        self.menu = Menu()
        self.consents = Consents(self.clock, seed)
        self.templates: dict[str, tuple[str, ...]] = {}
        self.allowed_ips: set[str] | None = None
        self.phones: dict[str, Phone] = {}
        self.calls: list[Call] = []
        self.remarks: list[str] = []
        self.stopping = asyncio.Event()
        self.courier = Courier(
            self.account,
            self.clock,
            self.media,
            gateways if gateways is not None else [],
            delivery or Delivery(),
            seed,
            self._show,
        )
        self._port, self._control = port, control
        self._background: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Platform:  # noqa: PYI034
        self._runner = web.AppRunner(make_api(self, self._control), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stopping.set()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.courier.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """Give what stands for https://api.weixin.qq.com and https://open.weixin.qq.com."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def gateways(self) -> list[str]:
        """Give the list of the developer's servers."""
        return self.courier.gateways

    def phone(self, openid: str) -> Phone:
        """Give a citizen's phone; who is new is a follower who hasn't said anything."""
        if openid not in self.phones:
            self.phones[openid] = Phone(self, openid)
        return self.phones[openid]

    def prepare(self, openid: str, fields: Fields) -> Push:
        """Make a push of a message or event: its id, time and nonce are settled here."""
        stamp = self.clock.stamp()
        head = {"ToUserName": self.account.original_id, "FromUserName": openid, "CreateTime": stamp}
        if fields["MsgType"] != "event":
            fields = fields | {"MsgId": self.serials.next_message_id()}
        return Push(self.serials.next_push(), openid, head | fields, str(stamp), self.serials.draw_nonce())

    async def deliver(self, push: Push, lose: int = 0) -> None:
        """Deliver a push, through the disorder of the network if it is its first time."""
        if push.attempts:
            return await self.courier.deliver(push, lose)
        luck = self.disorder.draw(self.seed, push.number)
        if luck.again is not None:
            self.in_background(self._deliver_late(push, luck.again))
        await self.clock.sleep(luck.delay)
        await self.courier.deliver(push, max(lose, luck.lose))
        return None

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on by itself; `settle` waits for it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Wait until nothing is under way in the background."""
        while self._background:
            await asyncio.gather(*self._background, return_exceptions=True)

    async def _deliver_late(self, push: Push, delay: float) -> None:
        await self.clock.sleep(delay)
        await self.courier.deliver(push)

    def _show(self, openid: str, one: Bubble | Fault) -> None:
        self.phone(openid).note(one)
