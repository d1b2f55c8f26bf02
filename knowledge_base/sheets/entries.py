"""What a file says: its entries, each with where it stands, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge_base.content import Content, plain, read_body
from knowledge_base.errors import EntryInvalid
from knowledge_base.publishing import entry_id_of


@dataclass(frozen=True)
class Problem:
    """Something wrong, and where: sheet, row (from 1, 0 for the whole sheet), column letter, the column's title, and why."""

    sheet: str
    row: int
    column: str
    title: str
    words: str

    def to_json(self) -> list[Any]:
        """Give it as plain data."""
        return [self.sheet, self.row, self.column, self.title, self.words]


@dataclass
class FileEntry:
    """An entry as a file has it. `columns` are the letters of its row's columns by title; `content` stands when it is right."""

    kind: str
    body: dict[str, Any]
    sheet: str
    row: int
    columns: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    content: Content | None = None

    @property
    def id(self) -> str:
        """The entry's id, as far as the file says it."""
        if self.content is not None:
            return entry_id_of(self.content)
        if self.kind == "guide":
            return f"guide:{self.body.get('item', '')}:{self.body.get('region', '')}"
        return f"{self.kind}:{self.body.get('code' if self.kind == 'item' else 'id', '')}"

    def problem(self, title: str, words: str) -> None:
        """Note that something is wrong in a column of the entry's own row."""
        self.problems.append(Problem(self.sheet, self.row, self.columns.get(title, ""), title, words))

    def settle(self) -> None:
        """Convert the body to its content, unless something is wrong already."""
        if self.problems:
            return
        try:
            self.content = read_body(self.kind, self.body, "")
        except EntryInvalid as error:
            self.problem("", error.message.strip())
        else:
            self.body = plain(self.content)


@dataclass(frozen=True)
class FileContents:
    """Everything in a file, in its order; `problems` are those that belong to no entry."""

    entries: list[FileEntry]
    problems: list[Problem]

    @property
    def all_problems(self) -> list[Problem]:
        """Every problem, in the order of the file."""
        return [*self.problems, *(problem for entry in self.entries for problem in entry.problems)]
