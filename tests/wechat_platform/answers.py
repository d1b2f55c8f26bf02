"""Reads what the developer's server answered to a push, as strictly as the platform does."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from .account import Account
from .bad_answers import BadAnswer, Question, parse
from .cipher import Cipher, CipherFault, same, sign
from .replies import read_reply


@dataclass(frozen=True)
class Reply:
    """A well-formed passive reply: its kind, how it reads on the phone, and its elements."""

    kind: str
    text: str
    content: dict[str, Any]


def read_answer(account: Account, cipher: Cipher | None, question: Question, status: int, body: bytes) -> Reply | None:
    """Give the reply in an answer, or None where there is nothing to show.

    Raises:
        BadAnswer: a rule of the passive reply is broken.
    """
    if status != 200:
        raise BadAnswer("http_status", str(status))
    if body in (b"", b"success"):
        return None
    root = parse(body)
    if root.find("Encrypt") is not None:
        if account.mode == "plaintext" or cipher is None:
            raise BadAnswer("sealed_in_plaintext")
        root = parse(_unseal(account, cipher, root).encode())
    elif account.mode == "secure":
        raise BadAnswer("clear_in_secure")
    return _read_clear(account, question, root)


def _unseal(account: Account, cipher: Cipher, root: ET.Element) -> str:
    names = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
    sealed, signature, timestamp, nonce = (root.findtext(name) or "" for name in names)
    if not (sealed and signature and nonce and timestamp.isdecimal()):
        raise BadAnswer("bad_envelope")
    if not same(sign(account.token, timestamp, nonce, sealed), signature):
        raise BadAnswer("bad_signature")
    try:
        return cipher.open(sealed)
    except CipherFault as fault:
        raise BadAnswer("bad_cipher", str(fault)) from None


def _read_clear(account: Account, question: Question, root: ET.Element) -> Reply:
    if root.findtext("ToUserName") != question.openid:
        raise BadAnswer("wrong_to")
    if root.findtext("FromUserName") != account.original_id:
        raise BadAnswer("wrong_from")
    if not (root.findtext("CreateTime") or "").isdecimal():
        raise BadAnswer("bad_time")
    kind, text, content = read_reply(root, question)
    return Reply(kind, text, content)
