"""What `qinwen wechat menu create|show|delete`, `qrcode <scene>` and `check` do; each gives the words to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from channels.wechat.data_files import keys, said_by_scene
from channels.wechat.menu import pages, read_menu, write_menu
from channels.wechat.server_api.client import WechatClient
from channels.wechat.server_api.errors import CallFailed, ContentRefused, ServerApiError
from channels.wechat.server_api.qr_codes import create_qr_code
from qinwen.settings import Settings

_NO_MENU = "46003"
_TRIES = 3
# As long as a receipt's binding code works; codes for good are few.
_RECEIPT_SECONDS = 2_592_000


class CommandFailed(ServerApiError):
    """A command did not work; the sentence says what to do."""

    code = "wechat_command_failed"


async def create_menu(client: WechatClient, settings: Settings) -> str:
    """Put the menu of `menu.yml` on the account.

    Raises:
        MenuInvalid: the file breaks a rule; nothing was changed.
        CommandFailed: WeChat refused, or can't be reached.
    """
    menu = read_menu(keys().menu)
    shape = write_menu(menu, settings.public_url)
    await _call(client, "menu_create", shape)
    lines = ["菜单已建好，市民重新进入公众号后几分钟内能看到：", *_draw(shape["button"])]
    if pages(menu) and not settings.public_url:
        lines.append(f"没有设 QINWEN_PUBLIC_URL，打开网页的按钮没有放上去：{'、'.join(pages(menu))}。")
    return "\n".join(lines)


async def show_menu(client: WechatClient) -> str:
    """Show the menu that the account has now.

    Raises:
        CommandFailed: WeChat refused, or can't be reached.
    """
    try:
        shape = await client.api.call("menu_show", tries=_TRIES)
    except CallFailed as failure:
        if failure.reason != _NO_MENU:
            raise CommandFailed(explain_failure(failure)) from None
        return "公众号现在没有菜单。运行 qinwen wechat menu create 建一个。"
    menu = shape.get("menu")
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    return "\n".join(["公众号现在的菜单：", *_draw(buttons if isinstance(buttons, list) else [])])


async def delete_menu(client: WechatClient) -> str:
    """Take the menu off the account.

    Raises:
        CommandFailed: WeChat refused, or can't be reached.
    """
    await _call(client, "menu_delete", None)
    return "菜单已删掉。"


async def make_qr_code(client: WechatClient, scene: str, seconds: int = 0) -> str:
    """Make a QR code whose scene we understand.

    Raises:
        ContentRefused: the scene is not in `data/keys.yml`.
        CommandFailed: WeChat refused, or can't be reached.
    """
    said = said_by_scene(scene)
    if said is None:
        known = "、".join(keys().scenes)
        raise ContentRefused(f"场景 {scene} 不在 data/keys.yml 的 scenes 里。现在有：{known}；回执上的是 bind_ 加绑定码。")
    if scene not in keys().scenes:
        seconds = seconds or _RECEIPT_SECONDS
    try:
        code = await create_qr_code(client.api, scene, seconds)
    except CallFailed as failure:
        raise CommandFailed(explain_failure(failure)) from None
    life = f"{code.seconds} 秒内有效" if code.seconds else "永久有效"
    return f"二维码已建好，{life}。市民扫了就当作说“{said}”。\n图片：{code.picture}\n内容：{code.content}"


async def check(client: WechatClient, settings: Settings) -> str:
    """Say, line by line, whether the account can be used.

    Raises:
        CommandFailed: something is wrong; the sentences are those of the lines.
    """
    if not settings.wechat_app_id or not settings.wechat_app_secret:
        raise CommandFailed("✗ 账号：缺少 QINWEN_WECHAT_APP_ID 或 QINWEN_WECHAT_APP_SECRET，请到公众号后台抄过来。")
    lines = [f"✓ 账号：{settings.wechat_app_id}，接口地址 {settings.wechat_api_url}。"]
    try:
        await client.api.get_token()
        lines.append("✓ 访问令牌：拿到了，AppID、开发者密码和 IP 白名单都对。")
        addresses = await client.callback_addresses()
        lines.append(f"✓ 接口：能用；微信从 {len(addresses)} 个地址推送消息。")
        await client.api.call("menu_show", tries=_TRIES)
        lines.append("✓ 菜单：已有。")
    except CallFailed as failure:
        if failure.reason != _NO_MENU:
            raise CommandFailed("\n".join([*lines, f"✗ {explain_failure(failure)}"])) from None
        lines.append("○ 菜单：还没有，运行 qinwen wechat menu create 建一个。")
    lines += _about_settings(settings)
    return "\n".join(lines)


def explain_failure(failure: CallFailed) -> str:
    """Put a failed call into words for an operator."""
    seen = f"微信看到的地址是 {failure.seen_address}。" if failure.seen_address else ""
    reason = f"错误码 {failure.reason}" if failure.reason.lstrip("-").isdecimal() else failure.reason
    # The staff's sentence speaks of a message; the words before its first comma say what is wrong.
    return f"没有成功（{reason}）：{failure.fault.staff.split('，')[0]}。{seen}{failure.fault.operator}"


def _about_settings(settings: Settings) -> list[str]:
    if not settings.wechat_customer_messages:
        return ["○ 客服消息：QINWEN_WECHAT_CUSTOMER_MESSAGES 是 off，来不及的答案等市民下次说话时再给。"]
    # No call tells whether the account has the right; sending one to nobody would count as an error.
    return ["○ 客服消息：账号有没有这项权限，要到公众号后台“接口权限”里看；没有的话发送时会报错误码 48001。"]


async def _call(client: WechatClient, name: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
    try:
        return await client.api.call(name, body, tries=_TRIES)
    except CallFailed as failure:
        raise CommandFailed(explain_failure(failure)) from None


def _draw(buttons: Iterable[Any], indent: str = "  ") -> list[str]:
    lines = []
    for button in buttons:
        if isinstance(button, Mapping):
            does = button.get("key") or button.get("url") or ""
            lines.append(f"{indent}· {button.get('name', '')}{'  → ' + str(does) if does else ''}")
            lines += _draw(button.get("sub_button") or [], indent + "  ")
    return lines
