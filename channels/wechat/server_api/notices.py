"""Notices for later than 48 hours after a citizen's last word: subscription notices and template messages (wechat.md §2.11).

A subscription notice needs the citizen's consent, one for each. Every field is checked before anything is sent, as WeChat
answers a wrong one only with 47003.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.wechat.server_api.apis import read_apis
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.deliveries import delivery_failed
from channels.wechat.server_api.errors import CallFailed, ContentRefused

_FIELD = re.compile(r"([a-z_]+?)_?(\d+)", re.ASCII)
_TEMPLATE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{1,32}", re.ASCII)
_MAX_TEMPLATE_VALUE = 200


@dataclass(frozen=True)
class Notice:
    """What to tell a citizen: `values` by the template's field names, such as {"thing1": "身份证补领", "phrase2": "已办结"}.

    Attributes:
        template: the template's id, from the console.
        values: a value for each field.
        url: the page it opens; none if empty.
    """

    template: str
    values: Mapping[str, str] = field(repr=False)
    url: str = ""


class Notices:
    """Sends notices."""

    def __init__(self, api: ServerApi) -> None:
        self._api = api

    async def send_subscribed(self, openid: str, notice: Notice) -> None:
        """Send a subscription notice to a citizen who consented to this template.

        Raises:
            ContentRefused: a field does not fit; nothing was sent.
            DeliveryFailed: it did not go out, or nobody knows.
        """
        values = {name: fit_field(name, value) for name, value in notice.values.items()}
        body = {"touser": openid, **_head(notice), "data": {name: {"value": value} for name, value in values.items()}}
        if notice.url:
            body["page"] = notice.url
        await self._send("subscription_notice", body)

    async def send_template(self, openid: str, notice: Notice, client_id: str) -> None:
        """Send a template message.

        Args:
            openid: to whom.
            notice: what.
            client_id: our id of this message, at most 32 letters and digits: WeChat sends the same one only once.

        Raises:
            ContentRefused: a field does not fit; nothing was sent.
            DeliveryFailed: it did not go out, or nobody knows.
        """
        if not _CLIENT_ID.fullmatch(client_id):
            raise ContentRefused("模板消息的编号只能是 1 到 32 位字母、数字、下划线和连字符。")
        long = [name for name, value in notice.values.items() if not value.strip() or len(value) > _MAX_TEMPLATE_VALUE]
        if long:
            raise ContentRefused(f"模板消息的 {long[0]} 要有 1 到 {_MAX_TEMPLATE_VALUE} 个字。")
        data = {name: {"value": value} for name, value in notice.values.items()}
        body = {"touser": openid, **_head(notice), "data": data, "client_msg_id": client_id}
        if notice.url:
            body["url"] = notice.url
        await self._send("template_notice", body)

    async def _send(self, name: str, body: Mapping[str, Any]) -> None:
        try:
            await self._api.call(name, body)
        except CallFailed as failure:
            raise delivery_failed(failure) from None


def fit_field(name: str, value: str) -> str:
    """Check one value of a subscription notice by its field's type, and shorten it where that loses little.

    Raises:
        ContentRefused: the type is unknown, or the value does not fit; the sentence does not repeat it.
    """
    found = _FIELD.fullmatch(name)
    rule = read_apis().notice_fields.get(found.group(1)) if found else None
    if rule is None:
        raise ContentRefused(f"不认识的通知字段 {name!r}。")
    line = " ".join(value.split())
    if rule.shorten and len(line) > rule.shorten:
        line = line[: rule.shorten - 1] + "…"
    if not re.fullmatch(rule.pattern, line):
        raise ContentRefused(f"通知字段 {name} 的内容不合微信的要求，没有发出。")
    return line


def _head(notice: Notice) -> dict[str, Any]:
    if not _TEMPLATE.fullmatch(notice.template):
        raise ContentRefused("通知的模板编号不对，请到公众号后台抄过来。")
    if not notice.values:
        raise ContentRefused("通知里一项内容都没有。")
    return {"template_id": notice.template}
