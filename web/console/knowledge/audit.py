"""Writes imports and radar runs into the audit log, for the jobs of `knowledge_base`, which does not know the log."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from staff import hold_log, record


class ImportAudit:
    """The audit log, as the jobs of imports see it."""

    def hold(self, session: Session) -> None:
        """Take the log's lock, before anything is changed."""
        hold_log(session)

    def record(self, session: Session, actor: str, action: str, batch: int, detail: dict[str, int]) -> None:
        """Write one row."""
        record(session, actor, action, f"import:{batch}", detail)


def radar_done(actor: str) -> Callable[[Session, dict[str, int]], None]:
    """Give what writes down that the radar has looked through everything."""

    def write(session: Session, counts: dict[str, int]) -> None:
        record(session, actor, "radar_finished", "radar:knowledge", counts)

    return write
