"""Ready-made texts of agents, with variables that are filled in from the handling: 您好，这里是{服务台}，您问的是{事项}。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from desk.changing import mask_words
from desk.errors import DeskRefused, DeskUnknown
from desk.models import MacroRow

VARIABLES = ("服务台", "事项", "地区", "坐席", "下次上班")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LONGEST_TITLE = 30
_LONGEST_TEXT = 1000
_UNKNOWN = "（待填）"


@dataclass(frozen=True)
class Macro:
    """A ready-made text, of one desk or (None) of all."""

    id: int
    desk: str | None
    title: str
    text: str


def save_macro(
    session: Session,
    title: str,
    text: str,
    author: str,
    moment: datetime,
    *,
    desk: str | None = None,
    number: int | None = None,
) -> Macro:
    """Write a macro, new or (with its number) changed.

    Raises:
        DeskRefused: title or text is empty or too long, or names a variable that there is not.
        DeskUnknown: there is none with this number.
    """
    words, name = mask_words(text, _LONGEST_TEXT), mask_words(title, _LONGEST_TITLE)
    unknown = [found for found in _VARIABLE.findall(words) if found not in VARIABLES]
    if unknown or _VARIABLE.sub("", words).count("{") or _VARIABLE.sub("", words).count("}"):
        raise DeskRefused("花括号里只能写：" + "、".join(f"{{{name}}}" for name in VARIABLES) + "。")
    row = session.get(MacroRow, number) if number is not None else MacroRow()
    if row is None:
        raise DeskUnknown("没有这条常用语。")
    row.desk, row.title, row.text, row.author, row.changed_at = desk, name, words, author, moment
    session.add(row)
    session.flush()
    return Macro(row.id, row.desk, row.title, row.text)


def delete_macro(session: Session, number: int) -> None:
    """Delete a macro; one that is gone already is no fault."""
    row = session.get(MacroRow, number)
    if row is not None:
        session.delete(row)


def list_macros(session: Session, desks: Sequence[str]) -> list[Macro]:
    """Give the macros of all and of some desks, by title."""
    query = select(MacroRow).where(or_(MacroRow.desk.is_(None), MacroRow.desk.in_(desks))).order_by(MacroRow.title, MacroRow.id)
    return [Macro(row.id, row.desk, row.title, row.text) for row in session.scalars(query)]


def fill_in(text: str, values: Mapping[str, str | None]) -> str:
    """Fill the variables in; what is not known stands out for the agent to write."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or _UNKNOWN, text)
