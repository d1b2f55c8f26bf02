"""Questions whose right answer is known, for the replay before publishing.

An installation may keep a file of its own (`golden.jsonl`: `{"question", "item", "facet"}` a line, item null for what must not
be answered). Besides, what is live says itself what it should be asked by: the standard question of each FAQ, and one wording
of each facet of the province's guides. A draft that takes one of those away from its entry makes things worse.
"""

from __future__ import annotations

import json
from pathlib import Path

from knowledge_base.content import PROVINCE, Faq, Guide
from knowledge_base.errors import EntryInvalid
from knowledge_base.impact import Asked
from knowledge_base.publishing import entry_id_of
from knowledge_base.snapshot import Snapshot
from knowledge_base.wordings import wordings_of
from qinwen.vocabulary import Facet

_QUESTIONS = frozenset({"question", "similar", "asked", "wording"})


def own_questions(knowledge: Snapshot, changing: str = "") -> list[Asked]:
    """Give the questions that live entries say they answer.

    Args:
        knowledge: what is live, refreshed.
        changing: the entry that is being changed. Its own questions are asked too, so that the new answers are seen, but
            what is right for them may change with it: they are not golden.
    """
    asked = []
    for version in knowledge.live(knowledge.clock()):
        content = version.content
        if entry_id_of(content) == changing:
            texts = (wording.text for wording in wordings_of(content) if wording.kind in _QUESTIONS)
            asked += [Asked(text) for text in texts]
        elif isinstance(content, Faq) and content.item:
            asked.append(Asked(content.question, golden=True, item=content.item, facet=content.facet))
        elif isinstance(content, Guide) and content.region == PROVINCE:
            first = ((facet, body.asked[0]) for facet, body in content.facets.items() if body.asked)
            asked += [Asked(question, golden=True, item=content.item, facet=facet) for facet, question in first]
    return asked


def read_golden(path: Path) -> list[Asked]:
    """Read an installation's own golden questions; none where there is no file.

    Raises:
        EntryInvalid: a line is wrong; the message names it.
    """
    if not path.exists():
        return []
    asked = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            facet = Facet(data["facet"]) if data.get("facet") else None
            asked.append(Asked(str(data["question"]), golden=True, item=data.get("item"), facet=facet))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EntryInvalid(f"{path.name} 第 {number} 行不对：要有 question、item 和 facet。") from error
    return asked
