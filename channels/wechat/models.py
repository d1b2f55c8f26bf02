"""The WeChat channel's own table. Private to this package; `server_api.token_store` is its one writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from qinwen.database import Base, UtcDateTime


class WechatToken(Base):
    """The access token of an account, and who is fetching the next one.

    `version` counts the fetches: WeChat may hand out the same token again. `refresh_at` is ahead of `expires_at`. Who holds
    the lease fetches; after a failure nobody does until `lease_until`, and `failure` says why.
    """

    __tablename__ = "wechat_token"

    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    token: Mapped[str] = mapped_column(String(1024))
    refresh_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(32))
