"""News of a case for a citizen who wrote more than 48 hours ago: a subscription notice with the account's template.

Made by `serving` where the settings name a template; called by the courier through the channel's carrier. The citizen must
have consented to the template at WeChat (43101 otherwise: the news waits until they write).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from channels.wechat.server_api.errors import ContentRefused
from channels.wechat.server_api.notices import Notice
from conversations import DeliveryFailed
from qinwen.settings import Settings
from qinwen.wechat_settings import read_notice_fields


class NoticeSender(Protocol):
    """Sends notices: `WechatClient`."""

    async def send_notice(self, openid: str, notice: Notice, client_id: str = "") -> None:
        """Send a subscription notice.

        Raises:
            ContentRefused: a field does not fit; nothing was sent.
            DeliveryFailed: it did not go out, or nobody knows.
        """


class CaseNotices:
    """Sends them.

    Args:
        sender: the account's client.
        template: the template's id.
        fields: which fact (item, state, time, number) each of the template's fields shows.
        url: the page that the notice opens; none if empty.
    """

    def __init__(self, sender: NoticeSender, template: str, fields: Mapping[str, str], url: str = "") -> None:
        self._sender, self._template, self._fields, self._url = sender, template, fields, url

    async def send(self, openid: str, facts: Mapping[str, str]) -> None:
        """Send one.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
        values = {name: facts.get(fact, "") for name, fact in self._fields.items()}
        try:
            await self._sender.send_notice(openid, Notice(self._template, values, self._url))
        except ContentRefused as error:
            raise DeliveryFailed("park", "notice_refused", error.message) from None


def make_case_notices(settings: Settings, sender: NoticeSender) -> CaseNotices | None:
    """Make them as the settings say; None where no template is named."""
    if not settings.wechat_notice_template:
        return None
    page = f"{settings.public_url.rstrip('/')}/wechat/oauth/start" if settings.public_url else ""
    return CaseNotices(sender, settings.wechat_notice_template, read_notice_fields(settings.wechat_notice_fields), page)
