"""Owns taking what proves an identity out of a message before the message is kept: last four of the identity number, SMS
codes, receipts' binding codes, identity numbers. Called by `conversations.claims`; the text goes on masked.

It hides too much rather than too little. A number of a receipt (SN and fourteen digits, however grouped) is not personal and
stays: without this, `SN20261116 001723` would be taken for a travel permit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from language.masking import mask_personal
from language.normalise import fold_width

LAST_FOUR: Final = "[后四位]"
SMS_CODE: Final = "[验证码]"
BINDING_CODE: Final = "[绑定码]"

_SEPARATOR: Final = r"[\s\-_.·/]*"
_CASE_NUMBER: Final = re.compile(rf"S\s?N(?:{_SEPARATOR}\d){{14}}(?!\d)", re.ASCII | re.IGNORECASE)
_FOUR: Final = r"\d(?: ?\d){2} ?[\dXx]"
_SIX: Final = r"\d(?: ?\d){5}"
_ALONE_BEFORE: Final = r"(?<![0-9A-Za-z\[])(?<![0-9A-Za-z][.\-])"
_ALONE_AFTER: Final = r"(?![0-9A-Za-z]|[.\-][0-9A-Za-z]| ?[年元块月岁号个天])"
_TEN: Final = r"(?=[A-Za-z]*\d)[0-9A-Za-z]{5}[ -]?[0-9A-Za-z]{5}"
_CUED: Final = (
    (
        re.compile(rf"绑定码[^0-9A-Za-z]{{0,8}}(?P<it>[0-9A-Za-z]{{5}}[ -]?[0-9A-Za-z]{{5}}){_ALONE_AFTER}", re.ASCII),
        BINDING_CODE,
    ),
    (re.compile(rf"(?:验证|校验|动态|短信|收到|码)[^0-9A-Za-z]{{0,10}}(?P<it>{_SIX}){_ALONE_AFTER}", re.ASCII), SMS_CODE),
    (
        re.compile(
            rf"[后末尾][^0-9A-Za-z]{{0,2}}(?:4|号|数|几)[^0-9A-Za-z]{{0,8}}(?:4个)?[^0-9A-Za-z]{{0,3}}(?P<it>{_FOUR}){_ALONE_AFTER}",
            re.ASCII,
        ),
        LAST_FOUR,
    ),
    (
        re.compile(rf"{_ALONE_BEFORE}(?P<it>{_FOUR})[^0-9A-Za-z]{{0,6}}[后末尾][^0-9A-Za-z]{{0,2}}(?:4|号|数)", re.ASCII),
        LAST_FOUR,
    ),
)
# A message that is nothing but such numbers, with a word or two around them.
_FILLER: Final = r"(?:是|对的?|嗯+|好的?|行|我的?|给你?|填|就|它|吧|呢|啊|哈|了|[\s,，。.;；、!！:：]+)*"
_BARE: Final = re.compile(rf"{_FILLER}(?:{_SIX}|{_FOUR})(?:[\s,，;；、和]+(?:{_SIX}|{_FOUR}))?{_FILLER}", re.ASCII)
_BARE_BINDING: Final = re.compile(rf"\s*(?P<it>{_TEN})\s*", re.ASCII)
_RUN: Final = re.compile(rf"{_ALONE_BEFORE}(?P<it>{_SIX}|{_FOUR}){_ALONE_AFTER}", re.ASCII)
_ID_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[1-9](?:[\s-]?\d){16}[\s-]?[\dXx](?![0-9A-Za-z])", re.ASCII)
_DIGITS: Final = str.maketrans("〇零一二三四五六七八九幺叉", "001234567891X")
_SIX_LONG: Final = 6


@dataclass(frozen=True)
class SaidSecrets:
    """What a message proved, for its own turn only: never stored, never sent on but to the case system, never printed."""

    last4: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    binding_code: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.last4 or self.code or self.binding_code)


@dataclass(frozen=True)
class Hidden:
    """A message that may be kept, and what was taken out of it."""

    text: str
    said: SaidSecrets = field(default=SaidSecrets(), repr=False)


def hide_secrets(text: str, *, expected: bool = False) -> Hidden:
    """Mask personal data and secrets in a message, and give the secrets.

    Args:
        text: the message as it was typed.
        expected: whether the bot just asked for one: then every number of four or six signs is taken for it.
    """
    pieces, kept, end = [], [], 0
    folded = fold_width(text)
    for match in _CASE_NUMBER.finditer(folded):
        pieces.append(text[end : match.start()])
        kept.append(text[match.start() : match.end()])
        end = match.end()
    pieces.append(text[end:])
    found: dict[str, str] = {}
    alone = not kept
    hidden = [_hide(piece, found, expected=expected, alone=alone) for piece in pieces]
    together = hidden[0] + "".join(number + rest for number, rest in zip(kept, hidden[1:], strict=True))
    said = SaidSecrets(found.get(LAST_FOUR, ""), found.get(SMS_CODE, ""), found.get(BINDING_CODE, ""))
    return Hidden(together, said)


def _hide(text: str, found: dict[str, str], *, expected: bool, alone: bool) -> str:
    plain = fold_width(text)
    if whole := _ID_NUMBER.search(plain):
        found.setdefault(LAST_FOUR, re.sub(r"[\s-]", "", whole[0])[-4:].upper())
    text = mask_personal(text)
    for pattern, name in _CUED:
        text = _replace(text, pattern, found, name)
    spoken = fold_width(text).translate(_DIGITS)
    if alone and _BARE_BINDING.fullmatch(spoken) and re.search(r"[A-Za-z]", spoken):
        return _replace(text, _BARE_BINDING, found, BINDING_CODE)
    if expected or _BARE.fullmatch(spoken):
        text = _replace(text, _RUN, found, "")
    return text


def _replace(text: str, pattern: re.Pattern[str], found: dict[str, str], name: str) -> str:
    """Replace what a pattern calls `it`; without a name its length says what it is."""
    spoken = fold_width(text).translate(_DIGITS)
    pieces, end = [], 0
    for match in pattern.finditer(spoken):
        value = re.sub(r"[\s-]", "", match["it"]).upper()
        kind = name or (SMS_CODE if len(value) == _SIX_LONG else LAST_FOUR)
        found.setdefault(kind, value)
        pieces += [text[end : match.start("it")], kind]
        end = match.end("it")
    return "".join(pieces) + text[end:]
