"""Personal data stays out of the ledger's texts and is kept sealed beside them; what proves an identity is kept nowhere."""

import pytest
from sqlalchemy import select, text

from conversations import CitizenMessage, Vault, erase_vault
from conversations.models import Message, VaultEntry
from conversations.vault import PURPOSE, sealed_in
from qinwen.sealing import Sealer

SAID = "我叫王小明，电话13812345678，身份证11010519491231002X，后四位002X，验证码482913，怎么补办"


@pytest.fixture
def vault():
    return Vault(Sealer("of the tests", PURPOSE))


@pytest.fixture
async def said(make_hub, vault, ledger_database):
    """Say something personal; gives the citizen and the message's number."""
    hub = make_hub(vault=vault)
    citizen = await hub.open_citizen("webchat", "somebody")
    await hub.take(CitizenMessage(citizen, "m1", SAID))
    with ledger_database.session() as session:
        return citizen, session.scalar(select(Message.id).where(Message.direction == "in"))


def everything(database):
    with database.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'")).scalars().all()
        return "\n".join(str(row) for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"')).all())


async def test_no_table_has_the_value_of_what_was_said(said, ledger_database):
    kept = everything(ledger_database)
    assert "我叫[姓名]，电话[手机号]，身份证[身份证号]，后四位[后四位]，验证码[验证码]，怎么补办" in kept
    for value in ("王小明", "13812345678", "11010519491231002X", "002X", "482913", "110105"):
        assert value not in kept


async def test_each_placeholder_opens_to_what_was_said_there(said, vault, ledger_database):
    _, message = said
    with ledger_database.session() as session:
        opened = [vault.reveal(session, message, one.id) for one in sealed_in(session, [message])[message]]
    assert opened == [("姓名", "王小明"), ("手机号", "13812345678"), ("身份证号", "11010519491231****")]


async def test_an_entry_opens_only_at_its_own_message_and_with_its_key(said, vault, ledger_database):
    _, message = said
    with ledger_database.session() as session:
        entry = sealed_in(session, [message])[message][0].id
        assert vault.reveal(session, message + 1, entry) is None
        assert vault.reveal(session, message, entry + 99) is None
        assert Vault(Sealer("another", PURPOSE)).reveal(session, message, entry) == ("姓名", "")


async def test_a_message_that_comes_twice_is_kept_once(make_hub, vault, ledger_database):
    hub = make_hub(vault=vault)
    citizen = await hub.open_citizen("webchat", "somebody")
    for _ in range(2):
        await hub.take(CitizenMessage(citizen, "m1", SAID))
    with ledger_database.session() as session:
        assert len(session.scalars(select(VaultEntry.id)).all()) == 3


async def test_after_a_change_of_key_everything_opens_before_and_after_resealing(said, ledger_database):
    _, message = said
    changing = Vault(Sealer("new", PURPOSE, "of the tests"))
    with ledger_database.session() as session:
        entry = sealed_in(session, [message])[message][0].id
        assert changing.reveal(session, message, entry) == ("姓名", "王小明")
        assert changing.reseal(session) == (3, 0)
        assert Vault(Sealer("new", PURPOSE)).reveal(session, message, entry) == ("姓名", "王小明")
        assert Vault(Sealer("of the tests", PURPOSE)).reveal(session, message, entry) == ("姓名", "")
        assert Vault(Sealer("newest", PURPOSE)).reseal(session) == (0, 3)


async def test_erasing_counts_what_goes_and_twice_does_no_harm(said, ledger_database):
    citizen, _ = said
    with ledger_database.session() as session:
        assert erase_vault(session, "somebody else") == {"项个人信息": 0}
        assert erase_vault(session, citizen) == {"项个人信息": 3}
        assert erase_vault(session, citizen) == {"项个人信息": 0}
