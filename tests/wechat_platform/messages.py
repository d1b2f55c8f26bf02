"""The fields of every message and event that a citizen can cause, as the platform names them.

Each function gives the fields beyond ToUserName, FromUserName, CreateTime and MsgId, which the push adds.
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]

UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"


def text(content: str, menu_id: str | None = None) -> Fields:
    """A typed text, or the click on an item of a msgmenu."""
    return {"MsgType": "text", "Content": content} | ({} if menu_id is None else {"bizmsgmenuid": menu_id})


def image(media_id: str) -> Fields:
    """A picture. Its PicUrl names a host that nobody should fetch from."""
    return {"MsgType": "image", "PicUrl": f"http://mmbiz.qpic.cn/mmbiz_jpg/{media_id}/0", "MediaId": media_id}


def voice(media_id: str, recognition: str | None, form: str) -> Fields:
    """A voice message; `recognition` None leaves the field out, as with recognition switched off."""
    fields = {"MsgType": "voice", "MediaId": media_id, "Format": form, "MediaId16K": f"{media_id}-16k"}
    return fields | ({} if recognition is None else {"Recognition": recognition})


def video(media_id: str, thumb_id: str, short: bool) -> Fields:
    """A film, or one taken inside the chat."""
    return {"MsgType": "shortvideo" if short else "video", "MediaId": media_id, "ThumbMediaId": thumb_id}


def location(latitude: float, longitude: float, label: str, scale: int) -> Fields:
    """A place on the map: X is the latitude."""
    return {"MsgType": "location", "Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}


def link(title: str, description: str, url: str) -> Fields:
    """A shared page."""
    return {"MsgType": "link", "Title": title, "Description": description, "Url": url}


def file(title: str, key: str, size: int) -> Fields:
    """A file: seen in practice, not documented for Official Accounts."""
    return {"MsgType": "file", "Title": title, "Description": "", "FileKey": key, "FileMd5": "0" * 32, "FileTotalLen": size}


def mini_program(app_id: str, title: str, page: str) -> Fields:
    """A shared mini-program page."""
    return {"MsgType": "miniprogrampage", "AppId": app_id, "Title": title, "PagePath": page, "ThumbUrl": "", "ThumbMediaId": ""}


def event(name: str, **fields: Any) -> Fields:
    """Any event."""
    return {"MsgType": "event", "Event": name, **fields}


def subscribe(scene: str | None, ticket: str) -> Fields:
    """A new follower, by QR code or otherwise."""
    if scene is None:
        return event("subscribe", EventKey="")
    return event("subscribe", EventKey=f"qrscene_{scene}", Ticket=ticket)


def scan_code(name: str, key: str, result: str) -> Fields:
    """`scancode_push` or `scancode_waitmsg`: the menu opened the camera."""
    return event(name, EventKey=key, ScanCodeInfo={"ScanType": "qrcode", "ScanResult": result})


def consent(template_id: str, accepted: bool) -> Fields:
    """The answer to the question whether a notice may be sent."""
    one = {"TemplateId": template_id, "SubscribeStatusString": "accept" if accepted else "reject", "PopupScene": "2"}
    return event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": [one]})


def notice_result(template_id: str, message_id: str, code: int, status: str) -> Fields:
    """What became of a subscription notice."""
    one = {"TemplateId": template_id, "MsgID": message_id, "ErrorCode": str(code), "ErrorStatus": status}
    return event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": [one]})
