"""The platform's side of the WeChat webhook for tests: signs by itself, encrypts and reads with wechatpy, none of our code."""

from __future__ import annotations

import asyncio
import hashlib
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from wechatpy.crypto import WeChatCrypto

from tests.integration.wechat_attacks import ACCOUNT, AES_KEY, APP_ID, NOW, TOKEN
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Answer:
    """What came back over the wire; `status` is None when the connection was cut without a word."""

    status: int | None
    headers: dict[str, str]
    body: str


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted([TOKEN, *parts])).encode()).hexdigest()


class Platform:
    """Makes requests as the platform does in one mode, and opens the answers."""

    def __init__(self, mode: str, key: str = AES_KEY) -> None:
        self.mode = mode
        self.crypto = WeChatCrypto(TOKEN, key, APP_ID)

    def push(self, xml: str, nonce: str = "n", created: int = NOW) -> tuple[str, bytes]:
        """Give the query and body of a push."""
        query = f"signature={sign(str(created), nonce)}&timestamp={created}&nonce={nonce}"
        if self.mode == "plain":
            return query, xml.encode()
        sealed = ET.fromstring(self.crypto.encrypt_message(xml, nonce, str(created)))
        query += f"&encrypt_type=aes&msg_signature={sealed.findtext('MsgSignature')}"
        clear = f"<ToUserName>{ACCOUNT}</ToUserName>"
        if self.mode == "compatible":
            clear += "<FromUserName>oFORGED</FromUserName><MsgType>text</MsgType><Content>伪造</Content>"
        return query, f"<xml>{clear}<Encrypt><![CDATA[{sealed.findtext('Encrypt')}]]></Encrypt></xml>".encode()

    def open(self, answer: Answer) -> str:
        """Give the XML of a reply; it must be in the form of the mode."""
        if self.mode == "plain":
            return answer.body
        outer = ET.fromstring(answer.body)
        assert {field.tag for field in outer} == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
        signature, timestamp, nonce = (outer.findtext(tag) for tag in ("MsgSignature", "TimeStamp", "Nonce"))
        return self.crypto.decrypt_message(answer.body, signature, timestamp, nonce)


async def _read(reader: asyncio.StreamReader) -> bytes:
    # The server goes on swallowing what it refused for a while, so the end of the connection may be long in coming.
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    length = next((line.split(b":")[1] for line in head.lower().splitlines() if line.startswith(b"content-length:")), b"0")
    return head + await reader.readexactly(int(length))


async def send(client, query: str, body: bytes, method: str = "POST", headers=(), length: int | None = None) -> Answer:
    """Send raw bytes to the webhook and read what comes back.

    Args:
        client: an aiohttp test client of the application.
        query: the part behind the question mark.
        body: what follows the header.
        method: the request's method.
        headers: further lines of the header.
        length: what Content-Length says, -1 for no such line; by default the truth.
    """
    lines = [f"{method} /wechat?{query} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    reader, writer = await asyncio.open_connection(client.host, client.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        came = await asyncio.wait_for(_read(reader), PATIENCE)
    except ConnectionError:
        came = b""
    finally:
        writer.close()
    if not came:
        return Answer(None, {}, "")
    head, _, rest = came.partition(b"\r\n\r\n")
    first, *others = head.decode().split("\r\n")
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in others)}
    return Answer(int(first.split()[1]), found, rest.decode())
