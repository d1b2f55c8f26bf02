"""The account's menu: reads `menu.yml`, checks it against the platform's limits (wechat.md §2.9), writes the platform's JSON.

Limits count UTF-8 bytes. The platform answers a menu that breaks one with codes that do not say which button it was; we do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from channels.wechat.splitting import size
from qinwen.errors import QinwenError

FILE = Path(__file__).parent / "menu.yml"
_MAX_TOP, _MAX_SUB = 3, 5
_MAX_TOP_NAME, _MAX_SUB_NAME = 16, 60
_MAX_KEY, _MAX_URL = 128, 1024


class MenuInvalid(QinwenError):
    """The menu's file breaks a rule; the sentence names the button."""

    code = "wechat_menu_invalid"


class Button(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A button; exactly one of key, page and buttons says what it does."""

    name: str
    key: str = ""
    page: str = ""
    buttons: tuple[Button, ...] = ()


class Menu(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The menu of `menu.yml`."""

    buttons: tuple[Button, ...]


def read_menu(keys: Collection[str], file: Path = FILE) -> Menu:
    """Read the menu's file and check it.

    Args:
        keys: the keys that mean something to us.
        file: the file.

    Raises:
        MenuInvalid: it can't be read, or breaks a rule.
    """
    try:
        menu = msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")), Menu)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise MenuInvalid(f"{file.name} 读不出来或者格式不对：{error}。") from error
    if not 1 <= len(menu.buttons) <= _MAX_TOP:
        raise MenuInvalid(f"一级按钮要有 1 到 {_MAX_TOP} 个，现在是 {len(menu.buttons)} 个。")
    for top in menu.buttons:
        _check(top, _MAX_TOP_NAME, keys)
        if len(top.buttons) > _MAX_SUB:
            raise MenuInvalid(f"“{top.name}”下面最多 {_MAX_SUB} 个按钮，现在是 {len(top.buttons)} 个。")
        for sub in top.buttons:
            _check(sub, _MAX_SUB_NAME, keys)
            if sub.buttons:
                raise MenuInvalid(f"“{sub.name}”已经是二级按钮，下面不能再有按钮。")
    return menu


def write_menu(menu: Menu, public_url: str) -> dict[str, Any]:
    """Give the menu as the platform takes it; buttons that open pages are left out where `public_url` is empty.

    Raises:
        MenuInvalid: an address is too long, or no button is left.
    """
    buttons = _write(menu.buttons, public_url.rstrip("/"))
    if not buttons:
        raise MenuInvalid("一个按钮都不剩：按钮全是打开网页的，却没有设 QINWEN_PUBLIC_URL。")
    return {"button": buttons}


def pages(menu: Menu) -> list[str]:
    """List the names of the buttons that open pages."""
    return [button.name for top in menu.buttons for button in (top, *top.buttons) if button.page]


def _check(button: Button, longest: int, keys: Collection[str]) -> None:
    if not 1 <= size(button.name) <= longest or button.name != button.name.strip():
        raise MenuInvalid(f"按钮名“{button.name}”要有 1 到 {longest} 字节（一个汉字 3 字节），前后不留空格。")
    if sum(map(bool, (button.key, button.page, button.buttons))) != 1:
        raise MenuInvalid(f"“{button.name}”的 key、page、buttons 要写一个，也只能写一个。")
    if size(button.key) > _MAX_KEY:
        raise MenuInvalid(f"“{button.name}”的 key 不能超过 {_MAX_KEY} 字节。")
    if button.key and button.key not in keys:
        raise MenuInvalid(f"“{button.name}”的 key {button.key} 不在 data/keys.yml 的 menu 里，点了没有用。")
    if button.page and not button.page.startswith("/"):
        raise MenuInvalid(f"“{button.name}”的 page 要以 / 开头。")


def _write(buttons: Sequence[Button], public_url: str) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for button in buttons:
        if button.buttons:
            inner = _write(button.buttons, public_url)
            written += [{"name": button.name, "sub_button": inner}] if inner else []
        elif button.key:
            written.append({"type": "click", "name": button.name, "key": button.key})
        elif public_url:
            url = public_url + button.page
            if size(url) > _MAX_URL:
                raise MenuInvalid(f"“{button.name}”的网址不能超过 {_MAX_URL} 字节。")
            written.append({"type": "view", "name": button.name, "url": url})
    return written
