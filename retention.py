"""The retention job: what is kept of citizens and staff goes when its class has been kept long enough (docs/privacy.md).

Two callers: `qinwen retention [--dry-run]`, and a background task of the `web` process that runs it once a day; of several
processes one does. Each class is a unit of work of its own: what is stopped in the middle goes on where it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from channels.wechat.server_api import erase_media, media_folder, purge_media
from conversations import (
    EngineMemory,
    Eraser,
    claim_run,
    drop_attachments,
    end_run,
    erase_attachments,
    erase_records,
    erase_vault,
    find_silent,
    purge_vault,
    purge_words,
)
from desk import drop_old_events
from desk import erase_citizen as erase_at_desk
from desk import purge_words as purge_at_desk
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from qinwen.log import logger
from qinwen.settings import Settings
from services_backend import erase_citizen as erase_cases
from services_backend import purge as purge_cases
from staff import SessionLimits, drop_expired_sessions

log = logger(__name__)
# Before anybody comes to work; a day whose moment was missed is made up for at once.
_DAILY_AT = time(3, 30)
_LOOK_EVERY = 300.0
_SILENT_AT_ONCE = 500


@dataclass(frozen=True)
class Purged:
    """One class of what is kept: its name, how long it is, and how many are over (and gone, unless it was a dry run)."""

    title: str
    kept: str
    count: int


def make_erasers(settings: Settings, memory: EngineMemory) -> tuple[Eraser, ...]:
    """Give everybody who keeps something of a citizen, for the hub and for citizens who are silent for years."""
    return (
        erase_vault,
        erase_attachments,
        memory.erase_citizen,
        erase_cases,
        lambda session, citizen: erase_at_desk(session, citizen, now()),
        lambda _, citizen: erase_media(media_folder(settings), citizen),
    )


def purge(settings: Settings, database: Database, memory: EngineMemory, moment: datetime, *, dry_run: bool) -> list[Purged]:
    """Erase what has been kept long enough by `moment`, or only count it."""

    def ago(days: float) -> datetime:
        return moment - timedelta(days=days)

    def do(work: Callable[[Session], int]) -> int:
        with database.session() as session:
            return work(session)

    words_days, vault_days = settings.keep_words, min(settings.keep_vault, settings.keep_words)
    with database.session() as session:
        words = purge_words(session, ago(words_days), dry_run=dry_run)
    with database.session() as session:
        cases = purge_cases(session, moment, settings.keep_cases, dry_run=dry_run)
    limits = SessionLimits(timedelta(seconds=settings.staff_session_idle), timedelta(seconds=settings.staff_session_life))
    case_days = f"{settings.keep_cases} 天"
    return [
        Purged("聊天内容", f"{words_days} 天", words["message"]),
        Purged("推送内容", f"{words_days} 天", words["delivery"]),
        Purged("市民写的个人信息（加密）", f"{vault_days} 天", do(lambda s: purge_vault(s, ago(vault_days), dry_run=dry_run))),
        Purged("引擎的短期记忆", f"{settings.keep_memory} 天", memory.purge(ago(settings.keep_memory), dry_run=dry_run)),
        Purged("问到一半的办件", "30 分钟", cases["case_talk"]),
        Purged("办件的最近状态", case_days, cases["case_known"]),
        Purged("发过的办件通知", case_days, cases["case_notice"]),
        Purged("兑现过的答复", case_days, cases["case_promise"]),
        Purged(
            "微信图片和语音",
            f"{settings.keep_media} 天",
            purge_media(media_folder(settings), ago(settings.keep_media), dry_run=dry_run),
        ),
        # Longer than the files, so that a page can say of a picture that it is gone.
        Purged("发过图片和语音的记录", f"{words_days} 天", do(lambda s: drop_attachments(s, ago(words_days), dry_run=dry_run))),
        Purged("工作人员的登录", "到期为止", do(lambda s: drop_expired_sessions(s, limits, moment, dry_run=dry_run))),
        Purged("服务台记下的话", f"{words_days} 天", do(lambda s: purge_at_desk(s, ago(words_days), dry_run=dry_run))),
        Purged("服务台的页面事件", "2 天", do(lambda s: drop_old_events(s, moment, dry_run=dry_run))),
        Purged(
            "长期没来的市民",
            f"{settings.keep_citizens} 天",
            do(partial(_forget_silent, make_erasers(settings, memory), ago(settings.keep_citizens), dry_run)),
        ),
    ]


def _forget_silent(erasers: Sequence[Eraser], before: datetime, dry_run: bool, session: Session) -> int:
    silent = find_silent(session, before, _SILENT_AT_ONCE)
    for citizen in () if dry_run else silent:
        erase_records(session, citizen, erasers, "silent", forget_address=True)
    return len(silent)


class DailyPurge:
    """Runs the job once a day, for as long as the process lives.

    Args:
        settings: how long what is kept.
        database: the main database.
        clock: the time.
    """

    def __init__(self, settings: Settings, database: Database, clock: Callable[[], datetime] = now) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._memory = EngineMemory(settings.tracker_url)
        self._runner = secrets.token_hex(8)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                try:
                    await asyncio.to_thread(self.run_if_due)
                except SQLAlchemyError:
                    log.exception("retention_without_database")
                except Exception:
                    log.exception("retention_failed")
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            self._memory.close()

    def run_if_due(self) -> list[Purged] | None:
        """Run the job if today's run is due and nobody else has it; gives what was erased."""
        moment = self._clock()
        local = moment.astimezone(SHAANXI)
        day = local.date() if local.time() >= _DAILY_AT else local.date() - timedelta(days=1)
        with self._database.session() as session:
            if not claim_run(session, day, self._runner, moment):
                return None
        purged = purge(self._settings, self._database, self._memory, moment, dry_run=False)
        counts = {one.title: one.count for one in purged}
        with self._database.session() as session:
            end_run(session, day, self._runner, self._clock(), counts)
        log.info("retention_done", day=day.isoformat(), erased=sum(counts.values()))
        return purged


def run_retention(settings: Settings, *, dry_run: bool) -> int:
    """Do what `qinwen retention` says, and print a line a class."""
    database, memory = Database(settings.database_url), EngineMemory(settings.tracker_url)
    try:
        for one in purge(settings, database, memory, now(), dry_run=dry_run):
            print(f"{one.title}（保留 {one.kept}）  {'到期' if dry_run else '已清除'} {one.count}")
    finally:
        memory.close()
        database.close()
    if dry_run:
        print("只数了数，什么都没有删。")
    return 0
