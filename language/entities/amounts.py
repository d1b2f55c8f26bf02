"""Finds sums of money: 200块 · 三千元 · 1.5万 · ¥2,000 · 12块5; the value is yuan as a plain decimal number."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from language.entities.entity import Entity, EntityKind
from language.normalise import fold_width
from language.numerals import DIGITS, HAN_NUMBER, parse_number

_NUMBER: Final = rf"(?:\d{{1,12}}(?:,\d{{3}}){{0,3}}(?:\.\d{{1,4}})?\s?[十百千万亿]{{0,2}}|{HAN_NUMBER}{{1,16}})"
_AMOUNT: Final = re.compile(
    rf"(?<!\d)(?<!\d[.,])(?:(?P<sign>[¥￥]|人民币)\s?)?(?P<number>{_NUMBER})[多来余]?\s?"
    # 元旦, 一元一次, 三块地, 两毛病 and the like are no money.
    r"(?P<unit>块钱|块(?!地|田|砖|板|牌|石|手表|肉|宅|儿|去|来|办|走)|元钱|元(?!旦|宵|素|件|月|首|气|老|宇|一次方|一次函)|圆(?!形|圈|满)"
    r"|毛钱|毛(?!病|孩|巾|笔|坯|利|重)|角钱|(?<=\d)角(?!度|形|星|场|色|落)|分钱|rmb|RMB|(?<=\d)[wW](?![A-Za-z0-9]))?"
    r"(?P<tail>(?<=块)[1-9一二三四五六七八九](?![\d一二三四五六七八九十百千万个年月天号块.]))?"
)
_IN_YUAN: Final = {"毛": Decimal("0.1"), "角": Decimal("0.1"), "分": Decimal("0.01"), "w": Decimal(10_000)}
# 1.5万 alone is money unless what is counted follows.
_BARE_MYRIADS: Final = re.compile(r"(?:\d[\d.]*|[一二两三四五六七八九十百]+)\s?万")
_COUNTED: Final = tuple("人名户公步米吨张份件次里斤个条字平亩篇册辆台家股票岁年只头")
_TOGETHER: Final = "一块"


def find_amounts(text: str) -> Iterator[Entity]:
    """Yield the sums of money in a text."""
    folded = fold_width(text)
    for match in _AMOUNT.finditer(folded):
        written, unit = match["number"].rstrip(), match["unit"] or ""
        number = parse_number(written)
        if number is None or not _is_money(match, written, unit):
            continue
        value = number * _IN_YUAN.get(unit[:1].lower(), Decimal(1))
        if match["tail"]:
            value += Decimal(DIGITS.get(match["tail"]) or int(match["tail"])) / 10
        start, end = match.start(), match.start() + len(match[0].rstrip())
        yield Entity(EntityKind.AMOUNT, text[start:end], _plain(value), start, end)


def _is_money(match: re.Match[str], written: str, unit: str) -> bool:
    if unit == "块" and match[0] == _TOGETHER:
        return False  # 一块 by itself says "together"
    if unit or match["sign"]:
        return True
    return _BARE_MYRIADS.fullmatch(written) is not None and not match.string.startswith(_COUNTED, match.end())


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
