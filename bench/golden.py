"""The golden set of `tests/golden` (its README says how it is labelled): what is right, counted and kept for looking at."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.assistant import ROOT, Assistant, Turn
from bench.report import Report, show_progress

FOLDER = ROOT / "tests" / "golden"
Wrong = Callable[[dict[str, Any]], None]
"""Takes a wrong case, to be written as a line of the errors file."""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def describe(turn: Turn) -> dict[str, Any]:
    """Give what a turn led to, for the errors file."""
    shape = {name: getattr(turn, name) for name in ("outcome", "item", "facet", "region", "intent", "confidence")}
    return {**shape, "offered": turn.offered} if turn.outcome in {"clarify", "not_found"} else shape


def measure_questions(assistant: Assistant, report: Report, wrong: Wrong, file: str = "questions.jsonl") -> None:
    """Ask every single question; item, facet, both, by style and facet, and what came instead."""
    part = f"金标单问 {file}"
    counts: Counter[str] = Counter()
    by_style: dict[str, list[bool]] = defaultdict(list)
    by_facet: dict[str, list[bool]] = defaultdict(list)
    regions: list[bool] = []
    lines = read_lines(FOLDER / file)
    for line in show_progress(part, lines):
        turn = assistant.ask(line["question"])
        items = {line["item"], *_more(line.get("item_also"))}
        facets = {line["facet"], *_more(line.get("facet_also"))}
        item, facet = turn.item in items, turn.facet in facets
        answered, both = turn.outcome == "answered", item and facet
        clarified = turn.outcome == "clarify" and bool(items & set(turn.offered))
        counts.update(
            item=item,
            facet=facet,
            both=both,
            served=answered or clarified,
            clarified=clarified,
            right=answered and both,
            answered=answered,
            wrong=answered and not both,
            wrong_item=answered and not item,
            lost_clarify=turn.outcome == "clarify" and not clarified,
            refused=not answered and turn.outcome != "clarify",
        )
        by_style[line["style"]].append(both)
        by_facet[line["facet"]].append(both)
        region = "region" not in line or turn.region == line["region"]
        if "region" in line:
            regions.append(region)
        if not (both and region):
            wrong({"part": part, **line, "got": describe(turn)})
    n = len(lines)
    report.share(part, "事项和要素都对", counts["both"], n, target=0.92)
    report.share(part, "答了,或反问且选项里有对的", counts["served"], n, target=0.90)
    report.share(part, "事项对", counts["item"], n)
    report.share(part, "要素对", counts["facet"], n)
    report.share(part, "答对,或反问且选项里有对的", counts["right"] + counts["clarified"], n)
    report.share(part, "答了但答错(事项或要素)", counts["wrong"], n)
    report.share(part, "答了但事项错", counts["wrong_item"], n)
    report.share(part, "答了的里面答对的", counts["right"], counts["answered"])
    report.share(part, "反问且选项里有对的", counts["clarified"], n)
    report.share(part, "反问但选项里没有对的", counts["lost_clarify"], n)
    report.share(part, "没答也没反问", counts["refused"], n)
    report.share(part, "地区对(标了地区的)", sum(regions), len(regions))
    for title, groups in (("说法", by_style), ("要素", by_facet)):
        for name, found in sorted(groups.items(), key=lambda pair: sum(pair[1]) / len(pair[1])):
            report.share(part, f"都对 · {title} {name}", sum(found), len(found))


def measure_ambiguous(assistant: Assistant, report: Report, wrong: Wrong, file: str = "ambiguous.jsonl") -> None:
    """Ask what must be asked back."""
    part = f"该反问的 {file}"
    lines = read_lines(FOLDER / file)
    clarified = good = offered = inside = facet_given = facet_kept = answered = 0
    for line in show_progress(part, lines):
        turn = assistant.ask(line["question"])
        answered += turn.outcome == "answered"
        sensible = set(line["items"]) & set(turn.offered)
        if turn.outcome == "clarify":
            clarified += 1
            good += bool(sensible)
            offered += len(turn.offered)
            inside += sum(item in line["items"] for item in turn.offered)
            if line["facet"]:
                facet_given += 1
                facet_kept += turn.facet == line["facet"]
        if turn.outcome != "clarify" or not sensible:
            wrong({"part": part, **line, "got": describe(turn)})
    report.share(part, "反问了", clarified, len(lines))
    report.share(part, "反问且至少一个选项说得通", good, len(lines))
    report.share(part, "给出的选项里说得通的", inside, offered)
    report.share(part, "反问时记下了要素(标了的)", facet_kept, facet_given)
    report.share(part, "没反问,直接答了", answered, len(lines))


def measure_out_of_scope(assistant: Assistant, report: Report, wrong: Wrong, file: str = "out_of_scope.jsonl") -> None:
    """Ask what the knowledge base must not answer."""
    part = f"不该答的 {file}"
    kinds: dict[str, list[bool]] = defaultdict(list)
    outcomes: Counter[str] = Counter()
    lines = read_lines(FOLDER / file)
    for line in show_progress(part, lines):
        turn = assistant.ask(line["question"])
        outcomes[turn.outcome] += 1
        kinds[line["kind"]].append(turn.outcome == "answered")
        if turn.outcome == "answered":
            wrong({"part": part, **line, "got": describe(turn)})
    note = " ".join(f"{name} {count}" for name, count in outcomes.most_common())
    report.add(part, "当成知识答了", outcomes["answered"] / len(lines), note=f"{outcomes['answered']}/{len(lines)};{note}")
    for kind, found in sorted(kinds.items(), key=lambda pair: -sum(pair[1]) / len(pair[1])):
        report.share(part, f"当成知识答了 · {kind}", sum(found), len(found))


def measure_dialogues(assistant: Assistant, report: Report, wrong: Wrong, file: str = "dialogues.jsonl") -> None:
    """Hold every conversation, turn after turn."""
    part = f"会话 {file}"
    counts: Counter[str] = Counter()
    lines = read_lines(FOLDER / file)
    for line in show_progress(part, lines):
        talk, whole, offered = assistant.open_talk(), True, list[str]()
        for number, expected in enumerate(line["turns"], start=1):
            turn = assistant.ask(expected["text"], talk)
            checks = check_turn(expected, turn, offered)
            if turn.outcome == "clarify":
                offered = turn.offered
            right = all(checks.values())
            counts.update(turns=1, right=right, later=number > 1, later_right=number > 1 and right)
            for name, holds in checks.items():
                counts.update({f"{name}_checked": 1, f"{name}_right": holds})
            if not right:
                whole = False
                failed = [name for name, holds in checks.items() if not holds]
                wrong(
                    {
                        "part": part,
                        "id": line["id"],
                        "turn": number,
                        **expected,
                        "failed": failed,
                        "got": describe(turn),
                        "before": [t["text"] for t in line["turns"][: number - 1]],
                    }
                )
        counts["whole"] += whole
    report.share(part, "轮次对(事项、要素、结果、地区)", counts["right"], counts["turns"])
    report.share(part, "轮次对 · 第二轮起", counts["later_right"], counts["later"])
    report.share(part, "整段会话都对", counts["whole"], len(lines))
    for name, title in (("item", "事项"), ("facet", "要素"), ("outcome", "结果"), ("region", "地区")):
        report.share(part, f"轮次里{title}对", counts[f"{name}_right"], counts[f"{name}_checked"])


def measure_blind(assistant: Assistant, report: Report, wrong: Wrong) -> None:
    """Measure with the second set, that was written later by somebody else and not looked at while the parts were tuned."""
    for measure, kind in (
        (measure_questions, "questions"),
        (measure_ambiguous, "ambiguous"),
        (measure_out_of_scope, "out_of_scope"),
        (measure_dialogues, "dialogues"),
    ):
        measure(assistant, report, wrong, f"blind_{kind}.jsonl")


def check_turn(expected: dict[str, Any], turn: Turn, offered: list[str]) -> dict[str, bool]:
    """Check one turn of a conversation, by the conventions of the README; gives what was checked.

    A null item means that the turn belongs to no item; where an answer is among the outcomes that are expressly allowed, any
    item will do. A null facet is checked by the item alone.

    Args:
        expected: the labelled turn.
        turn: what came.
        offered: the items of the last turn that asked back, for `item_from_choice`.
    """
    checks: dict[str, bool] = {}
    allowed = [expected["outcome"]] if "outcome" in expected else expected.get("outcome_any") or []
    if allowed:
        checks["outcome"] = turn.outcome in allowed
    if "item_from_choice" in expected:
        place = expected["item_from_choice"] - 1
        checks["item"] = place < len(offered) and turn.item == offered[place]
    elif expected.get("item"):
        checks["item"] = turn.item == expected["item"]
    elif "item" in expected and not ("answered" in allowed and turn.outcome == "answered"):
        checks["item"] = turn.item is None
    if expected.get("facet"):
        checks["facet"] = turn.facet in {expected["facet"], *_more(expected.get("facet_also"))}
    if "region" in expected:
        checks["region"] = turn.region == expected["region"]
    return checks


def _more(also: str | list[str] | None) -> list[str]:
    return [also] if isinstance(also, str) else also or []
