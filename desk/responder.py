"""What the desk answers to a citizen who waits for a person or has one. One short transaction for each message.

While a person has the conversation nothing is answered here: the message is in the ledger, and the agent's page hears of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from conversations import Response
from desk import words
from desk.changing import note_event
from desk.desks import Desk, read_desk
from desk.handling import hold_open
from desk.leading import ASKS
from desk.models import HandlingRow
from desk.queueing import leave_queue
from desk.vocabulary import CloseOutcome, HandlingState
from desk.work_items import add_work_item
from language import SafetyKind, detect_safety, normalise
from qinwen.vocabulary import Outcome

_END = r"[了吧啊呀哦。.!,\s]*"
_LEAVE_MESSAGE = re.compile(rf"(?:我|要|想|那|就|先)*(?:给.{{0,6}})?留(?:个|条)?言(?:,晚些答复我)?{_END}")
_KEEP_WAITING = re.compile(rf"(?:我|那)?(?:就)?(?:继续|接着|再|还是)?(?:排队)?等(?:着|等|一等|一下|一会儿?)?{_END}")
_BACK = re.compile(
    rf"(?:我|那|算)?(?:了)?,?(?:不(?:想)?(?:等|排队?|留言?|找人工|要人工|转人工)|(?:回到?|转回|切回|还是问|问)机器人|取消(?:排队|留言)?|退出(?:排队)?)"
    rf"(?:了)?(?:,?问机器人)?{_END}"
)


@dataclass(frozen=True)
class StillQueued:
    """The citizen goes on waiting: the edge tells them their place, which takes longer than a row should be held."""

    handling: str


def answer(session: Session, conversation: str, message_id: str, text: str, moment: datetime) -> Response | StillQueued:
    """Take one message of a citizen whose conversation is at the desk.

    Args:
        session: an open session.
        conversation: the conversation's id.
        message_id: the sender's id of the message.
        text: what was written, masked.
        moment: now.
    """
    row = hold_open(session, conversation)
    if row is None:
        return Response(Outcome.ACKNOWLEDGED, (words.given_back(),))
    row.citizen_at = moment
    if row.state == HandlingState.WITH_AGENT.value:
        row.waiting_since = row.waiting_since or moment
        note_event(session, "message", row)
        return Response(Outcome.HANDED_OFF, ())
    safety = detect_safety(text)
    if safety and safety.kind is SafetyKind.EMERGENCY:
        return Response(Outcome.EMERGENCY, (words.emergency(safety.number),))
    plain = normalise(text).strip()
    if _BACK.fullmatch(plain):
        leave_queue(session, row, CloseOutcome.LEFT, moment)
        return Response(Outcome.ACKNOWLEDGED, (words.back_to_bot(),))
    desk = read_desk(session, row.desk)
    if row.state == HandlingState.LEAVING_MESSAGE.value:
        return _take_message(session, row, desk, message_id, plain, moment)
    if _LEAVE_MESSAGE.fullmatch(plain):
        row.state = HandlingState.LEAVING_MESSAGE.value
        note_event(session, "left", row)
        return Response(Outcome.DESK_QUEUED, (words.leave_a_message(desk),))
    note_event(session, "message", row)
    return StillQueued(row.id)


def note_step(session: Session, conversation: str, *, asks: bool) -> None:
    """Note what a step said that the agent started; while it asks the citizen again, nobody waits for the agent."""
    row = hold_open(session, conversation)
    if row is not None:
        if asks:
            row.waiting_since = None
        note_event(session, "message", row)


def _take_message(
    session: Session, row: HandlingRow, desk: Desk, message_id: str, plain: str, moment: datetime
) -> Response | StillQueued:
    wants_a_person = ASKS.fullmatch(plain) or _KEEP_WAITING.fullmatch(plain)
    if wants_a_person and desk.hours.is_open(moment):
        row.state, row.queued_at = HandlingState.QUEUED.value, moment
        note_event(session, "queued", row)
        return StillQueued(row.id)
    if wants_a_person or _LEAVE_MESSAGE.fullmatch(plain):
        return Response(Outcome.DESK_CLOSED, (words.leave_a_message(desk),))
    leave_queue(session, row, CloseOutcome.MESSAGE, moment)
    item = add_work_item(session, row, desk, message_id, moment)
    return Response(Outcome.DESK_CLOSED, (words.message_taken(desk, item.id, item.due_on),))
