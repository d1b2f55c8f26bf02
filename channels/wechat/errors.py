"""What is wrong with a push that is not a citizen's message to answer (wechat.md §6).

WechatError
├── PushRefused   not proven to be the platform's, or not for us: HTTP 403 with an empty body
└── PushIgnored   the platform's, but nothing we can read: HTTP 200 `success`, so that it is not sent again

`reason` is a short code for the log line and the counter. Neither carries anything of the push: who sent it learns nothing.
"""

from __future__ import annotations

from qinwen.errors import QinwenError


class WechatError(QinwenError):
    """The root of this package's errors."""

    code = "wechat"

    def __init__(self, reason: str) -> None:
        super().__init__("微信推送没有被接受。")
        self.reason = reason


class PushRefused(WechatError):
    """The push is not proven to be the platform's, or is not for our account."""

    code = "wechat_push_refused"
    status = 403


class PushIgnored(WechatError):
    """The push is the platform's, but there is nothing in it that we can read."""

    code = "wechat_push_ignored"
