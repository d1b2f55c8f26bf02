"""Passwords: the rules for new ones, the first one, and argon2id hashes. A password is never stored, logged or shown again."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from staff.errors import PasswordRefused

SHORTEST, LONGEST = 10, 128
_FEWEST_CHARACTERS = 5
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no i, l, o, 0, 1: it is read from a screen or a slip of paper
_COMMON = Path(__file__).parent / "data" / "common_passwords.txt"
_hasher = PasswordHasher()


def first_password() -> str:
    """Make a password that an administrator hands over once (74 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))


def check_rules(password: str, login: str) -> None:
    """Check a new password.

    Raises:
        PasswordRefused: it breaks a rule; the sentence says which.
    """
    plain = _written(password).casefold()
    if len(plain) < SHORTEST:
        raise PasswordRefused(f"密码至少要 {SHORTEST} 个字符。")
    if len(plain) > LONGEST:
        raise PasswordRefused(f"密码最多 {LONGEST} 个字符。")
    if len(set(plain)) < _FEWEST_CHARACTERS:
        raise PasswordRefused(f"密码里至少要有 {_FEWEST_CHARACTERS} 个不同的字符。")
    if plain.isdigit():
        raise PasswordRefused("密码不能只有数字。")
    if login.casefold() in plain:
        raise PasswordRefused("密码里不能含有登录名。")
    if plain in _common() or re.sub(r"[\W\d_]+", "", plain) in _common():
        raise PasswordRefused("这个密码太常见，容易被猜中，请换一个。")


def hash_password(password: str) -> str:
    """Hash a password with argon2id and a salt of its own."""
    return _hasher.hash(_written(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether a password is the one of a hash; without a hash, take the same time and say no."""
    nobody = _nobody()  # made at the first call, whoever that is about
    try:
        right = _hasher.verify(password_hash or nobody, _written(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _written(password: str) -> str:
    # An input method may have sent full-width letters.
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").split("\n")
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
