"""What the commands write to the terminal."""

from __future__ import annotations

import sys
from typing import Any

from .records import BANNER


def say(text: object) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: object) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{text}\n")


def describe(one: dict[str, Any], started: float) -> str:
    """Give one record of a timeline as a line or more, with the seconds since `started`."""
    at = f"{one['at'] - started:7.1f}s"
    if one["type"] == "sent":
        return f"{at}  市民 ▷ {one['text']}"
    if one["type"] == "fault":
        words = f"{BANNER}　" if one["shown"] else ""
        return f"{at}  故障 ✕ {words}〔{one['detail']}〕"
    ways = {"passive": f"被动回复，第 {one['attempt']} 次", "customer": "客服消息", "notice": "通知"}
    text = one["text"].replace("\n", "\n" + " " * 18)
    return f"{at}  秦问 ◁ {text}　〔{ways[one['way']]}〕"


def describe_quota(quota: dict[str, dict[str, int]]) -> str:
    """Give what a citizen may still be sent, as a sentence."""
    names = {"message": "发消息", "menu": "点菜单", "subscribe": "关注", "scan": "扫码"}
    parts = [f"因{names[kind]}还能收 {one['left']} 条（{one['seconds']} 秒内）" for kind, one in quota.items()]
    return f"客服消息：{'；'.join(parts) or '没有可用的额度'}。"
