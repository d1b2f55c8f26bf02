"""Checks the settings of the WeChat account when the process starts (wechat.md §1.1). Called by `qinwen/settings.py` alone.

The platform's console lets nobody save a token or key of another form, so a value that does not fit was copied wrongly;
better to say so at the start than to refuse every message later. No sentence repeats a value: most of them are secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from qinwen.errors import SettingError

MODES = ("off", "plain", "compatible", "secure")
_MAX_BUDGET = 4.8
_KEY = (r"[A-Za-z0-9]{43}", "43 位字母和数字")
_FORMS = {
    "token": (r"[A-Za-z0-9]{3,32}", "3 到 32 位字母和数字"),
    "app_id": (r"wx[0-9A-Za-z]{4,60}", "wx 开头的一串字母和数字"),
    "original_id": (r"gh_[0-9A-Za-z]{1,60}", "gh_ 开头的一串字母和数字"),
    "aes_key": _KEY,
    "previous_aes_key": _KEY,
    "app_secret": (r"[0-9A-Za-z]{16,128}", "一串字母和数字（通常 32 位）"),
}


_SIMULATED = {
    "QINWEN_WECHAT_MODE": "secure",
    "QINWEN_WECHAT_TOKEN": "simulatedToken",
    "QINWEN_WECHAT_APP_ID": "wx5f1e7a0c93d2b846",
    "QINWEN_WECHAT_AES_KEY": "SimulatedKeySimulatedKeySimulatedKey0123456",
    "QINWEN_WECHAT_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "QINWEN_WECHAT_ORIGINAL_ID": "gh_51a0c7d2e9f4",
}


def simulate_account(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Add a made-up account where the simulated platform is asked for; what is set already stays.

    The values are public: whoever knows them could write as any citizen, so they serve for nothing but trying out.
    """
    if environ.get("QINWEN_WECHAT_SIMULATOR") != "on":
        return environ
    port = environ.get("QINWEN_WECHAT_SIMULATOR_PORT") or "8070"
    return {**_SIMULATED, "QINWEN_WECHAT_API_URL": f"http://127.0.0.1:{port}", **environ}


def check_wechat(values: Mapping[str, Any], *, complete: bool) -> None:
    """Check what belongs to the WeChat channel.

    Args:
        values: the settings by field name.
        complete: also insist on what the chosen mode needs.

    Raises:
        SettingError: a value is missing or bad; the message names the variable.
    """
    mode = values["wechat_mode"]
    if mode not in MODES:
        raise SettingError("QINWEN_WECHAT_MODE 只能是 off、plain、compatible 或 secure。")
    if not values["wechat_budget"] <= _MAX_BUDGET:
        raise SettingError(f"QINWEN_WECHAT_BUDGET 不能超过 {_MAX_BUDGET} 秒：微信只等 5 秒。")
    for name, variable in (("public_url", "QINWEN_PUBLIC_URL"), ("wechat_api_url", "QINWEN_WECHAT_API_URL")):
        _check_url(variable, values[name])
    read_notice_fields(values["wechat_notice_fields"])
    for name, (form, words) in _FORMS.items():
        value = values[f"wechat_{name}"]
        if value and not re.fullmatch(form, value, re.ASCII):
            raise SettingError(f"{_variable(name)} 应当是{words}，请到公众号后台核对。")
    if complete and mode != "off":
        for name in _needed(mode, customer_messages=values["wechat_customer_messages"]):
            if not values[f"wechat_{name}"]:
                raise SettingError(f"缺少 {_variable(name)}：QINWEN_WECHAT_MODE 是 {mode} 时一定要有，请到公众号后台抄过来。")


def read_notice_fields(text: str) -> dict[str, str]:
    """Read which fact each field of the notice's template shows: "thing1=item,phrase2=state".

    Raises:
        SettingError: it can't be read; the message names the variable.
    """
    found = [re.fullmatch(r"\s*([a-z_]+\d+)\s*=\s*(item|state|time|number)\s*", part, re.ASCII) for part in text.split(",")]
    if not all(found):
        words = "QINWEN_WECHAT_NOTICE_FIELDS 应当像 thing1=item,phrase2=state 这样，等号右边是 item、state、time 或 number。"
        raise SettingError(words)
    return {match[1]: match[2] for match in found if match}


def _needed(mode: str, *, customer_messages: bool) -> list[str]:
    names = ["token", "original_id"]
    if mode in ("compatible", "secure"):
        names += ["app_id", "aes_key"]
    if customer_messages:
        names += ["app_id", "app_secret"]
    return names


def _variable(name: str) -> str:
    return f"QINWEN_WECHAT_{name.upper()}"


def _check_url(variable: str, value: str) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise SettingError(f"{variable} 应当是 http:// 或 https:// 开头的网址。")
