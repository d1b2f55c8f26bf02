"""An agent's message to the citizen: one double click, one message.

The page gives each message an id of its own. The check that the agent holds the conversation, the message in the ledger and
the row that remembers the id are one transaction: a process that dies has sent it or has not, and sending it again is safe.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations import Say
from desk.changing import hold_handling, note_event, require_held
from desk.errors import DeskRefused
from desk.models import SentMessage
from desk.vocabulary import HandlingState
from qinwen.replies import Reply

LONGEST = 2000
_LONGEST_ID = 64


def send_once(
    session: Session,
    say: Say,
    handling: str,
    agent: str,
    client_id: str,
    reply: Reply,
    moment: datetime,
    author: str = "agent",
) -> int:
    """Write an agent's message to the citizen; the same `client_id` again writes nothing. Gives the message's number.

    `author` "system" is for what a step says that the agent started: only who holds the conversation starts any.

    Raises:
        NotHolding: the agent does not hold the conversation, and was not brought in.
        DeskRefused: the text is empty or too long, or the id is not right.
    """
    check_text(reply)
    if not client_id or len(client_id) > _LONGEST_ID:
        raise DeskRefused("消息编号不对，请刷新页面。")
    row = hold_handling(session, handling)
    known = session.get(SentMessage, (handling, client_id), populate_existing=True)
    if known is not None and known.agent == agent and known.message_id is not None:
        return known.message_id  # also when the conversation is elsewhere by now: it was sent
    require_held(session, row, agent, guests=author == "agent")
    number = say(row.conversation_id, author, reply)
    session.merge(SentMessage(handling_id=handling, client_id=client_id, agent=agent, at=moment, message_id=number))
    row.first_reply_at = row.first_reply_at or moment
    if row.state == HandlingState.WITH_AGENT.value:
        row.waiting_since = None
    note_event(session, "message", row)
    return number


def check_text(reply: Reply) -> None:
    """Check that a message says something and is not too long.

    Raises:
        DeskRefused: it is not so.
    """
    if not reply.text.strip() or len(reply.text) > LONGEST:
        raise DeskRefused(f"消息要有 1 到 {LONGEST} 个字。")


def senders_of(session: Session, handling: str) -> dict[int, str]:
    """Give which agent wrote which message, by the message's number."""
    rows = session.execute(
        select(SentMessage.message_id, SentMessage.agent).where(
            SentMessage.handling_id == handling, SentMessage.message_id.is_not(None)
        )
    )
    return {number: agent for number, agent in rows if number is not None}


def was_sent(session: Session, handling: str, client_id: str) -> bool:
    """Tell whether a click of the page was carried out before."""
    return session.get(SentMessage, (handling, client_id)) is not None
