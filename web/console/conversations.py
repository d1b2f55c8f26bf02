"""The pages of conversations: a list to search, what was said in one, masked, and revealing one datum with a reason.

Nothing personal is shown before somebody with the permission asks for that one field and says why; who, what and why is
in the audit log, the value never is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import (
    Attachment,
    ConversationRow,
    Erasure,
    Speech,
    TranscriptFilter,
    Vault,
    find_attachment,
    find_conversations,
    find_erasure,
    read_conversation,
    read_speeches,
)
from conversations.erasing import REASONS
from knowledge_base import all_item_titles
from language import mask_personal
from qinwen.clock import now
from qinwen.errors import QinwenError
from qinwen.vocabulary import OUTCOME_TITLES, Holder
from staff import Permission, record
from web.console.access import member_of
from web.console.forms import day_of, text_of
from web.console.media import KINDS, ShownMedia, media_file, message_of, show_media
from web.console.modules import Module, NavEntry, Route, needs
from web.console.pages import change, render, transact

_SIZE = 50
_SPEECHES = 200
_DIGITS = 16
_LEAST_REASON, _MOST_REASON = 4, 200
_FIELDS = ("since", "until", "outcome", "item", "citizen")
_HOLDERS = {Holder.BOT: "机器人", Holder.QUEUED: "等人工", Holder.WITH_AGENT: "坐席", Holder.CLOSED: "已结束"}
_AUTHORS = {"citizen": "市民", "bot": "机器人", "agent": "坐席", "system": "系统"}
_CHANNELS = {"webchat": "网页", "wechat": "微信"}


class ReasonMissing(QinwenError):
    """Somebody wants to see personal data and does not say why."""


def make_module(vault: Vault) -> Module:
    """Give the module.

    Args:
        vault: opens what is revealed.
    """

    async def reveal(request: web.Request) -> web.Response:
        """Show one datum, once: the page of the conversation with the value in place. Write down who saw it and why."""
        conversation, message, entry = _numbers(request)
        reason = _reason_of(await request.post())
        member = member_of(request)

        def open_it(session: Session) -> tuple[ConversationRow, list[Speech], str] | None:
            row = read_conversation(session, conversation, member.regions)
            said = [*read_speeches(session, conversation, message - 1, 1)] if row else []
            found = vault.reveal(session, message, entry) if said and said[0].id == message else None
            if row is None or found is None:
                return None
            kind, value = found
            detail = {"kind": kind, "reason": mask_personal(reason), "citizen": row.citizen, "message": message}
            record(session, member.login, "personal_data_revealed", f"conversation:{conversation}", detail)
            return row, said, value

        opened = await change(request, open_it)
        if opened is None:
            raise web.HTTPNotFound
        row, said, value = opened
        return await _page(request, row, said, after=0, revealed={entry: value or "（加密的密钥已经换掉，打不开）"})

    async def reveal_media(request: web.Request) -> web.StreamResponse:
        """Give a citizen's picture or voice, once. Write down who saw it and why."""
        conversation, message = request.match_info["conversation"], message_of(request)
        reason = _reason_of(await request.post())
        member = member_of(request)

        def find(session: Session) -> Attachment | None:
            row = read_conversation(session, conversation, member.regions)
            found = find_attachment(session, conversation, message, now()) if row else None
            if row is None or found is None:
                return None
            detail = {"kind": KINDS[found.kind], "reason": mask_personal(reason), "citizen": row.citizen, "message": message}
            record(session, member.login, "personal_data_revealed", f"conversation:{conversation}", detail)
            return found

        return media_file(request, await change(request, find))

    may_read, may_reveal = needs(Permission.CONVERSATIONS_READ), needs(Permission.PERSONAL_DATA_REVEAL)
    return Module(
        routes=(
            Route("GET", "/conversations", list_them, may_read),
            Route("GET", "/conversations/receipt", show_receipt, may_read),
            Route("GET", "/conversations/{conversation}", show, may_read),
            Route("POST", "/conversations/{conversation}/{message}/{datum}/reveal", reveal, may_reveal),
            Route("POST", "/conversations/{conversation}/{message}/media", reveal_media, may_reveal),
        ),
        nav=(NavEntry("会话记录", "/conversations", Permission.CONVERSATIONS_READ, "服务"),),
        actions={"personal_data_revealed": "查看个人信息"},
    )


