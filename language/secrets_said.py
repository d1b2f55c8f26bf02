"""Owns taking what proves an identity out of a message before the message is kept: last four of the identity number, SMS
codes, receipts' binding codes, identity numbers. Called by `conversations.claims`; the text goes on masked.

It hides too much rather than too little. A number of a receipt (SN and fourteen digits, however grouped) is not personal and
stays: without this, `SN20261116 001723` would be taken for a travel permit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from language.masking import PersonalDatum, edit, find_personal
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
# Taken first: some codes look like the number of a phone or a passport.
_CUED_BINDING: Final = re.compile(
    rf"绑定码[^0-9A-Za-z]{{0,8}}(?P<it>[0-9A-Za-z]{{5}}[ -]?[0-9A-Za-z]{{5}}){_ALONE_AFTER}", re.ASCII
)
_CUED: Final = (
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
    """A message that may be kept, and what was taken out of it.

    Attributes:
        text: what may be kept.
        said: what proves an identity, never to be kept.
        personal: what else was hidden, which a vault may keep: an identity number only without its last four signs, and
            no bank card, for nobody needs one to help.
    """

    text: str
    said: SaidSecrets = field(default=SaidSecrets(), repr=False)
    personal: tuple[PersonalDatum, ...] = field(default=(), repr=False)


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
    said: dict[str, str] = {}
    alone = not kept
    together, personal = "", []
    for piece, number in zip(pieces, [*kept, ""], strict=True):
        hidden, found = _hide(piece, said, expected=expected, alone=alone)
        personal += [replace(datum, start=datum.start + len(together)) for datum in found]
        together += hidden + number
    secrets = SaidSecrets(said.get(LAST_FOUR, ""), said.get(SMS_CODE, ""), said.get(BINDING_CODE, ""))
    return Hidden(together, secrets, tuple(datum for d in personal if (datum := _without_proof(d))))


def _without_proof(datum: PersonalDatum) -> PersonalDatum | None:
    """Take what would prove an identity out of a hidden datum; None: nothing of it may be kept."""
    if datum.kind == "银行卡号":
        return None
    if datum.kind != "身份证号":
        return datum
    digits = re.sub(r"[^0-9Xx]", "", fold_width(datum.value).translate(_DIGITS))
    return replace(datum, value=f"{digits[:-4]}****")


def _hide(text: str, said: dict[str, str], *, expected: bool, alone: bool) -> tuple[str, list[PersonalDatum]]:
    plain = fold_width(text)
    if whole := _ID_NUMBER.search(plain):
        said.setdefault(LAST_FOUR, re.sub(r"[\s-]", "", whole[0])[-4:].upper())
    spoken = plain.translate(_DIGITS)
    if alone and _BARE_BINDING.fullmatch(spoken) and re.search(r"[A-Za-z]", spoken):
        return _replace(text, [], _BARE_BINDING, said, BINDING_CODE)
    text, _ = _replace(text, [], _CUED_BINDING, said, BINDING_CODE)
    text, found = find_personal(text)
    for pattern, name in _CUED:
        text, found = _replace(text, found, pattern, said, name)
    if expected or _BARE.fullmatch(fold_width(text).translate(_DIGITS)):
        text, found = _replace(text, found, _RUN, said, "")
    return text, found


def _replace(
    text: str, found: list[PersonalDatum], pattern: re.Pattern[str], said: dict[str, str], name: str
) -> tuple[str, list[PersonalDatum]]:
    """Replace what a pattern calls `it`; without a name its length says what it is."""
    spoken = fold_width(text).translate(_DIGITS)

    def edits() -> Iterator[tuple[int, int, str]]:
        for match in pattern.finditer(spoken):
            value = re.sub(r"[\s-]", "", match["it"]).upper()
            kind = name or (SMS_CODE if len(value) == _SIX_LONG else LAST_FOUR)
            said.setdefault(kind, value)
            yield match.start("it"), match.end("it"), kind

    return edit(text, found, edits(), keep=False)
