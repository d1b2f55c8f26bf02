"""The webhook of the WeChat Official Account, on the public port at `/wechat` (wechat.md §1 to §3, §6).

A push of a citizen's message: `POST /wechat?signature=9f…&timestamp=1714112445&nonce=415670741&openid=o9Ag…` with
`<xml><ToUserName>gh_…</ToUserName><FromUserName>o9Ag…</FromUserName><CreateTime>1714112445</CreateTime>
<MsgType>text</MsgType><Content>护照多少钱</Content><MsgId>24567890123456789</MsgId></xml>`; in secure mode inside `Encrypt`.
The platform waits 5 s and asks three times. What is not proven to be its own gets 403 and learns nothing; what is, gets 200.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from channels.wechat import (
    CHANNEL,
    CodeExchange,
    Consent,
    DeskSession,
    Noted,
    PushIgnored,
    PushRefused,
    Said,
    SendingResult,
    push_key,
    understand,
    words,
)
from conversations import (
    CitizenMessage,
    Hub,
    LedgerUnavailable,
    MessageRefused,
    Offer,
    Part,
    Received,
    SessionUnknown,
    TokenBuckets,
    TooBusy,
    TooManyMessages,
)
from qinwen.log import logger
from qinwen.settings import Settings
from web.wechat_door import Door, Letter
from web.wechat_guards import BodyRefused, Orders, Recent
from web.wechat_login import Login
from web.wechat_metrics import PUSHES, UNUSABLE

log = logger(__name__)
PATH = "/wechat"
_NOTICES_PER_MINUTE = 1
_REMEMBERED = 10_000
_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
Event = DeskSession | SendingResult | Consent
Note = Callable[[Event], Awaitable[None]]
Typing = Callable[[str], Awaitable[object]]


class Webhook:
    """Answers the platform.

    Args:
        door: reads requests and seals replies.
        hub: where citizens' messages go.
        budget: how many seconds after a push began its reply must be ready; later it is pushed.
        note: takes what the platform tells us beside messages; by default it is only logged.
        typing: shows a citizen that an answer is being written.
    """

    def __init__(self, door: Door, hub: Hub, budget: float, note: Note | None = None, typing: Typing | None = None) -> None:
        self._door, self._hub, self._budget, self._note, self._typing = door, hub, budget, note, typing
        self._showing: set[asyncio.Task[None]] = set()
        self._orders = Orders()
        self._slow_down = TokenBuckets(_NOTICES_PER_MINUTE)
        # Whoever was taken is not turned away when the platform asks again.
        self._taken = Recent(_REMEMBERED)

    async def verify(self, request: web.Request) -> web.Response:
        """Prove to the console that this address is ours: `GET /wechat?signature&timestamp&nonce&echostr` → the echostr."""
        try:
            echo = self._door.check_address(request)
        except (PushRefused, BodyRefused) as error:
            return _refuse(error)
        return web.Response(text=echo, content_type="text/plain", headers=_NOSNIFF)

    async def push(self, request: web.Request) -> web.StreamResponse:
        """Take one push; the answer within the budget, else `success` and the answer later."""
        began = time.monotonic()
        try:
            letter = await self._door.let_in(request)
        except (PushRefused, BodyRefused) as error:
            return _refuse(error)
        except PushIgnored as error:
            _count(error.reason)
            return _acknowledge()
        meaning = understand(letter.push)
        if isinstance(meaning, Said):
            PUSHES.labels(kind="prepared" if meaning.prepared else "text").inc()
            return await self._answer(request, letter, meaning, began)
        PUSHES.labels(kind="event").inc()
        if isinstance(meaning, Noted):
            await self._take_note(meaning.event)
        elif meaning == "left":
            return await self._forget(letter)
        return _acknowledge()

    async def _answer(self, request: web.Request, letter: Letter, said: Said, began: float) -> web.StreamResponse:
        openid = letter.push.head.openid
        received: Received | None = None
        offer = Offer()
        try:
            # Messages of one citizen reach the hub in the order they came, whatever the database does in between.
            key = push_key(letter.push)
            if (openid, key) not in self._taken:
                self._hub.require_room()
            async with self._orders.hold(openid):
                citizen = await self._hub.open_citizen(CHANNEL, openid)
                message = CitizenMessage(citizen, key, said.text, said.prepared, said.allowance, sent=said.sent)
                received = await self._hub.receive(message, CHANNEL)
                self._taken.add((openid, key))
            offer = await self._hub.answer_within(received, max(0.0, began + self._budget - time.monotonic()))
        except TooManyMessages:
            _count("too_many_messages")
            offer = Offer(_text(words().slow_down) if self._slow_down.allow(openid) else None)
        except (LedgerUnavailable, MessageRefused, TooBusy) as error:
            _count(error.code)
            # Once it was taken the turn goes on, and its answer is pushed: an excuse would be one answer too many.
            offer = Offer(_text(error.message) if received is None else None)
        except Exception:
            # An error page would show the citizen the platform's own "out of order" banner.
            log.exception("wechat_push_failed")
            _count("internal")
            offer = Offer(_text(words().broken) if received is None else None)
        if offer.part is None:
            if received is not None and not received.task.done():
                self._show_typing(openid, received)
            return _acknowledge()
        reply = web.Response(text=self._door.seal(letter, offer.part), content_type="text/xml", headers=_NOSNIFF)
        return reply if received is None else await self._write(request, reply, received, offer)

    def _show_typing(self, openid: str, received: Received) -> None:
        """Show that an answer is being written, beside the acknowledgement, which must not wait for it."""
        if self._typing is None:
            return

        async def show(typing: Typing) -> None:
            try:
                await typing(openid)
            except Exception:
                log.exception("wechat_typing_not_shown", turn=received.turn)

        task = asyncio.create_task(show(self._typing))
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)

    async def _write(self, request: web.Request, reply: web.Response, received: Received, offer: Offer) -> web.Response:
        try:
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError
            await reply.prepare(request)
            await reply.write_eof()
        except ConnectionError:
            log.info("wechat_reply_not_taken", turn=received.turn)
            await self._report(self._hub.withdraw(received, offer))
        else:
            await self._report(self._hub.confirm(received))
        return reply

    async def _report(self, report: Awaitable[None]) -> None:
        try:
            await asyncio.shield(report)
        except LedgerUnavailable:
            # The lease on the delivery ends by itself; the courier finds it then.
            log.warning("wechat_delivery_not_recorded")

    async def _forget(self, letter: Letter) -> web.Response:
        try:
            await self._hub.forget(await self._hub.find_citizen(CHANNEL, letter.push.head.openid))
        except SessionUnknown:
            pass  # Nothing is known of them; the platform may tell us twice.
        except LedgerUnavailable as error:
            # Not acknowledged, so that the platform tells us again.
            _count(error.code)
            return web.Response(status=503)
        return _acknowledge()

    async def _take_note(self, event: Event) -> None:
        log.info("wechat_event_noted", event_kind=event.event)
        if self._note is not None:
            try:
                await self._note(event)
            except Exception:
                log.exception("wechat_event_not_noted", event_kind=event.event)


def make_wechat_routes(
    settings: Settings,
    hub: Hub,
    exchange: CodeExchange | None = None,
    note: Note | None = None,
    clock: Callable[[], float] = time.time,
    typing: Typing | None = None,
) -> list[web.RouteDef]:
    """Give the channel's routes for the public application; none when the channel is off.

    Args:
        settings: the account and its mode.
        hub: where citizens' messages go.
        exchange: exchanges the codes of web authorisation; without, the page opens without the citizen's identity.
        note: takes what the platform tells us beside messages.
        clock: our own time, seconds since 1970.
        typing: shows a citizen that a late answer is being written; without, nothing is shown.
    """
    if settings.wechat_mode == "off":
        return []
    webhook = Webhook(Door(settings, clock), hub, settings.wechat_budget, note, typing)
    login = Login(settings, hub, exchange)
    return [
        web.get(PATH, webhook.verify, allow_head=False),
        web.post(PATH, webhook.push),
        web.get(f"{PATH}/oauth/start", login.start, allow_head=False),
        web.get(f"{PATH}/oauth/callback", login.finish, allow_head=False),
    ]


def _text(sentence: str) -> Part:
    return {"kind": "text", "text": sentence}


def _refuse(error: PushRefused | BodyRefused) -> web.Response:
    _count(error.reason)
    response = web.Response(status=error.status)
    if isinstance(error, BodyRefused):
        response.force_close()
    return response


def _count(reason: str) -> None:
    UNUSABLE.labels(reason=reason).inc()
    log.warning("wechat_push_not_taken", reason=reason)


def _acknowledge() -> web.Response:
    return web.Response(text="success", content_type="text/plain", headers=_NOSNIFF)
