"""Erasing all that is kept of a citizen, and the receipt for it. Called by `runs` when a citizen asks for it, by the hub when
one leaves their channel, and by the retention job for who has been silent for years. The one writer of `erasure`.

Everything happens in one transaction, the receipt with it. It names no citizen: it proves that, when and how much.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conversations import claims, deliveries, ledger
from conversations.models import Citizen, Delivery, ErasureRow, Message
from qinwen.clock import SHAANXI, now

# Erases what somebody else keeps, and counts it: {"个身份绑定": 1} reads "1 个身份绑定". None: nothing worth counting.
Eraser = Callable[[Session, str], Mapping[str, int] | None]
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE = 8
REASONS = {"asked": "市民要求", "left": "市民离开渠道", "silent": "长期没有来过"}


@dataclass(frozen=True)
class Erasure:
    """What was erased: `counts` by what follows the number in words, `code` is on the citizen's receipt."""

    code: str
    at: datetime
    channel: str
    reason: str
    counts: Mapping[str, int]

    def to_words(self) -> str:
        """Tell the citizen."""
        listed = "、".join(f"{count} {what}" for what, count in self.counts.items() if count) or "没有查到您的记录"
        return f"已经删除：{listed}。\n回执编号 {self.code}，{self.at.astimezone(SHAANXI):%Y-%m-%d %H:%M}。"


def erase_records(
    session: Session, citizen: str, erasers: Sequence[Eraser], reason: str, *, forget_address: bool = False
) -> Erasure:
    """Erase a citizen's words and what all others keep of them; what was still to be sent is cancelled.

    Args:
        session: an open session.
        citizen: whose.
        erasers: erase what others keep.
        reason: why: asked, left, silent.
        forget_address: whether nobody can be reached under this citizen any more.
    """
    ledger.hold_citizen(session, citizen)
    said = select(func.count()).where(Message.citizen_id == citizen, Message.text != "")
    unsent = select(func.count()).where(Delivery.citizen_id == citizen, Delivery.state.in_(deliveries.OPEN))
    counts = {"条聊天消息": session.scalar(said) or 0, "条没有发出的消息": session.scalar(unsent) or 0}
    # Others first: some find what is theirs by the conversations.
    for erase in erasers:
        counts.update(erase(session, citizen) or {})
    if forget_address:
        ledger.erase_citizen(session, citizen)
        claims.close_open_turns(session, citizen)
    else:
        ledger.erase_words(session, citizen)
    deliveries.cancel_deliveries(session, citizen, "erased")
    channel = session.scalar(select(Citizen.channel).where(Citizen.id == citizen)) or ""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE))
    erasure = Erasure(code, now(), channel, reason, counts)
    session.add(ErasureRow(code=code, at=erasure.at, channel=channel, reason=reason, counts=dict(counts)))
    return erasure


def find_erasure(session: Session, code: str) -> Erasure | None:
    """Give the erasure of a receipt."""
    row = session.get(ErasureRow, code.strip().upper())
    return Erasure(row.code, row.at, row.channel, row.reason, row.counts) if row else None
