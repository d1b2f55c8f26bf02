"""What `qinwen staff …` does; called by `manage.py`, which parses the command line. Each prints for a person."""

from __future__ import annotations

from collections.abc import Sequence

from qinwen.database import Database
from qinwen.settings import Settings
from staff.accounts import add_member, ensure_first_administrator, reset_password
from staff.audit import verify
from staff.errors import MemberRefused
from staff.permissions import Role


def add(
    settings: Settings, login: str, name: str, roles: Sequence[str], departments: Sequence[str], regions: Sequence[str]
) -> int:
    """Make an account and print its first password."""
    known = {role.value: role for role in Role} | {role.label: role for role in Role}
    unknown = [role for role in roles if role not in known]
    if unknown:
        allowed = "、".join(f"{role.value}（{role.label}）" for role in Role)
        raise MemberRefused(f"没有角色「{unknown[0]}」，可以用：{allowed}。")
    with Database(settings.database_url).session() as session:
        password = add_member(session, login, name or login, {known[role] for role in roles}, departments, regions)
    print(f"账号 {login} 已建好。首次密码（只显示这一次，登录后要改）：{password}")
    return 0


def reset(settings: Settings, login: str) -> int:
    """Give an account a new first password and print it."""
    with Database(settings.database_url).session() as session:
        password = reset_password(session, login)
    print(f"账号 {login} 的新首次密码（只显示这一次，登录后要改）：{password}")
    return 0


def check_audit(settings: Settings) -> int:
    """Verify the audit log; 1 when a row was changed or removed."""
    with Database(settings.database_url).session() as session:
        found = verify(session)
    if found.broken:
        print(f"审计日志不完整：{found.why}。")
        return 1
    print(f"审计日志完整，共 {found.rows} 条，末尾 {found.head}。")
    return 0


def first_administrator(settings: Settings) -> list[str]:
    """Make the first administrator of a new installation; gives the line to print, and none on later starts."""
    with Database(settings.database_url).session() as session:
        made = ensure_first_administrator(session)
    return [f"首个管理员  账号 {made[0]}，首次密码 {made[1]}（只显示这一次，登录后要改）"] if made else []
