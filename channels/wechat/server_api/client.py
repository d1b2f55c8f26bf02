"""The client of WeChat's server API, as `manage.py` makes it and the rest of Qinwen uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from channels.wechat.oauth import OpenId
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.circuits import CircuitState
from channels.wechat.server_api.customer_messages import CustomerMessages
from channels.wechat.server_api.media import MediaStore, StoredMedia
from channels.wechat.server_api.media_files import media_folder
from channels.wechat.server_api.notices import Notice, Notices
from channels.wechat.server_api.token_store import TokenStore
from channels.wechat.server_api.transport import HttpTransport, Transport
from channels.wechat.server_api.web_login import exchange_code
from conversations import Part
from qinwen.database import Database
from qinwen.settings import Settings


class WechatClient:
    """Everything we ask of WeChat. One object a process; `close` it at the end.

    Args:
        settings: the account and its addresses.
        database: holds the token for all processes.
        transport: carries the requests; by default over HTTP.
    """

    def __init__(self, settings: Settings, database: Database, transport: Transport | None = None) -> None:
        tokens = TokenStore(database, settings.wechat_app_id)
        carried_by = transport or HttpTransport(settings.wechat_api_url)
        self.api = ServerApi(carried_by, tokens, settings.wechat_app_id, settings.wechat_app_secret)
        self.media = MediaStore(self.api, media_folder(settings))
        self._messages = CustomerMessages(self.api)
        self._notices = Notices(self.api)

    async def send_customer_message(self, openid: str, part: Part) -> None:
        """Push one part to a citizen.

        Raises:
            DeliveryFailed: it did not go out, or nobody knows.
        """
        await self._messages.send(openid, part)

    async def show_typing(self, openid: str) -> bool:
        """Show the citizen that an answer is being written; False if WeChat does not want to."""
        return await self._messages.show_typing(openid)

    async def send_notice(self, openid: str, notice: Notice, client_id: str = "") -> None:
        """Send a subscription notice, or, with a `client_id`, a template message.

        Raises:
            ContentRefused: a field does not fit; nothing was sent.
            DeliveryFailed: it did not go out, or nobody knows.
        """
        if client_id:
            await self._notices.send_template(openid, notice, client_id)
        else:
            await self._notices.send_subscribed(openid, notice)

    async def fetch_media(self, media_id: str, kind: Literal["image", "voice"], citizen: str = "") -> StoredMedia:
        """Fetch and store what a citizen sent, for the service desk; it goes when the citizen is erased.

        Raises:
            ContentRefused: it is too big, or not what it should be.
            CallFailed: WeChat refused, or can't be reached.
        """
        return await self.media.fetch(media_id, kind, citizen)

    async def exchange_oauth_code(self, code: str) -> OpenId:
        """Exchange the code of a web authorisation.

        Raises:
            LoginRefused: the code is wrong, too old, or was used before.
            CallFailed: WeChat refused for another reason, or can't be reached.
        """
        return await exchange_code(self.api, code)

    async def callback_addresses(self) -> Sequence[str]:
        """List the addresses that WeChat pushes from.

        Raises:
            CallFailed: WeChat refused, or can't be reached.
        """
        shape = await self.api.call("callback_addresses", tries=3)
        found = shape.get("ip_list")
        return [address for address in found if isinstance(address, str)] if isinstance(found, list) else []

    def troubles(self) -> tuple[CircuitState, ...]:
        """List what stands still and why, for staff; empty when all is well."""
        return self.api.circuits.state()

    async def close(self) -> None:
        """Give the connections back."""
        await self.api.close()
