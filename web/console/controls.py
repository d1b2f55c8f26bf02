"""The page of emergency controls: a banner, a uniform answer, the bot's off switch; what holds, what is planned, what was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import (
    LONGEST_REASON,
    LONGEST_TEXT,
    Control,
    ControlKind,
    ControlOver,
    ControlRefused,
    NewControl,
    answer_by_rule,
    in_force,
    list_controls,
    matching,
    start_control,
    stop_control,
)
from qinwen.clock import SHAANXI, now
from qinwen.errors import QinwenError
from staff import Member, Permission, may, record
from web.console.access import member_of
from web.console.forms import moment_of, text_of
from web.console.modules import Module, NavEntry, Route, Tile, needs
from web.console.pages import change, redirect, render, transact

_SIZE = 30
_DIGITS = 10
_ABOUT = {
    ControlKind.BANNER: "聊天页顶上一直显示；微信里每个会话说一次，放在第一条回答前面。",
    ControlKind.ANSWER: "问到这件事的人都得到同一个答复，马上生效，不用训练。险情仍然先给报警电话。",
    ControlKind.BOT_OFF: "机器人不再回答，如实说暂停到什么时候；市民的话照样记下，坐席正接待的会话不受影响，要人工照样能转。",
}
_STATES = {"planned": "未到时间", "active": "生效中", "stopped": "提前结束", "over": "到期结束"}
_HOURS = {ControlKind.BANNER: 24, ControlKind.ANSWER: 8, ControlKind.BOT_OFF: 2}
_NOTICES = {
    ControlKind.BANNER: "公告已经登上。",
    ControlKind.ANSWER: "统一答复已经生效，下一个问题就用它。",
    ControlKind.BOT_OFF: "机器人已停用。",
}


async def show(request: web.Request) -> web.Response:
    """Show what holds and what was: `GET /controls?below=`; with `try`, what a question gets now."""
    return await _page(request)


async def start(request: web.Request) -> web.Response:
    """Put a control in force: `POST /controls/{kind}` `text=…&wordings=…&reason=…&starts_at=…&ends_at=…`."""
    kind = _kind_of(request)
    form, actor = await request.post(), member_of(request)

    def begin(session: Session) -> None:
        new = _read(kind, form)
        number = start_control(session, new, actor.login, now())
        detail = {"kind": kind.label, "until": new.ends_at.astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M"), "reason": new.reason}
        record(session, actor.login, "control_started", f"control:{number}", detail)

    try:
        await change(request, begin)
    except ControlRefused as error:
        return await _page(request, kind, form, error)
    return redirect(request, "/controls", _NOTICES[kind])


async def stop(request: web.Request) -> web.Response:
    """End a control before its time: `POST /controls/{control}/stop`."""
    text = request.match_info["control"]
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise web.HTTPNotFound

    def end(session: Session) -> Control:
        ended = stop_control(session, int(text), member_of(request).login, now())
        record(session, member_of(request).login, "control_stopped", f"control:{ended.id}", {"kind": ended.kind.label})
        return ended

    ended = await change(request, end)
    words = "机器人已恢复回答。" if ended.kind is ControlKind.BOT_OFF else f"{ended.kind.label}已结束。"
    return redirect(request, "/controls", words)


async def _page(
    request: web.Request,
    wrong: ControlKind | None = None,
    form: Mapping[str, Any] | None = None,
    error: QinwenError | None = None,
) -> web.Response:
    below, question = request.query.get("below", ""), text_of(request.query, "try")[:500]
    before = int(below) if below.isascii() and below.isdigit() and len(below) < _DIGITS else None
    moment = now()

    def read(session: Session) -> dict[str, Any]:
        active = in_force(session, moment)
        ruled = answer_by_rule(active, question) if question else None
        return {
            "present": list_controls(session, moment, past=False),
            "past": list_controls(session, moment, past=True, below=before, size=_SIZE + 1),
            "bot_off": active.bot_off,
            "hit": matching(active.answers, question) if question else None,
            "tried": ruled.replies[0].text if ruled else "",
        }

    found = await transact(request, read)
    past = found.pop("past")
    return render(
        request,
        "controls.html",
        status=422 if error else 200,
        title="紧急控制",
        kinds=list(ControlKind),
        about=_ABOUT,
        states=_STATES,
        longest=LONGEST_TEXT,
        longest_reason=LONGEST_REASON,
        values={kind: _values(kind, form if kind is wrong else None) for kind in ControlKind},
        wrong=wrong,
        error=error,
        moment=moment,
        question=question,
        past=past[:_SIZE],
        older=past[_SIZE - 1].id if len(past) > _SIZE else None,
        newest=before is None,
        **found,
    )


def _kind_of(request: web.Request) -> ControlKind:
    try:
        return ControlKind(request.match_info["kind"])
    except ValueError as error:
        raise web.HTTPNotFound from error


def _read(kind: ControlKind, form: Mapping[str, Any]) -> NewControl:
    starts_at = moment_of(form, "starts_at")
    if starts_at is None and text_of(form, "starts_at"):
        raise ControlRefused("开始时间看不懂。")
    ends_at = moment_of(form, "ends_at")
    if ends_at is None:
        raise ControlRefused("请写结束时间：到时候自动结束，不用守着。")
    lines = tuple(text_of(form, "wordings").splitlines())
    return NewControl(kind, text_of(form, "text"), text_of(form, "reason"), starts_at or now(), ends_at, lines)


def _values(kind: ControlKind, form: Mapping[str, Any] | None) -> dict[str, str]:
    if form is not None:
        return {name: text_of(form, name) for name in ("text", "wordings", "reason", "starts_at", "ends_at")}
    ends_at = _field(now() + timedelta(hours=_HOURS[kind]))
    return {"text": "", "wordings": "", "reason": "", "starts_at": "", "ends_at": ends_at}


def _field(moment: datetime) -> str:
    return moment.astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M")


def tell_in_force(session: Session, member: Member) -> list[Tile]:
    """Tell on the start page that the bot is off, or how many controls hold."""
    if not may(member, Permission.EMERGENCY_CONTROL):
        return []
    active = in_force(session, now())
    if active.bot_off:
        return [Tile("机器人", "已停用", f"{active.bot_off.started_by} 停用，到时间自动恢复", "/controls")]
    count = len(active.banners) + len(active.answers)
    return [Tile("公告和统一答复", str(count), "正在生效的", "/controls")] if count else []


_NEEDED = needs(Permission.EMERGENCY_CONTROL)
MODULE = Module(
    routes=(
        Route("GET", "/controls", show, _NEEDED),
        Route("POST", "/controls/{kind}", start, _NEEDED),
        Route("POST", "/controls/{control}/stop", stop, _NEEDED),
    ),
    nav=(NavEntry("紧急控制", "/controls", Permission.EMERGENCY_CONTROL, "运行"),),
    actions={"control_started": "启用紧急控制", "control_stopped": "结束紧急控制"},
    statuses={ControlOver: 409},
    tiles=tell_in_force,
)
