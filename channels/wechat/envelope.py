"""Opens what the platform pushes and seals what we answer, in the mode that the account is set to (wechat.md §1.2, §1.3).

A push looks like `POST /wechat?signature=…&timestamp=1714112445&nonce=415670741&openid=…&encrypt_type=aes&msg_signature=…`
with `<xml><ToUserName>…</ToUserName><Encrypt>…</Encrypt></xml>` as its body.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from channels.wechat.cipher import MessageCipher, is_same, sign
from channels.wechat.errors import PushIgnored, PushRefused
from channels.wechat.xml import read_xml, text_of, write_xml

_MAX_VALUE = 128
_MAX_DIGITS = 12


@dataclass(frozen=True)
class Query:
    """The parameters of a request's address that we read; empty where missing."""

    signature: str = ""
    timestamp: str = ""
    nonce: str = ""
    msg_signature: str = ""
    encrypt_type: str = ""
    openid: str = ""
    echostr: str = ""


@dataclass(frozen=True)
class Opened:
    """A push that is proven to be the platform's, and how to answer it."""

    root: Element
    cipher: MessageCipher | None = None


_NAMES = frozenset(Query.__dataclass_fields__)


def read_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """Read a request's parameters; others than ours are ignored.

    Raises:
        PushRefused: one of ours is given twice, is not printable ASCII or too long; or the timestamp is not a number.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in _NAMES:
            continue
        if name in values or len(value) > _MAX_VALUE or not value.isascii() or not value.isprintable():
            raise PushRefused("query")
        values[name] = value
    query = Query(**values)
    if not query.timestamp.isdigit() or len(query.timestamp) > _MAX_DIGITS or not query.nonce:
        raise PushRefused("query")
    return query


class Envelope:
    """Opens pushes and seals replies for one account.

    Args:
        mode: "plain", "compatible" or "secure"; a push of another kind is refused.
        token: what both sides sign with.
        app_id: what an encrypted message must end with.
        aes_keys: the present key and, while it is being changed, the previous one; none in plain mode.
    """

    def __init__(self, mode: str, token: str, app_id: str = "", aes_keys: Iterable[str] = ()) -> None:
        self._token = token
        self._ciphers = [] if mode == "plain" else [MessageCipher(key, app_id) for key in aes_keys if key]

    @property
    def encrypted(self) -> bool:
        """Whether pushes come encrypted; if not, nothing proves their bodies."""
        return bool(self._ciphers)

    def check_signature(self, query: Query) -> None:
        """Check the signature over the parameters alone: the verification of our address, and plain mode.

        Raises:
            PushRefused: it is wrong.
        """
        if not is_same(query.signature, sign(self._token, query.timestamp, query.nonce)):
            raise PushRefused("signature")

    def check_kind(self, query: Query) -> None:
        """Check what can be checked before the body is read: that the push is of the kind our mode sends.

        Raises:
            PushRefused: it is not, or in plain mode its signature is wrong.
        """
        if self.encrypted:
            if query.encrypt_type != "aes":
                raise PushRefused("mode")
            if not query.msg_signature:
                raise PushRefused("msg_signature")
        else:
            if query.encrypt_type not in ("", "raw"):
                raise PushRefused("mode")
            self.check_signature(query)

    def open(self, query: Query, body: bytes) -> Opened:
        """Prove and open a push. In compatible mode the clear copy beside `Encrypt` is never looked at.

        Raises:
            PushRefused: it is not proven to be the platform's, or not for us.
            PushIgnored: it is proven, but can't be read.
        """
        self.check_kind(query)
        if not self._ciphers:
            return Opened(read_xml(body))
        try:
            encrypted = text_of(read_xml(body), "Encrypt")
        except PushIgnored as error:
            # Nothing is proven yet: what can't be read is refused like a wrong signature.
            raise PushRefused(error.reason) from error
        if not encrypted:
            raise PushRefused("mode")
        if not is_same(query.msg_signature, sign(self._token, query.timestamp, query.nonce, encrypted)):
            raise PushRefused("msg_signature")
        cipher, message = self._decrypt(encrypted)
        return Opened(read_xml(message), cipher)

    def seal(self, reply: str, opened: Opened, timestamp: int, nonce: str) -> str:
        """Give a reply in the form of the push that it answers: encrypted with the same key, or as it is.

        Args:
            reply: the reply's XML.
            opened: the push.
            timestamp: our own clock, seconds.
            nonce: the push's.
        """
        if opened.cipher is None:
            return reply
        encrypted = opened.cipher.encrypt(reply.encode())
        signature = sign(self._token, str(timestamp), nonce, encrypted)
        return write_xml({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce})

    def _decrypt(self, encrypted: str) -> tuple[MessageCipher, bytes]:
        refused = PushRefused("cipher")
        for cipher in self._ciphers:
            try:
                return cipher, cipher.decrypt(encrypted)
            except PushRefused as error:
                refused = error
        raise refused
