"""An agent's message to the citizen: one double click, one message.

The page gives each message an id of its own. `begin` writes it down and says whether to go on; the hub then posts; `finish`
notes the message's number. A process that dies in between leaves a row without a number: the same message sent again looks
into the ledger whether it went out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from desk.changing import hold_handling, hold_held, note_event
from desk.errors import DeskRefused
from desk.models import SentMessage
from desk.transcript import read_lines
from desk.vocabulary import HandlingState

LONGEST = 2000
_LONGEST_ID = 64
# A post takes well under a second; whoever has not finished by then is dead.
_ABANDONED = timedelta(seconds=15)


@dataclass(frozen=True)
class Sending:
    """What `begin` found: the conversation to post to, the message's number if it went out before, or `wait`."""

    conversation: str
    message: int | None = None
    wait: bool = False


def begin(session: Session, handling: str, agent: str, client_id: str, text: str, moment: datetime) -> Sending:
    """Write down that an agent sends a message.

    Raises:
        NotHolding: the agent does not hold the conversation, and was not brought in.
        DeskRefused: the text is empty or too long, or the id is not right.
    """
    if not text.strip() or len(text) > LONGEST:
        raise DeskRefused(f"消息要有 1 到 {LONGEST} 个字。")
    if not client_id or len(client_id) > _LONGEST_ID:
        raise DeskRefused("消息编号不对，请刷新页面。")
    row = hold_held(session, handling, agent, guests=True)
    known = session.get(SentMessage, (handling, client_id), populate_existing=True)
    if known is None:
        session.add(SentMessage(handling_id=handling, client_id=client_id, agent=agent, at=moment))
        session.flush()
        return Sending(row.conversation_id)
    if known.message_id is not None:
        return Sending(row.conversation_id, known.message_id)
    if known.at > moment - _ABANDONED:
        return Sending(row.conversation_id, wait=True)
    lost = [
        line.id
        for line in read_lines(session, row.citizen_id)
        if line.conversation == row.conversation_id and line.author == "agent" and line.reply.text == text
        if datetime.fromisoformat(line.at) >= known.at
    ]
    known.message_id, known.at = (lost[0] if lost else None), moment
    session.flush()
    return Sending(row.conversation_id, known.message_id)


def finish(session: Session, handling: str, client_id: str, message: int, moment: datetime) -> None:
    """Note the number that a message got, and that the citizen does not wait any more."""
    row = hold_handling(session, handling)
    session.execute(
        update(SentMessage)
        .where(SentMessage.handling_id == handling, SentMessage.client_id == client_id)
        .values(message_id=message)
        .execution_options(synchronize_session=False)
    )
    row.first_reply_at = row.first_reply_at or moment
    if row.state == HandlingState.WITH_AGENT.value:
        row.waiting_since = None
    note_event(session, "message", row)
