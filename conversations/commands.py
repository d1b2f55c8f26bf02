"""What `qinwen deliveries …` and `qinwen retention` do; called by `manage.py`. Each prints for a person."""

from __future__ import annotations

from datetime import timedelta

from conversations.delivery_list import count_deliveries, give_up_delivery, list_deliveries, requeue_delivery
from conversations.engine_memory import EngineMemory
from conversations.retention import purge_words
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from qinwen.settings import Settings

STATE_TITLES = {
    "waiting": "等请求来取",
    "offered": "已回复，等确认",
    "due": "等待发送",
    "sending": "正在发送",
    "sent": "已送达",
    "parked": "暂存",
    "given_up": "已放弃",
}
_WIDTH = 36


def show_deliveries(settings: Settings, state: str | None, citizen: str | None, limit: int) -> int:
    """List the newest deliveries with state and reason."""
    with Database(settings.database_url).session() as session:
        counts = count_deliveries(session)
        rows = list_deliveries(session, state, citizen, limit=limit)
    print("  ".join(f"{title} {counts[name]}" for name, title in STATE_TITLES.items() if counts[name]) or "还没有消息。")
    for row in rows:
        words = row.text.replace("\n", " ")[:_WIDTH]
        at = row.changed_at.astimezone(SHAANXI).strftime("%m-%d %H:%M:%S")
        reason = f"（{row.reason}）" if row.reason else ""
        print(f"{row.id:>8}  {at}  {row.channel}  {row.citizen}  {STATE_TITLES[row.state]}{reason}  {row.attempts} 次  {words}")
    return 0


def requeue(settings: Settings, number: int) -> int:
    """Let a parked or given-up delivery be pushed again."""
    with Database(settings.database_url).session() as session:
        requeue_delivery(session, number)
    print(f"消息 {number} 已重新排队。")
    return 0


def give_up(settings: Settings, number: int) -> int:
    """Give a delivery up."""
    with Database(settings.database_url).session() as session:
        give_up_delivery(session, number)
    print(f"消息 {number} 已放弃。")
    return 0


def keep_words(settings: Settings, *, dry_run: bool) -> int:
    """Erase words and memories that are older than the settings allow; in a dry run only count them."""
    moment = now()
    database, memory = Database(settings.database_url), EngineMemory(settings.tracker_url)
    with database.session() as session:
        counts = purge_words(session, moment, settings.keep_words, dry_run=dry_run)
    remembered = memory.purge(moment - timedelta(days=settings.keep_memory), dry_run=dry_run)
    memory.close()
    database.close()
    verb = "到期" if dry_run else "已清除"
    print(f"聊天内容（{settings.keep_words} 天）  {verb} {counts['message']} 条")
    print(f"推送内容（{settings.keep_words} 天）  {verb} {counts['delivery']} 条")
    print(f"引擎的短期记忆（{settings.keep_memory} 天）  {verb} {remembered} 个会话")
    return 0
