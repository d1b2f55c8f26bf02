"""Signatures and AES as the platform does them, written from the published description alone.

The key is base64 of the 43 characters plus `=`, the IV its first 16 bytes; a frame is 16 random bytes, the length of the
message in bytes as four bytes big-endian, the message and the app id, padded PKCS#7-fashion to blocks of 32.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher as Aes
from cryptography.hazmat.primitives.ciphers import algorithms, modes

PAD_BLOCK = 32
_AES_BLOCK = 16
_HEAD = 20  # the random bytes and the length


class CipherFault(ValueError):
    """A sealed text can't be opened; the sentence says at which step."""


def sign(*parts: str) -> str:
    """Give the lower-case hex SHA-1 of the parts, sorted as strings and joined with nothing."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two signatures without telling how far they agree."""
    return hmac.compare_digest(one.encode(), other.encode())


class Cipher:
    """Seals and opens messages of one app id under one EncodingAESKey."""

    def __init__(self, aes_key: str, app_id: str) -> None:
        self._key = base64.b64decode(aes_key + "=")
        self._tail = app_id.encode()
        if len(self._key) != 32:
            raise CipherFault("EncodingAESKey 解不出 32 个字节")

    def seal(self, message: str, salt: bytes) -> str:
        """Encrypt a message under 16 bytes of salt; gives base64 on one line."""
        body = message.encode()
        frame = salt + len(body).to_bytes(4, "big") + body + self._tail
        short = PAD_BLOCK - len(frame) % PAD_BLOCK
        frame += bytes([short]) * short
        encryptor = self._aes().encryptor()
        return base64.b64encode(encryptor.update(frame) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` or the developer's server made.

        Raises:
            CipherFault: it isn't base64, isn't whole blocks, or its padding, length, tail or text is wrong.
        """
        try:
            secret = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise CipherFault("密文不是 base64") from None
        if len(secret) < PAD_BLOCK or len(secret) % _AES_BLOCK:
            raise CipherFault("密文长度不对")
        decryptor = self._aes().decryptor()
        frame = _unpad(decryptor.update(secret) + decryptor.finalize())
        if len(frame) < _HEAD:
            raise CipherFault("明文太短")
        end = _HEAD + int.from_bytes(frame[16:_HEAD], "big")
        if end > len(frame) or frame[end:] != self._tail:
            raise CipherFault("长度字段或末尾的 AppID 不对")
        try:
            return frame[_HEAD:end].decode()
        except UnicodeDecodeError:
            raise CipherFault("明文不是 UTF-8") from None

    def _aes(self) -> Aes[modes.CBC]:
        return Aes(algorithms.AES(self._key), modes.CBC(self._key[:_AES_BLOCK]))


def _unpad(frame: bytes) -> bytes:
    pad = frame[-1]
    if not 1 <= pad <= PAD_BLOCK or frame[-pad:] != bytes([pad]) * pad:
        raise CipherFault("填充不对")
    return frame[:-pad]
