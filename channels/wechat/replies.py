"""Writes a part as a passive reply's XML (wechat.md §2.3) or as a customer message's JSON (§2.6)."""

from __future__ import annotations

from typing import Any

from channels.wechat.messages import Head
from channels.wechat.xml import write_xml
from conversations import Part


def passive_reply(part: Part, head: Head, created: int) -> str:
    """Write a reply to go back with a push: the addresses swapped, and one message.

    Args:
        part: a message of `rendering`; a menu goes as its printed text, as menus can be pushed only.
        head: the push that it answers.
        created: our own clock, seconds.
    """
    kind = "text" if part["kind"] == "menu" else str(part["kind"])
    body: dict[str, Any] = {}
    if kind == "image":
        body = {"Image": {"MediaId": part["media_id"]}}
    elif kind == "news":
        # More than one article is refused as the answer to a message.
        article = {"Title": part["title"], "Description": part["description"], "PicUrl": part["picture"], "Url": part["url"]}
        body = {"ArticleCount": 1, "Articles": {"item": article}}
    elif kind == "transfer":
        kind = "transfer_customer_service"
    else:
        body = {"Content": part["text"]}
    return write_xml({"ToUserName": head.openid, "FromUserName": head.account, "CreateTime": created, "MsgType": kind, **body})


def customer_message(openid: str, part: Part) -> dict[str, Any]:
    """Write a message to push; it is to be sent as UTF-8 JSON without escapes, which citizens would see.

    Args:
        openid: the citizen's address.
        part: a message of `rendering`; handing over to the platform's desk can't be pushed, so it goes as its words.
    """
    kind = str(part["kind"])
    body: dict[str, Any]
    if kind == "menu":
        kind, body = "msgmenu", {"head_content": part["head"], "list": part["items"], "tail_content": ""}
    elif kind == "image":
        body = {"media_id": part["media_id"]}
    elif kind == "news":
        article = {"title": part["title"], "description": part["description"], "url": part["url"], "picurl": part["picture"]}
        body = {"articles": [article]}
    else:
        kind, body = "text", {"content": part["text"]}
    return {"touser": openid, "msgtype": kind, kind: body}
