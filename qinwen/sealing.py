"""Encrypting what must not be read out of the database: what opens citizens' cases, and the personal data of the vault.

Used by `services_backend` and `conversations.vault`. While the key is being changed, what the previous one sealed still opens.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Sealer:
    """Seals texts with a key from the settings.

    Args:
        secret: what the key is made of.
        purpose: keeps the keys of different uses apart.
        previous: the secret before this one, which opens but does not seal; empty without.
    """

    def __init__(self, secret: str, purpose: str, previous: str = "") -> None:
        self._fernet = MultiFernet([_key(one, purpose) for one in (secret, previous) if one])

    def seal(self, text: str) -> str:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made; empty where it was made with another key, or is none."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return ""

    def reseal(self, sealed: str) -> str:
        """Encrypt again with the newest key; empty where it does not open."""
        try:
            return self._fernet.rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            return ""


def _key(secret: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{secret}".encode()).digest()))