async def list_them(request: web.Request) -> web.Response:
    """List conversations: `GET /conversations?since=&until=&outcome=&item=&citizen=&before=`."""
    query = request.query
    chosen = {name: text_of(query, name) for name in _FIELDS}
    before = text_of(query, "before")
    until = day_of(query, "until")
    wanted = TranscriptFilter(
        since=day_of(query, "since"),
        until=until + timedelta(days=1) if until else None,
        outcome=chosen["outcome"],
        item=chosen["item"],
        citizen=chosen["citizen"].lower(),
        regions=member_of(request).regions,
    )

    def read(session: Session) -> tuple[Sequence[ConversationRow], dict[str, str]]:
        return find_conversations(session, wanted, before, _SIZE + 1), all_item_titles(session)

    rows, items = await transact(request, read)
    given = {name: value for name, value in chosen.items() if value}
    return render(
        request,
        "conversations/list.html",
        title="会话记录",
        rows=rows[:_SIZE],
        chosen=chosen,
        outcomes=_titles(),
        items=items,
        holders=_HOLDERS,
        channels=_CHANNELS,
        newest=not before,
        latest=urlencode(given),
        older=urlencode({**given, "before": rows[_SIZE - 1].id}) if len(rows) > _SIZE else "",
    )


async def show(request: web.Request) -> web.Response:
    """Show what was said: `GET /conversations/{conversation}?after=`."""
    text = request.query.get("after", "0")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0
    conversation, regions = request.match_info["conversation"], member_of(request).regions

    def read(session: Session) -> tuple[ConversationRow, list[Speech], dict[int, ShownMedia]] | None:
        row = read_conversation(session, conversation, regions)
        said = [*read_speeches(session, conversation, after, _SPEECHES + 1)] if row else []
        return (row, said, show_media(session, request, [one.id for one in said])) if row else None

    found = await transact(request, read)
    if found is None:
        raise web.HTTPNotFound
    row, said, media = found
    return await _page(request, row, said, after=after, media=media)


async def show_receipt(request: web.Request) -> web.Response:
    """Look a receipt of an erasure up: `GET /conversations/receipt?code=`."""
    code = text_of(request.query, "code")

    def find(session: Session) -> Erasure | None:
        return find_erasure(session, code) if code else None

    erasure = await transact(request, find)
    return render(
        request,
        "conversations/receipt.html",
        title="删除回执",
        code=code,
        erasure=erasure,
        reasons=REASONS,
        channels=_CHANNELS,
    )


async def _page(
    request: web.Request,
    row: ConversationRow,
    said: list[Speech],
    *,
    after: int,
    revealed: dict[int, str] | None = None,
    media: dict[int, ShownMedia] | None = None,
) -> web.Response:
    return render(
        request,
        "conversations/conversation.html",
        title="一次会话",
        row=row,
        said=said[:_SPEECHES],
        next=said[_SPEECHES - 1].id if len(said) > _SPEECHES else None,
        first=after == 0,
        revealed=revealed or {},
        media=media or {},
        one=revealed is not None,
        outcomes=_titles(),
        items=await transact(request, all_item_titles),
        holders=_HOLDERS,
        channels=_CHANNELS,
        authors=_AUTHORS,
        least=_LEAST_REASON,
        most=_MOST_REASON,
    )


def _reason_of(form: Mapping[str, Any]) -> str:
    reason = text_of(form, "reason")
    if not _LEAST_REASON <= len(reason) <= _MOST_REASON:
        raise ReasonMissing(f"请写明为什么要看，{_LEAST_REASON} 到 {_MOST_REASON} 个字。")
    return reason


def _titles() -> dict[str, str]:
    return {outcome.value: title for outcome, title in OUTCOME_TITLES.items()}


def _numbers(request: web.Request) -> tuple[str, int, int]:
    parts = [request.match_info[name] for name in ("message", "datum")]
    if not all(part.isascii() and part.isdigit() and len(part) < _DIGITS for part in parts):
        raise web.HTTPNotFound
    return request.match_info["conversation"], int(parts[0]), int(parts[1])
