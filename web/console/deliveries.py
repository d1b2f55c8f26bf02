"""The page of pushed messages: what became of each and why, and what staff may do with one that is stuck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from channels.wechat.server_api import CircuitState, explain
from conversations import (
    STATES,
    DeliveryUnknown,
    count_deliveries,
    give_up_delivery,
    list_deliveries,
    requeue_delivery,
)
from conversations.commands import STATE_TITLES
from staff import Permission, record
from web.console.access import member_of
from web.console.forms import text_of
from web.console.modules import Module, NavEntry, Route, needs
from web.console.pages import change, redirect, render, transact
from web.wechat_metrics import clock_skew

_SIZE = 50
_ID_DIGITS = 16
# A push arrives within seconds of its timestamp; this far off, our own clock is wrong.
_MUCH_SKEW = 30
_WAYS = {"reply": "随提问答复", "push": "客服消息"}
# What our own side says; the platform's codes have a table of their own.
_REASONS = {
    "allowance": "能主动发的条数或时间用完了，市民下次说话时一起给。",
    "unknown": "不知道市民收到没有，不会自己再发一遍。问过市民，或确定没收到，再点重发。",
    "channel_off": "这个渠道现在没有开。",
    "no_customer_messages": "这个账号不能主动发消息，市民下次说话时给。",
    "notified": "已发订阅通知，全文等市民下次说话时一起给。",
    "notice_refused": "通知的内容不合模板的要求，没有发；全文等市民下次说话时一起给。",
    "not_pushable": "这一条没有文字，推送不了，市民下次说话时给。",
    "erased": "市民离开或要求删除了记录。",
    "staff": "工作人员放弃的。",
}
Troubles = Callable[[], Sequence[CircuitState]]
Skew = Callable[[], float | None]


def reason_words(reason: str | None) -> str:
    """Give a delivery's reason in words."""
    return (_REASONS.get(reason) or explain(reason).staff) if reason else ""


def make_module(troubles: Troubles | None, skew: Skew = clock_skew) -> Module:
    """Give the module.

    Args:
        troubles: lists what stands still at the platform; None where nothing is pushed to it.
        skew: how far our clock is from the platform's, in seconds; None when it is not known.
    """

    async def show(request: web.Request) -> web.Response:
        """Show deliveries, the newest first: `GET /deliveries?state=&citizen=&below=`."""
        query = request.query
        state = query.get("state", "") if query.get("state") in STATES else ""
        citizen, below = text_of(query, "citizen"), query.get("below", "")
        before = int(below) if below.isascii() and below.isdigit() and len(below) < _ID_DIGITS else None

        def read(session: Session) -> tuple[dict[str, int], list[object]]:
            rows = list_deliveries(session, state or None, citizen or None, before, _SIZE + 1)
            return dict(count_deliveries(session)), list(rows)

        counts, rows = await transact(request, read)
        given = {name: value for name, value in (("state", state), ("citizen", citizen)) if value}
        last = rows[_SIZE - 1] if len(rows) > _SIZE else None
        return render(
            request,
            "deliveries.html",
            title="消息投递",
            rows=rows[:_SIZE],
            counts=counts,
            titles=STATE_TITLES,
            ways=_WAYS,
            chosen={"state": state, "citizen": citizen},
            reason_of=reason_words,
            pushing=troubles is not None,
            troubles=troubles() if troubles else (),
            skew=skew(),
            much_skew=_MUCH_SKEW,
            newest=before is None,
            latest=urlencode(given),
            older=urlencode({**given, "below": last.id}) if last else "",  # type: ignore[attr-defined]
        )

    return Module(
        routes=(
            Route("GET", "/deliveries", show, needs(Permission.DELIVERIES_READ)),
            Route("POST", "/deliveries/{delivery}/requeue", requeue, needs(Permission.DELIVERIES_HANDLE)),
            Route("POST", "/deliveries/{delivery}/give-up", give_up, needs(Permission.DELIVERIES_HANDLE)),
        ),
        nav=(NavEntry("消息投递", "/deliveries", Permission.DELIVERIES_READ, "管理"),),
        actions={"delivery_requeued": "重发消息", "delivery_given_up": "放弃消息"},
        statuses={DeliveryUnknown: 409},
    )


async def requeue(request: web.Request) -> web.Response:
    """Let a parked or given-up message be pushed again."""
    return await _move(request, requeue_delivery, "delivery_requeued", "已重新排队。条数用完的，等市民下次说话时给。")


async def give_up(request: web.Request) -> web.Response:
    """Give a message up."""
    return await _move(request, give_up_delivery, "delivery_given_up", "已放弃。")


async def _move(request: web.Request, move: Callable[[Session, int], None], action: str, notice: str) -> web.Response:
    text = request.match_info["delivery"]
    if not (text.isascii() and text.isdigit() and len(text) < _ID_DIGITS):
        raise web.HTTPNotFound

    def work(session: Session) -> None:
        move(session, int(text))
        record(session, member_of(request).login, action, f"delivery:{int(text)}")

    await change(request, work)
    return redirect(request, "/deliveries", notice)
