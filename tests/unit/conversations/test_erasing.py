"""Whoever asks is erased wherever something is kept of them, and gets a receipt of how much it was."""

import re

import pytest
from sqlalchemy import select, text

from conversations import CitizenMessage, Response, Vault, find_erasure
from conversations.models import Citizen, Message
from conversations.vault import PURPOSE
from qinwen.replies import Reply
from qinwen.sealing import Sealer
from qinwen.vocabulary import Outcome

LAST = "我只留下没有内容的次数和时间。"


class Erasing:
    """Answers like the case side: the wish to be erased is taken, the rest is the bot's."""

    def expects_secret(self, session, citizen):
        return False

    async def respond(self, asked, ask_bot):
        if asked.text == "删除我的记录":
            return Response(Outcome.ACKNOWLEDGED, (Reply("text", LAST),), erase=True)
        return await ask_bot()


@pytest.fixture
def erased():
    return []


@pytest.fixture
def hub(make_hub, erased):
    def eraser(session, citizen):
        erased.append(citizen)
        return {"个身份绑定": 1, "件办件的最近状态": 0}

    return make_hub(cases=Erasing(), erasers=(eraser,), vault=Vault(Sealer("s", PURPOSE)))


async def erase(hub, citizen):
    await hub.take(CitizenMessage(citizen, "m1", "我叫王小明，电话13812345678"))
    return await hub.take(CitizenMessage(citizen, "m2", "删除我的记录"))


async def test_the_answer_is_a_receipt_with_the_counts(hub, citizen, erased):
    done = await erase(hub, citizen)
    receipt, last = (reply.text for reply in done.response.replies)
    assert receipt.startswith("已经删除：3 条聊天消息、1 个身份绑定。\n回执编号 ")
    assert last == LAST
    assert erased == [citizen]


async def test_the_receipt_is_known_and_names_nobody(hub, citizen, ledger_database):
    done = await erase(hub, citizen)
    code = re.search(r"回执编号 ([2-9A-Z]{8})，", done.response.replies[0].text)[1]
    with ledger_database.session() as session:
        found = find_erasure(session, f" {code.lower()} ")
        row = session.execute(text("SELECT * FROM erasure")).one()
    assert (found.reason, found.channel, found.counts["条聊天消息"]) == ("asked", "webchat", 3)
    assert citizen not in str(row)


async def test_the_same_message_again_gives_the_same_receipt(hub, citizen, erased):
    first = await erase(hub, citizen)
    again = await hub.take(CitizenMessage(citizen, "m2", "删除我的记录"))
    assert again.response.replies == first.response.replies
    assert len(erased) == 1


async def test_only_the_receipt_is_left_of_the_words(hub, citizen, ledger_database):
    await erase(hub, citizen)
    with ledger_database.session() as session:
        left = session.scalars(select(Message.text).where(Message.text != "").order_by(Message.id)).all()
    assert [one[:4] for one in left] == ["已经删除", LAST[:4]]


async def test_where_one_thing_can_not_be_erased_nothing_is_and_the_citizen_is_told(make_hub, citizen, ledger_database):
    def broken(session, citizen):
        raise RuntimeError

    hub = make_hub(cases=Erasing(), erasers=(broken,))
    await hub.take(CitizenMessage(citizen, "m1", "你好"))
    done = await hub.take(CitizenMessage(citizen, "m2", "删除我的记录"))
    assert done.response.outcome is Outcome.ERROR
    assert "什么都没有删掉" in done.response.replies[0].text
    with ledger_database.session() as session:
        assert session.scalars(select(Message.text).where(Message.text == "你好")).all() == ["你好"]


async def test_who_leaves_can_not_be_found_any_more(hub, citizen, erased, ledger_database):
    await hub.take(CitizenMessage(citizen, "m1", "你好"))
    for _ in range(2):
        await hub.forget(citizen)
    with ledger_database.session() as session:
        assert session.scalar(select(Citizen.address)) == f"erased:{citizen}"
        assert session.scalars(select(Message.text)).all() == ["", ""]
    assert erased == [citizen, citizen]
