"""The figures of a measurement: collected by the parts, printed as one table, written as JSON. Used by quality and speed."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_WIDTHS = (50, 12, 9)


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        part: what was measured with, for instance a file.
        name: what the figure is.
        value: a share, a number, or None where the part was skipped.
        unit: "share" is printed as a percentage; else it follows the number.
        target: the value to reach, None where there is none.
        at_least: whether more is better.
        note: printed after the figure, for instance the counts.
    """

    part: str
    name: str
    value: float | None
    unit: str = "share"
    target: float | None = None
    at_least: bool = True
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.target is None or self.value is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


class Report:
    """The figures, in the order they came."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def add(self, part: str, name: str, value: float | None, **more: Any) -> None:
        """Keep a figure; `more` as in `Figure`."""
        self.figures.append(Figure(part, name, None if value is None else round(float(value), 4), **more))

    def share(self, part: str, name: str, hits: int, n: int, **more: Any) -> None:
        """Keep a share of counts, with the counts beside it; nothing where nothing was counted."""
        if n:
            self.add(part, name, hits / n, **{"note": f"{hits}/{n}", **more})

    def skip(self, part: str, why: str) -> None:
        """Keep that a part was not measured, and why."""
        self.add(part, "跳过", None, note=why)

    @property
    def missed(self) -> list[Figure]:
        """The figures that miss their target."""
        return [figure for figure in self.figures if figure.passed is False]

    def print_table(self) -> None:
        """Print all as one table on standard output."""
        part = None
        print(_line(("指标", "实测", "目标"), "结果"))
        order = {figure.part: place for place, figure in reversed(list(enumerate(self.figures)))}
        for figure in sorted(self.figures, key=lambda figure: order[figure.part]):
            if figure.part != part:
                part = figure.part
                print(f"── {part} " + "─" * max(0, 84 - _width(part)))
            verdict = {True: "✓ 达标", False: "✗ 未达标", None: ""}[figure.passed]
            target = "" if figure.target is None else f"{'≥' if figure.at_least else '≤'}{_shown(figure.target, figure.unit)}"
            value = "" if figure.value is None else _shown(figure.value, figure.unit)
            print(_line((f"  {figure.name}", value, target), f"{verdict:<7} {figure.note}".rstrip()))
        judged = [figure for figure in self.figures if figure.passed is not None]
        print(f"── 合计:{len(judged)} 项有目标,{len(judged) - len(self.missed)} 项达标,{len(self.missed)} 项未达标")

    def write_json(self, path: Path) -> None:
        """Write all figures."""
        shapes = [{**asdict(figure), "passed": figure.passed} for figure in self.figures]
        path.write_text(json.dumps({"figures": shapes}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def show_progress(name: str, things: Sequence[T] | Iterable[T], total: int | None = None) -> Iterator[T]:
    """Pass things on, telling on standard error how far we are."""
    count = total if total is not None else len(things)  # type: ignore[arg-type]
    started, shown = time.monotonic(), 0.0
    for number, thing in enumerate(things):
        at = time.monotonic()
        if at - shown > (0.5 if sys.stderr.isatty() else 10):
            shown = at
            print(
                f"\r{name} {number}/{count} " if sys.stderr.isatty() else f"{name} {number}/{count}",
                end="" if sys.stderr.isatty() else "\n",
                file=sys.stderr,
                flush=True,
            )
        yield thing
    took = time.monotonic() - started
    print(f"{chr(13) if sys.stderr.isatty() else ''}{name} {count} 用时 {took:.1f} 秒", file=sys.stderr, flush=True)


def _shown(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}"
    number = f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
    return f"{number} {unit}".rstrip()


def _line(cells: Sequence[str], last: str) -> str:
    padded = (cell + " " * max(1, width - _width(cell)) for cell, width in zip(cells, _WIDTHS, strict=True))
    return ("".join(padded) + last).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
