"""Fetches the pictures and voices of citizens for the person who has the conversation. A task of the `web` process; of several
processes one fetches each file, and another goes on where one died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from conversations import attachments
from conversations.attachments import Wanted
from conversations.errors import LedgerUnavailable
from conversations.hub import Hub
from conversations.turns import MediaKind
from qinwen.clock import now
from qinwen.errors import QinwenError
from qinwen.log import logger

log = logger(__name__)
NO_ACCOUNT = "没有配置公众号的接口密钥，取不到。请管理员看接入说明。"
_LOOK_EVERY = 1.0
# After so many seconds once more, where it may work then.
_AGAIN = (5, 30, 120, 600)


class StoredFile(Protocol):
    """What a source gives: the stored file's name, and its type by its bytes."""

    @property
    def name(self) -> str:
        """Give the name."""

    @property
    def type(self) -> str:
        """Give the type."""


class MediaSource(Protocol):
    """Who fetches a file from the platform and stores it."""

    async def fetch_media(self, media_id: str, kind: MediaKind, citizen: str = "") -> StoredFile:
        """Fetch and store a file.

        Raises:
            QinwenError: it is not to be had, or not now (`permanent`).
        """


class Fetcher:
    """Fetches what is wanted, while the process lives.

    Args:
        hub: whose ledger says what is wanted.
        source: fetches; None where no account is set up.
        discard: deletes a stored file that nobody may have any more.
    """

    def __init__(self, hub: Hub, source: MediaSource | None, discard: Callable[[str], None]) -> None:
        self._ledger = hub.runs.in_ledger
        self._source = source
        self._discard = discard

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.fetch_wanted()
            except LedgerUnavailable:
                pass  # said by the ledger; the next look finds it again
            except Exception:
                log.exception("attachments_not_fetched")
            await asyncio.sleep(_LOOK_EVERY)

    async def fetch_wanted(self) -> int:
        """Fetch what is wanted now; gives how many were tried.

        Raises:
            LedgerUnavailable: the database can't be used.
        """
        wanted = await self._ledger(lambda s: attachments.take_wanted(s, now()))
        await asyncio.gather(*(self._fetch(one) for one in wanted))
        return len(wanted)

    async def _fetch(self, one: Wanted) -> None:
        if self._source is None:
            await self._ledger(lambda s: attachments.fail_attachment(s, one.message, NO_ACCOUNT, None))
            return
        try:
            stored = await self._source.fetch_media(one.media_id, one.kind, one.citizen)
        except QinwenError as error:
            last = error.permanent or one.attempts > len(_AGAIN)
            again = None if last else now() + timedelta(seconds=_AGAIN[one.attempts - 1])
            log.warning("attachment_not_fetched", message=one.message, reason=error.code, again=not last)
            reason = error.message
            await self._ledger(lambda s: attachments.fail_attachment(s, one.message, reason, again))
            return
        name, kind = stored.name, stored.type
        if await self._ledger(lambda s: attachments.keep_attachment(s, one.message, name, kind)):
            log.info("attachment_fetched", message=one.message, kind=one.kind)
        else:
            await asyncio.to_thread(self._discard, name)
            log.info("attachment_discarded", message=one.message)
