"""The vault: personal data that citizens wrote, sealed, beside the ledger whose texts only hold placeholders. The one writer
of `vault_entry`; called by `claims` for what comes in, by the staff's pages for what is looked at, by erasing and retention.

What proves an identity never comes here: `language.hide_secrets` leaves it out. An entry is found by its message and by where
its placeholder stands in the text, so that the texts stay what citizens, the engine and every other reader know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from conversations.models import VaultEntry
from language import PersonalDatum
from qinwen.clock import now
from qinwen.sealing import Sealer
from qinwen.settings import Settings

PURPOSE = "vault"


@dataclass(frozen=True)
class Sealed:
    """A datum that the vault has: where its placeholder begins in the message's text, and of which kind it is."""

    id: int
    start: int
    kind: str


class Vault:
    """Keeps and opens personal data.

    Args:
        sealer: with the vault's key.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def keep(self, session: Session, citizen: str, message: int, personal: Collection[PersonalDatum]) -> None:
        """Keep what was hidden in a message."""
        moment = now()
        session.add_all(
            VaultEntry(
                citizen_id=citizen,
                message_id=message,
                start=datum.start,
                kind=datum.kind,
                sealed=self._sealer.seal(datum.value),
                created_at=moment,
            )
            for datum in personal
        )

    def reveal(self, session: Session, message: int, entry: int) -> tuple[str, str] | None:
        """Give the kind and the value of an entry; the value is empty where its key is gone, None where there is no such.

        Who calls this asks for a permission and a reason before, and writes both down.
        """
        row = session.scalar(select(VaultEntry).where(VaultEntry.id == entry, VaultEntry.message_id == message))
        return (row.kind, self._sealer.open(row.sealed)) if row else None

    def reseal(self, session: Session) -> tuple[int, int]:
        """Seal everything again with the newest key: how many were, and how many no key of ours opens."""
        done = lost = 0
        for entry, sealed in session.execute(select(VaultEntry.id, VaultEntry.sealed)).all():
            if fresh := self._sealer.reseal(sealed):
                session.execute(update(VaultEntry).where(VaultEntry.id == entry).values(sealed=fresh))
                done += 1
            else:
                lost += 1
        return done, lost


def make_vault(settings: Settings) -> Vault:
    """Make the vault with the keys of the settings."""
    return Vault(Sealer(settings.personal_secret, PURPOSE, settings.previous_personal_secret))


def sealed_in(session: Session, messages: Collection[int]) -> dict[int, Sequence[Sealed]]:
    """List what the vault has of some messages, by message, in the order of their texts; nothing is opened."""
    found: dict[int, list[Sealed]] = defaultdict(list)
    rows = session.execute(
        select(VaultEntry.message_id, VaultEntry.id, VaultEntry.start, VaultEntry.kind)
        .where(VaultEntry.message_id.in_(messages))
        .order_by(VaultEntry.message_id, VaultEntry.start)
    )
    for message, entry, start, kind in rows:
        found[message].append(Sealed(entry, start, kind))
    return dict(found)


def erase_vault(session: Session, citizen: str) -> dict[str, int]:
    """Erase what the vault has of a citizen (an `Eraser`)."""
    gone = session.execute(delete(VaultEntry).where(VaultEntry.citizen_id == citizen))
    return {"项个人信息": gone.rowcount if isinstance(gone, CursorResult) else 0}


def purge_vault(session: Session, before: datetime, *, dry_run: bool) -> int:
    """Erase what is older than a moment, or only count it."""
    old = VaultEntry.created_at < before
    count = session.scalar(select(func.count()).select_from(VaultEntry).where(old)) or 0
    if count and not dry_run:
        session.execute(delete(VaultEntry).where(old).execution_options(synchronize_session=False))
    return count
