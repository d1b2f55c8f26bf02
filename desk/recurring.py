"""What agents tell citizens again and again: answers that the knowledge base probably lacks, for the editors.

Source: what agents wrote to citizens, masked, in conversations that ended without a knowledge entry. Two answers are alike
when they share most of their character pairs; ready-made texts are left out, for they recur by design.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.looking_back import read_conversation
from desk.models import HandlingRow, MacroRow
from desk.transcript import agent_words
from desk.vocabulary import BY_AGENT
from language import normalise

LEAST = 3
_ALIKE = 0.6
_SHORTEST = 12
_MOST_HANDLINGS = 1000
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class RecurringAnswer:
    """An answer that recurs.

    Attributes:
        key: stable as long as its first wording is.
        text: the wording that is most like the others.
        item: the item that most of the conversations were about.
        handlings: in which conversations, the newest first.
    """

    key: str
    text: str
    item: str | None
    handlings: tuple[str, ...]

    @property
    def count(self) -> int:
        """In how many conversations it was said."""
        return len(self.handlings)


def find_recurring(session: Session, desks: Sequence[str], since: datetime, least: int = LEAST) -> list[RecurringAnswer]:
    """Find what agents of some desks said in several conversations since a moment, the most frequent first."""
    rows = session.scalars(
        select(HandlingRow)
        .where(
            HandlingRow.desk.in_(desks),
            HandlingRow.closed_at >= since,
            HandlingRow.outcome.in_([outcome.value for outcome in BY_AGENT]),
            HandlingRow.entry.is_(None),
        )
        .order_by(HandlingRow.closed_at.desc())
        .limit(_MOST_HANDLINGS)
    ).all()
    of_conversation = {row.conversation_id: row for row in rows}
    ready_made = [_pairs(text) for text in session.scalars(select(MacroRow.text))]
    groups: list[list[tuple[frozenset[str], str, HandlingRow]]] = []
    by_pair: dict[str, set[int]] = defaultdict(set)
    for conversation, text in agent_words(session, list(of_conversation)):
        pairs = _pairs(text)
        if len(normalise(text)) < _SHORTEST or not pairs or any(_alike(pairs, macro) for macro in ready_made):
            continue
        # Only groups that share a fair number of pairs are compared at all.
        near = Counter(number for pair in pairs for number in by_pair.get(pair, ()))
        found = next((n for n, shared in near.most_common(5) if _alike(pairs, groups[n][0][0]) and shared), None)
        if found is None:
            found = len(groups)
            groups.append([])
            for pair in pairs:
                by_pair[pair].add(found)
        groups[found].append((pairs, text, of_conversation[conversation]))
    answers = [_summarise(group) for group in groups]
    return sorted((one for one in answers if one.count >= least), key=lambda one: (-one.count, one.key))


def question_before(session: Session, answer: RecurringAnswer) -> str:
    """Give what the citizen wrote just before the answer, in the newest conversation where that is known; else nothing."""
    wanted = _pairs(answer.text)
    for handling in answer.handlings:
        asked = ""
        for line in read_conversation(session, handling):
            if line.author == "citizen":
                asked = line.reply.text
            elif line.author == "agent" and _alike(_pairs(line.reply.text), wanted) and asked:
                return asked
    return ""


def _summarise(group: Sequence[tuple[frozenset[str], str, HandlingRow]]) -> RecurringAnswer:
    counts = Counter(pair for pairs, _, _ in group for pair in pairs)
    _, text, _ = max(group, key=lambda said: sum(counts[pair] for pair in said[0]) / (len(said[0]) + 20))
    handlings = list(dict.fromkeys(row.id for _, _, row in sorted(group, key=lambda s: s[2].closed_at or s[2].asked_at)[::-1]))
    items = Counter(item for _, _, row in group if (item := row.brief.get("item")))
    key = hashlib.sha256(group[0][1].encode()).hexdigest()[:16]
    return RecurringAnswer(key, text, items.most_common(1)[0][0] if items else None, tuple(handlings))


def _pairs(text: str) -> frozenset[str]:
    plain = _NOT_WORDS.sub("", normalise(text))
    return frozenset(plain[n : n + 2] for n in range(len(plain) - 1))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one | other), 10**6)
