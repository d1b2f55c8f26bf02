"""How well Qinwen answers: one table of measured values, targets and verdicts (`make eval`, `python -m bench.quality`).

Questions are asked in process of the real parts: the check at the door, the trained model, its rules, the actions, the
answerer on a freshly seeded database, the tracker that keeps the slots of a conversation. Left out are HTTP, the ledger,
rate limits and handoff; see `bench/assistant.py`. `bench/golden.py` measures with our own golden set, `bench/outside.py` with
foreign data where a developer has it.

Vectors and the seeded database are kept below `var/eval` (safe to delete); a second run takes a fraction of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import golden, outside
from bench.assistant import ROOT, Assistant, open_assistant
from bench.golden import Wrong
from bench.report import Report

PARTS: dict[str, Callable[[Assistant, Report, Wrong], None]] = {
    "questions": golden.measure_questions,
    "ambiguous": golden.measure_ambiguous,
    "out_of_scope": golden.measure_out_of_scope,
    "dialogues": golden.measure_dialogues,
    "blind": golden.measure_blind,
    "recall": outside.measure_recall,
    "refusals": outside.measure_refusals,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description="秦问的回答质量:一张表")
    parser.add_argument("--json", type=Path, metavar="文件", help="把全部数字写成 JSON")
    parser.add_argument("--errors", type=Path, metavar="文件", help="把每个答错的写成一行 JSON(外部数据只写文件名和行号)")
    parser.add_argument("--strict", action="store_true", help="有一项未达标就以 1 退出")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="部分", help=f"只量这些部分:{' '.join(PARTS)}")
    options = parser.parse_args()
    started = time.monotonic()
    assistant = open_assistant(Path(os.environ.get("QINWEN_VAR") or ROOT / "var"))
    report, errors = Report(), list[dict[str, Any]]()
    for name in options.only or PARTS:
        PARTS[name](assistant, report, errors.append)
        if assistant.encoder:
            assistant.encoder.save()
    report.print_table()
    print(f"用时 {time.monotonic() - started:.0f} 秒", file=sys.stderr)
    if options.json:
        report.write_json(options.json)
    if options.errors:
        lines = (json.dumps(error, ensure_ascii=False) + "\n" for error in errors)
        options.errors.write_text("".join(lines), encoding="utf-8")
    return 1 if options.strict and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
