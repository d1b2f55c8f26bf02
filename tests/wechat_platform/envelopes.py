"""XML as the platform writes it, and the request around it in each of the three modes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .account import Account
from .cipher import Cipher, sign

# What XML 1.0 can't hold; a phone never sends it.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Envelope:
    """The query and the body of one request to the developer's server."""

    query: dict[str, str]
    body: bytes


def write_xml(fields: Mapping[str, Any]) -> str:
    """Write fields as the platform does: numbers bare, text as CDATA, a mapping as an element, a list as repeated elements."""
    return f"<xml>{_elements(fields)}</xml>"


def make_envelope(account: Account, cipher: Cipher | None, push_query: Mapping[str, str], xml: str, salt: bytes) -> Envelope:
    """Wrap a message.

    Arguments:
        push_query: `timestamp`, `nonce` and `openid` of the push.
        xml: the message in clear.
        salt: the 16 random bytes of the frame.
    """
    timestamp, nonce = push_query["timestamp"], push_query["nonce"]
    query = {"signature": sign(account.token, timestamp, nonce), **push_query}
    if account.mode == "plaintext" or cipher is None:
        return Envelope(query, xml.encode())
    sealed = cipher.seal(xml, salt)
    query |= {"encrypt_type": "aes", "msg_signature": sign(account.token, timestamp, nonce, sealed)}
    encrypt = _elements({"Encrypt": sealed})
    if account.mode == "compatible":
        body = xml.removesuffix("</xml>") + encrypt + "</xml>"
    else:
        body = f"<xml>{_elements({'ToUserName': account.original_id})}{encrypt}</xml>"
    return Envelope(query, body.encode())


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{_elements(value)}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    text = _ILLEGAL.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"
