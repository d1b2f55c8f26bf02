"""Made-up applicants. Nobody real can be among them:

- their identity numbers have a right check sign, but begin with 619999, a division that does not exist and never did;
- their phone numbers begin with 1540000, and no message is ever sent;
- their given names begin with 试.

Deterministic: the n-th person of a seed is always the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from language.identifiers import id_check_sign

_DIVISION = "619999"
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "安平和宁乐康顺明新立成文远青禾云山川行知"


@dataclass(frozen=True)
class Person:
    """A made-up applicant."""

    name: str
    id_number: str
    phone: str


def make_people(count: int, seed: int) -> list[Person]:
    """Make the first `count` people of a seed."""
    dice = random.Random(seed)  # noqa: S311  (made-up people, nothing secret)
    return [_make(dice, number) for number in range(count)]


def _make(dice: random.Random, number: int) -> Person:
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(365 * 55))
    body = f"{_DIVISION}{born:%Y%m%d}{number % 1000:03d}"
    name = f"{dice.choice(_FAMILY)}试{dice.choice(_GIVEN)}"
    return Person(name, body + id_check_sign(body), f"1540000{number:04d}")
