"""What `qinwen retention` does with citizens' cases; called by `manage.py`. Prints for a person."""

from __future__ import annotations

from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import Settings
from services_backend.keeping import purge

_TITLES = {
    "case_talk": "问到一半的办件（30 分钟）",
    "case_known": "办件的最近状态",
    "case_notice": "发过的办件通知",
    "case_promise": "兑现过的答复",
}


def keep_cases(settings: Settings, *, dry_run: bool) -> int:
    """Delete what is kept of cases longer than the settings allow; in a dry run only count it."""
    database = Database(settings.database_url)
    with database.session() as session:
        counts = purge(session, now(), settings.keep_cases, dry_run=dry_run)
    database.close()
    verb = "到期" if dry_run else "已清除"
    for name, title in _TITLES.items():
        days = "" if "（" in title else f"（{settings.keep_cases} 天）"
        print(f"{title}{days}  {verb} {counts[name]} 条")
    return 0
