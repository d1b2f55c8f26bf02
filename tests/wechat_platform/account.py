"""The account that both sides know: what the console of the platform shows its owner.

The names of the environment variables are those the gateway reads, so one set of credentials starts both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

MODES = ("plaintext", "compatible", "secure")
KINDS = ("verified", "unverified", "sandbox")
_VARIABLES = {
    "token": "QINWEN_WECHAT_TOKEN",
    "app_id": "QINWEN_WECHAT_APP_ID",
    "aes_key": "QINWEN_WECHAT_AES_KEY",
    "secret": "QINWEN_WECHAT_APP_SECRET",
    "original_id": "QINWEN_WECHAT_ORIGINAL_ID",
    "mode": "QINWEN_WECHAT_MODE",
}


class AccountWrong(ValueError):
    """The console would not save this."""


@dataclass(frozen=True)
class Account:
    """An Official Account. The defaults are made up and good for nothing but tests.

    `kind` decides the rights: a verified service account may do all; an unverified one has no customer messages
    (48001); the sandbox account (测试号) has plaintext mode alone and no msgmenu (40200).
    """

    token: str = "simulatedToken"
    app_id: str = "wx5f1e7a0c93d2b846"
    aes_key: str = "SimulatedKeySimulatedKeySimulatedKey0123456"
    secret: str = "0123456789abcdef0123456789abcdef"
    original_id: str = "gh_51a0c7d2e9f4"
    mode: str = "secure"
    kind: str = "verified"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]{3,32}", self.token):
            raise AccountWrong("Token 要 3 到 32 个字母或数字。")
        if not re.fullmatch(r"[A-Za-z0-9]{43}", self.aes_key) and self.mode != "plaintext":
            raise AccountWrong("EncodingAESKey 要正好 43 个字母或数字。")
        if self.mode not in MODES:
            raise AccountWrong(f"消息加解密方式只能是 {'、'.join(MODES)}。")
        if self.kind not in KINDS:
            raise AccountWrong(f"账号类型只能是 {'、'.join(KINDS)}。")
        if self.kind == "sandbox" and self.mode != "plaintext":
            raise AccountWrong("测试号只有明文方式。")


def read_account(environment: Mapping[str, str] = os.environ, mode: str | None = None, kind: str = "verified") -> Account:
    """Take the account from the environment.

    Raises:
        AccountWrong: a variable is missing or the console would refuse its value.
    """
    values = {field: environment.get(name, "") for field, name in _VARIABLES.items()}
    values["mode"] = mode or values["mode"] or "secure"
    optional = {"mode"} | ({"aes_key"} if values["mode"] == "plaintext" else set())
    missing = [_VARIABLES[field] for field, value in values.items() if not value and field not in optional]
    if missing:
        raise AccountWrong(f"缺少环境变量：{'、'.join(missing)}。")
    return Account(kind=kind, **values)
