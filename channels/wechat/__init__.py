"""The WeChat Official Account: its protocol only (wechat.md). `web/wechat.py` has the server, `server_api/` the client."""

from channels.wechat.carrier import CHANNEL, Sender, WechatCarrier
from channels.wechat.data_files import words
from channels.wechat.envelope import Envelope, Opened, Query, read_query
from channels.wechat.errors import PushIgnored, PushRefused, WechatError
from channels.wechat.keys import push_key
from channels.wechat.meaning import Meaning, Noted, Said, understand
from channels.wechat.messages import Consent, DeskSession, Event, Push, SendingResult, read_push
from channels.wechat.oauth import CodeExchange, OpenId, authorize_url
from channels.wechat.replies import customer_message, passive_reply

__all__ = [
    "CHANNEL",
    "CodeExchange",
    "Consent",
    "DeskSession",
    "Envelope",
    "Event",
    "Meaning",
    "Noted",
    "OpenId",
    "Opened",
    "Push",
    "PushIgnored",
    "PushRefused",
    "Query",
    "Said",
    "Sender",
    "SendingResult",
    "WechatCarrier",
    "WechatError",
    "authorize_url",
    "customer_message",
    "passive_reply",
    "push_key",
    "read_push",
    "read_query",
    "understand",
    "words",
]
