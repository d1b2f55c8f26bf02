"""A WeChat to test against: the platform's side of an Official Account, written from its published description.

It imports nothing of the channel it tests. Tests use `Platform` and its phones; people use
`python -m tests.wechat_platform serve | chat | run`. How: docs/wechat-simulator.md.
"""

from .account import Account, AccountWrong, read_account
from .cipher import Cipher, CipherFault, sign
from .disorder import Disorder
from .phone import Phone
from .platform import Platform
from .pushes import Delivery
from .quotas import Window
from .records import BANNER, Attempt, Bubble, Call, Fault, Push, Sent
from .troubles import Trouble, errcode

__all__ = [
    "BANNER", "Account", "AccountWrong", "Attempt", "Bubble", "Call", "Cipher", "CipherFault", "Delivery", "Disorder", "Fault",
    "Phone", "Platform", "Push", "Sent", "Trouble", "Window", "errcode", "read_account", "sign",
]  # fmt: skip
