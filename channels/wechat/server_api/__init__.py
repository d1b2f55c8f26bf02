"""The client of WeChat's server API (wechat.md §2.5-2.11): token, customer messages, notices, media, menu, QR codes, login.

`WechatClient` is what others use; `commands` has the words of `qinwen wechat …`.
"""

from channels.wechat.server_api.case_notices import CaseNotices, make_case_notices
from channels.wechat.server_api.circuits import CircuitState
from channels.wechat.server_api.client import WechatClient
from channels.wechat.server_api.commands import CommandFailed, check, create_menu, delete_menu, make_qr_code, show_menu
from channels.wechat.server_api.error_codes import Fault, explain
from channels.wechat.server_api.errors import CallFailed, ContentRefused, LoginRefused, ServerApiError
from channels.wechat.server_api.media import StoredMedia
from channels.wechat.server_api.media_files import discard_media, erase_media, media_folder, media_path, purge_media
from channels.wechat.server_api.notices import Notice

__all__ = [
    "CallFailed",
    "CaseNotices",
    "CircuitState",
    "CommandFailed",
    "ContentRefused",
    "Fault",
    "LoginRefused",
    "Notice",
    "ServerApiError",
    "StoredMedia",
    "WechatClient",
    "check",
    "create_menu",
    "delete_menu",
    "discard_media",
    "erase_media",
    "explain",
    "make_case_notices",
    "make_qr_code",
    "media_folder",
    "media_path",
    "purge_media",
    "show_menu",
]
