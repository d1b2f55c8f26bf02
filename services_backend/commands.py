"""What `qinwen reseal` does with citizens' bindings; called by `manage.py`. Prints for a person."""

from __future__ import annotations

from qinwen.database import Database
from qinwen.sealing import Sealer
from qinwen.settings import Settings
from services_backend.keeping import reseal_access
from services_backend.talk_turn import PURPOSE


def reseal_bindings(settings: Settings) -> int:
    """Seal the bindings again with the newest key; 1 where something no key of ours opens is left."""
    sealer = Sealer(settings.personal_secret, PURPOSE, settings.previous_personal_secret)
    with Database(settings.database_url).session() as session:
        done, lost = reseal_access(session, sealer)
    print(f"身份绑定：已用新密钥重新加密 {done} 个。")
    if lost:
        print(f"身份绑定：有 {lost} 个哪个密钥都打不开，这些市民要重新绑定。")
    return 1 if lost else 0
