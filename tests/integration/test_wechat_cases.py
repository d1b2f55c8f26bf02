"""Cases on the WeChat channel: the QR code of a receipt binds whoever scans it, and changes are pushed to them once."""

import asyncio

from sqlalchemy import text as sql

from qinwen.clock import now
from services_backend import CaseChanged, CaseState, CaseTalk, InMemoryBackend, Teller, TryLimits, add_notices
from tests.integration.test_wechat_conversation import SlowResponder, wechat
from tests.unit.services_backend.conftest import LAST4, make_case
from web.case_side import CaseSide


async def test_scanning_a_receipt_binds_and_a_change_is_pushed_once(tmp_path, ledger_database):
    backend = InMemoryBackend()
    case = make_case()
    backend.add_case(case, LAST4, "王")
    code = backend.make_receipt_code(case.number)
    talk = CaseTalk(backend, ledger_database, "secret-of-the-tests", TryLimits())
    hubs = []
    async with wechat(tmp_path, ledger_database, SlowResponder(0), 1.0, CaseSide(talk), hubs.append) as phone:
        # Scanning follows the account, and binds.
        await phone.scans(f"bind_{code}")
        await phone.wait_for(1)
        assert "绑定好了：王**" in phone.received[0].text
        await phone.says("我的办件")
        await phone.wait_for(2)
        assert "审查中" in phone.received[1].text

        with ledger_database.session() as session:
            subject = session.execute(sql("SELECT citizen_id FROM case_binding")).scalar_one()
            changed = CaseChanged(
                "event-0001", 4, case.number, case.item, case.item_name, CaseState.DECIDED, case.state, now(), (subject,)
            )
            assert add_notices(session, changed) == 1
        teller = Teller(talk.room, hubs[0])
        await asyncio.gather(teller.tell_all(), teller.tell_all())
        await phone.wait_for(3)
        # For one too many; and an equal event within the same second would be the same push.
        await asyncio.sleep(1.1)
        assert ["新进展" in bubble.text for bubble in phone.received] == [False, False, True]

        # The same receipt again: the code is spent.
        await phone.scans(f"bind_{code}")
        await phone.wait_for(4)
        assert "绑定码不对" in phone.received[3].text
    with ledger_database.engine.connect() as connection:
        names = connection.execute(sql("SELECT name FROM sqlite_master WHERE type='table'")).scalars().all()
        kept = "\n".join(str(row) for name in names for row in connection.execute(sql(f'SELECT * FROM "{name}"')).all())
    assert code not in kept
