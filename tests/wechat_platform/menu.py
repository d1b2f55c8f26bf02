"""The account's menu: what `menu/create` accepts, and where a tap leads."""

from __future__ import annotations

from typing import Any

from .errors import ApiRefused

TOP_BUTTONS, SUB_BUTTONS = 3, 5
TOP_NAME, SUB_NAME, KEY, URL = 16, 60, 128, 1024  # bytes
CLICKS = frozenset({
    "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
})  # fmt: skip
MEDIA = frozenset({"media_id", "view_limited", "article_id", "article_view_limited"})


class Menu:
    """Holds the menu that stands in the chat."""

    def __init__(self) -> None:
        self.buttons: list[dict[str, Any]] | None = None
        self.id = "0"

    def create(self, shape: dict[str, Any]) -> None:
        """Replace the menu.

        Raises:
            ApiRefused: a limit of the platform is broken; the code says which.
        """
        buttons = shape.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= TOP_BUTTONS:
            raise ApiRefused(40016)
        for button in buttons:
            _check(button, top=True)
        self.buttons = buttons
        self.id = str(int(self.id) + 1)

    def delete(self) -> None:
        """Take the menu away."""
        self.buttons = None

    def show(self) -> dict[str, Any]:
        """Give the menu as `menu/get` does.

        Raises:
            ApiRefused: 46003 without a menu.
        """
        if self.buttons is None:
            raise ApiRefused(46003)
        return {"menu": {"button": self.buttons, "menuid": int(self.id)}}

    def taps(self) -> list[dict[str, Any]]:
        """Give the buttons that do something when tapped."""
        return [one for button in self.buttons or [] for one in button.get("sub_button") or [button]]

    def find(self, menu: str) -> dict[str, Any]:
        """Give a button by name or key; what is not there is taken for the key of a click button."""
        for button in self.taps():
            if menu in (button["name"], button.get("key")):
                return button
        return {"type": "click", "name": menu, "key": menu}


def _check(button: Any, *, top: bool) -> None:
    if not isinstance(button, dict):
        raise ApiRefused(47001)
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= (TOP_NAME if top else SUB_NAME):
        raise ApiRefused(40018 if top else 40025)
    below = button.get("sub_button")
    if below:
        if not top or not isinstance(below, list) or len(below) > SUB_BUTTONS:
            raise ApiRefused(40023)
        for one in below:
            _check(one, top=False)
        return
    kind = button.get("type")
    if kind in CLICKS:
        _limit(button.get("key"), KEY, 40019)
    elif kind in ("view", "miniprogram"):
        _limit(button.get("url"), URL, 40020)
        if kind == "miniprogram":
            _limit(button.get("pagepath"), URL, 40020)
            _limit(button.get("appid"), KEY, 40013)
    elif kind not in MEDIA:
        raise ApiRefused(40017)


def _limit(value: Any, most: int, code: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise ApiRefused(code)
