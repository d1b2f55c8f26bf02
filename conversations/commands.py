"""What `qinwen deliveries …` and `qinwen reseal` do; called by `manage.py`. Each prints for a person."""

from __future__ import annotations

from conversations.delivery_list import count_deliveries, give_up_delivery, list_deliveries, requeue_delivery
from conversations.vault import make_vault
from qinwen.clock import SHAANXI
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


def reseal_vault(settings: Settings) -> int:
    """Seal the vault again with the newest key; 1 where something no key of ours opens is left."""
    with Database(settings.database_url).session() as session:
        done, lost = make_vault(settings).reseal(session)
    print(f"个人信息：已用新密钥重新加密 {done} 项。")
    if lost:
        print(f"个人信息：有 {lost} 项哪个密钥都打不开，留着没动，到期会清除。")
    return 1 if lost else 0
