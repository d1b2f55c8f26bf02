"""The server API: what stands for api.weixin.qq.com, and the one page of open.weixin.qq.com."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .account_calls import callback_addresses, classic_token, create_scene, stable_token
from .customer_calls import send_message, send_typing
from .doors import PLATFORM, guard
from .media_calls import get_media, upload_media
from .menu_calls import create_menu, delete_menu, get_menu
from .notice_calls import SENT, send_notice, send_template
from .oauth_calls import authorize, exchange_code

if TYPE_CHECKING:
    from tests.wechat_platform.platform import Platform

LARGEST_BODY = 12 << 20


def make_api(platform: Platform, control: bool = False) -> web.Application:
    """Build the application, with the control interface where it is wanted."""
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_BODY)
    app[PLATFORM] = platform
    app[SENT] = {}
    app.add_routes([
        web.get("/cgi-bin/token", classic_token),
        web.post("/cgi-bin/stable_token", stable_token),
        web.get("/cgi-bin/getcallbackip", callback_addresses),
        web.post("/cgi-bin/qrcode/create", create_scene),
        web.post("/cgi-bin/message/custom/send", send_message),
        web.post("/cgi-bin/message/custom/typing", send_typing),
        web.post("/cgi-bin/message/subscribe/bizsend", send_notice),
        web.post("/cgi-bin/message/template/send", send_template),
        web.post("/cgi-bin/menu/create", create_menu),
        web.get("/cgi-bin/menu/get", get_menu),
        web.get("/cgi-bin/menu/delete", delete_menu),
        web.get("/cgi-bin/media/get", get_media),
        web.post("/cgi-bin/media/upload", upload_media),
        web.get("/sns/oauth2/access_token", exchange_code),
        web.get("/connect/oauth2/authorize", authorize),
    ])  # fmt: skip
    if control:
        from tests.wechat_platform.control import ROUTES

        app.add_routes(ROUTES)
    return app
