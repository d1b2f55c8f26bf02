"""Real wordings that nobody here wrote, on developers' machines only: recall of the search, and what must not be answered.

The data stands in `../shared/data/dev` beside the checkout or where `QINWEN_EVAL_DATA` says. No text of it is written
anywhere: the errors file gets the file's name and the line's number.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from bench.assistant import ROOT, Assistant
from bench.golden import Wrong, describe, read_lines
from bench.report import Report, show_progress

SAMPLE = 400
_SEED = 20240601
_OUTSIDE = ("smp2017_traindev", "rasa_bots_utterances")
_COMPLAINTS = ("dongguan", "fuzhou_12345")
# What these bots' users say to any bot; the right reaction is an act of ours, and only `answered` would be wrong.
_ACTS = (
    "greet",
    "affirm",
    "deny",
    "refuse",
    "bye",
    "goodbye",
    "thank",
    "chitchat",
    "chat_",
    "mood",
    "who",
    "what",
    "confirm",
)


def find_data() -> Path:
    """Give where the data would be."""
    return Path(os.environ.get("QINWEN_EVAL_DATA") or ROOT.parent / "shared" / "data" / "dev")


def measure_recall(assistant: Assistant, report: Report, wrong: Wrong) -> None:
    """Measure how often search alone finds the right entry, by the function behind `qinwen kb eval`."""
    del wrong
    targets = {"recall_at_1": 0.78, "recall_at_3": 0.92}
    _recall(assistant, report, "shenzhen", "检索 shenzhen(标准问找意图)", targets)
    _recall(assistant, report, "taipei_faq", "检索 taipei_faq(问题找答案)", {})


def _recall(assistant: Assistant, report: Report, name: str, part: str, targets: dict[str, float]) -> None:
    path = find_data() / f"{name}.jsonl"
    if not path.exists():
        report.skip(part, f"没有 {path.name}(见 QINWEN_EVAL_DATA)")
        return
    try:
        from knowledge_base.search import EvaluationEntry, EvaluationQuestion, evaluate
    except ImportError as error:
        report.skip(part, f"检索评测还用不了:{type(error).__name__}")
        return
    lines = read_lines(path)
    if name == "shenzhen":
        groups: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            groups[line["intent"]].append(line["text"])
        entries = [EvaluationEntry(intent, texts[0], "", ()) for intent, texts in groups.items()]
        asked = [EvaluationQuestion(t, frozenset([intent])) for intent, texts in groups.items() for t in texts[1:]]
    else:
        entries = [EvaluationEntry(line["id"], "", line["answer"], ()) for line in lines]
        asked = [EvaluationQuestion(line["question"], frozenset([line["id"]])) for line in lines]
    for _ in show_progress(part, [0]):
        found = evaluate(entries, asked, assistant.encoder)
    if assistant.encoder:
        assistant.encoder.save()
    note = f"{len(entries)} 条知识,{found.n} 问"
    for key, title in (
        ("recall_at_1", "recall@1"),
        ("recall_at_3", "recall@3"),
        ("recall_at_5", "recall@5"),
        ("mrr", "MRR"),
    ):
        report.add(part, title, getattr(found, key), target=targets.get(key), note=note)
    shown = f"答 {found.answered}(错 {found.wrong_answers})反问 {found.clarified} 拒 {found.refused}"
    report.share(part, "按出厂阈值:有把握地答错", found.wrong_answers, found.n, note=shown)


def measure_refusals(assistant: Assistant, report: Report, wrong: Wrong) -> None:
    """Ask our own knowledge base what it can't know, through the full way of a message."""
    for names, title, target in ((_OUTSIDE, "范围外", 0.02), (_COMPLAINTS, "长诉求", 0.05)):
        part, every = f"{title},问自己的知识库", Counter[str]()
        for name in names:
            path = find_data() / f"{name}.jsonl"
            if path.exists():
                every += _refusals(assistant, report, wrong, part, path, target)
            else:
                report.skip(part, f"没有 {path.name}(见 QINWEN_EVAL_DATA)")
        report.share(part, "当成知识答了 · 合计", every["answered"], every.total(), target=target, at_least=False)


def _refusals(assistant: Assistant, report: Report, wrong: Wrong, part: str, path: Path, target: float) -> Counter[str]:
    lines = [(number, line) for number, line in enumerate(read_lines(path), start=1) if line["text"].strip()]
    sample = random.Random(_SEED).sample(lines, min(SAMPLE, len(lines)))
    outcomes: Counter[str] = Counter()
    acts = 0
    for number, line in show_progress(f"{part} {path.name}", sample):
        turn = assistant.ask(line["text"])
        outcomes[turn.outcome] += 1
        acts += str(line.get("intent", "")).startswith(_ACTS)
        if turn.outcome == "answered":
            label: dict[str, Any] = {key: line[key] for key in ("label", "intent") if key in line}
            wrong({"part": part, "file": path.name, "line": number, **label, "got": describe(turn)})
    answered = outcomes["answered"]
    note = f"{answered}/{len(sample)};" + " ".join(f"{name} {count}" for name, count in outcomes.most_common(6))
    if acts:
        note += f";其中 {acts} 句是寒暄应答一类"
    report.add(part, f"当成知识答了 · {path.stem}", answered / len(sample), target=target, at_least=False, note=note)
    return outcomes
