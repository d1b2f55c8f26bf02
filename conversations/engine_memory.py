"""The engine's short memory (`TRACKER_URL`, kept by `bot/tracker_store.py`), seen from outside: erasing what it holds of a
citizen, or what is old. It holds the last turns of each conversation, masked. Nothing else here touches it.

The engine writes a conversation before it answers, and reads it anew with each turn, so deleting a row forgets it for good.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, column, delete, func, inspect, select, table
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from conversations.models import Conversation
from qinwen.database import UtcDateTime, make_engine

_TAILS = table("tracker_tail", column("conversation"), column("updated_at", UtcDateTime))


class EngineMemory:
    """Erases in the engine's database; does nothing where the engine has made none yet."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = make_engine(url)

    def erase_citizen(self, session: Session, citizen: str) -> dict[str, int]:
        """Forget a citizen's conversations; an `Eraser` of the hub. `session` is one of the ledger's."""
        mine = session.scalars(select(Conversation.id).where(Conversation.citizen_id == citizen)).all()
        if not mine or not self._is_there():
            return {}
        with self._engine.begin() as connection:
            gone = connection.execute(delete(_TAILS).where(_TAILS.c.conversation.in_(mine)))
        return {"段对话的短期记忆": gone.rowcount if isinstance(gone, CursorResult) else 0}

    def purge(self, before: datetime, *, dry_run: bool) -> int:
        """Forget the conversations that were silent since a moment; returns how many (there would be, in a dry run)."""
        if not self._is_there():
            return 0
        with self._engine.begin() as connection:
            old = _TAILS.c.updated_at < before
            if dry_run:
                return connection.scalar(select(func.count()).select_from(_TAILS).where(old)) or 0
            done = connection.execute(delete(_TAILS).where(old))
            return done.rowcount if isinstance(done, CursorResult) else 0

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _is_there(self) -> bool:
        return inspect(self._engine).has_table("tracker_tail")
