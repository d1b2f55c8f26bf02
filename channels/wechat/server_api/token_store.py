"""Where the access token lives for all processes: one row an account in the main database. Its one writer.

The right to fetch a new token is a lease in the same row, won by conditional update (style: claim work that way).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Update, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from channels.wechat.models import WechatToken
from channels.wechat.server_api.answers import failed
from qinwen.database import Database
from qinwen.log import logger

log = logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class StoredToken:
    """What the row says. The token itself is never shown when this is printed."""

    version: int
    token: str = field(repr=False)
    refresh_at: datetime
    expires_at: datetime
    lease_owner: str | None
    lease_until: datetime
    failure: str | None


class TokenStore:
    """The row of one account."""

    def __init__(self, database: Database, app_id: str) -> None:
        self._database = database
        self._app_id = app_id

    async def read(self, moment: datetime) -> StoredToken:
        """Read the row; the first reader makes it, without a token.

        Raises:
            CallFailed: the database can't be used.
        """
        return await self._in_database(lambda session: self._read(session, moment))

    async def take_lease(self, version: int, owner: str, moment: datetime, until: datetime) -> bool:
        """Take the right to fetch the token after `version`. True for exactly one caller until the lease is over.

        Raises:
            CallFailed: the database can't be used.
        """
        free = (WechatToken.version == version) & (WechatToken.lease_until <= moment)
        values = {"lease_owner": owner, "lease_until": until, "failure": None}
        return await self._change(update(WechatToken).where(free).values(values))

    async def write(self, stored: StoredToken) -> bool:
        """Write a fetched token and give the lease back. False: the lease was lost meanwhile, so nothing was written.

        Raises:
            CallFailed: the database can't be used.
        """
        values = {
            "version": stored.version,
            "token": stored.token,
            "refresh_at": stored.refresh_at,
            "expires_at": stored.expires_at,
            "lease_owner": None,
            "lease_until": stored.lease_until,
            "failure": None,
        }
        return await self._change(update(WechatToken).where(WechatToken.lease_owner == stored.lease_owner).values(values))

    async def fail(self, owner: str, reason: str, until: datetime) -> None:
        """Note that fetching failed: nobody tries again before `until`.

        Raises:
            CallFailed: the database can't be used.
        """
        values = {"lease_owner": None, "lease_until": until, "failure": reason}
        await self._change(update(WechatToken).where(WechatToken.lease_owner == owner).values(values))

    def _read(self, session: Session, moment: datetime) -> StoredToken:
        row = session.get(WechatToken, self._app_id)
        if row is None:
            past = moment - timedelta(seconds=1)
            row = WechatToken(app_id=self._app_id, version=0, token="", refresh_at=past, expires_at=past, lease_until=past)
            try:
                with session.begin_nested():
                    session.add(row)
                    session.flush()
            except IntegrityError:
                # Another process made it in between.
                row = session.get_one(WechatToken, self._app_id)
        return StoredToken(
            row.version, row.token, row.refresh_at, row.expires_at, row.lease_owner, row.lease_until, row.failure
        )

    async def _change(self, statement: Update) -> bool:
        def run(session: Session) -> bool:
            result = session.execute(statement.where(WechatToken.app_id == self._app_id))
            return isinstance(result, CursorResult) and result.rowcount == 1

        return await self._in_database(run)

    async def _in_database(self, work: Callable[[Session], T]) -> T:
        def run() -> T:
            with self._database.session() as session:
                return work(session)

        try:
            return await asyncio.to_thread(run)
        except SQLAlchemyError as error:
            log.warning("wechat_token_unreadable", error=type(error).__name__)
        raise failed("database")
