"""The signature and the message cipher of the platform (wechat.md §1.2 to §1.4). Called by `envelope` alone.

The cipher is AES-256-CBC with the key's first 16 bytes as the fixed initial vector, over the frame: 16 random bytes,
the message's length (4 bytes, big-endian, in bytes), the message, the account's AppID; padded to 32 as in PKCS#7.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from channels.wechat.errors import PushRefused

_AES_BLOCK = 16
_PAD_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4


def sign(*parts: str) -> str:
    """Give the signature over some texts: SHA-1 in lowercase hex of all of them, sorted as strings, without separator."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324  (the platform's choice)


def is_same(given: str, expected: str) -> bool:
    """Compare in constant time; as bytes, since `compare_digest` raises on text that is not ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


class MessageCipher:
    """Encrypts and decrypts for one account with one key.

    Args:
        encoding_aes_key: the 43 characters of the console. The last may leave spare bits set, so a decoder that takes
            canonical base64 alone would refuse good keys.
        app_id: what the frame must end with.
    """

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._app_id = app_id.encode()

    def decrypt(self, encrypted: str) -> bytes:
        """Decrypt the text of `Encrypt`; its signature was checked before, so no outsider learns from the steps here.

        Raises:
            PushRefused: it is not a message for this account under this key.
        """
        try:
            data = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (binascii.Error, ValueError) as error:
            raise PushRefused("base64") from error
        if len(data) < _PAD_BLOCK or len(data) % _AES_BLOCK:
            raise PushRefused("ciphertext_length")
        decryptor = self._cipher().decryptor()
        return self._open_frame(_unpad(decryptor.update(data) + decryptor.finalize()))

    def encrypt(self, message: bytes, random: bytes | None = None) -> str:
        """Encrypt a message.

        Args:
            message: UTF-8.
            random: the 16 bytes in front; chosen here unless a test vector names them.
        """
        random = secrets.token_bytes(_RANDOM) if random is None else random
        frame = random + len(message).to_bytes(4, "big") + message + self._app_id
        pad = _PAD_BLOCK - len(frame) % _PAD_BLOCK
        encryptor = self._cipher().encryptor()
        data = encryptor.update(frame + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(data).decode("ascii")

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_AES_BLOCK]))

    def _open_frame(self, frame: bytes) -> bytes:
        if len(frame) < _HEAD:
            raise PushRefused("frame")
        length = int.from_bytes(frame[_RANDOM:_HEAD], "big")
        if length > len(frame) - _HEAD:
            raise PushRefused("message_length")
        if not hmac.compare_digest(frame[_HEAD + length :], self._app_id):
            raise PushRefused("app_id")
        return frame[_HEAD : _HEAD + length]


def _unpad(data: bytes) -> bytes:
    # Not the AES library's unpadder: it takes pads up to 16 only, the platform's go up to 32.
    pad = data[-1]
    if not 1 <= pad <= _PAD_BLOCK or data[-pad:] != bytes([pad]) * pad:
        raise PushRefused("padding")
    return data[:-pad]
