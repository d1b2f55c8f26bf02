"""Emergency controls on WeChat, through the simulated platform in secure mode: a banner once, a uniform answer, the bot at rest."""

from datetime import timedelta

from conversations import ControlKind, NewControl, start_control, stop_control
from qinwen.clock import now
from tests.integration.test_wechat_conversation import SlowResponder, wechat


async def test_controls_reach_the_next_message_on_wechat_and_leave_nothing_behind(tmp_path, ledger_database):
    def put(kind, text, wordings=()):
        moment = now()
        new = NewControl(kind, text, "演练", moment, moment + timedelta(hours=1), wordings)
        with ledger_database.session() as session:
            return start_control(session, new, "duty", moment)

    responder = SlowResponder(0)
    async with wechat(tmp_path, ledger_database, responder, 1.0) as phone:
        said = 0

        async def ask(text):
            nonlocal said
            said += 1
            await phone.says(text)
            await phone.wait_for(said)
            return phone.received[-1].text

        assert await ask("护照多少钱") == "答〔护照多少钱〕"
        controls = [put(ControlKind.BANNER, "今天下午停电。")]
        first = await ask("身份证多少钱")
        assert "【公告】今天下午停电。" in first
        assert "答〔身份证多少钱〕" in first
        assert "公告" not in await ask("社保卡多少钱")
        controls.append(put(ControlKind.ANSWER, "停电到六点。", ("大厅 停电",)))
        assert (await ask("大厅怎么停电了")).startswith("停电到六点。")
        controls.append(put(ControlKind.BOT_OFF, ""))
        resting = await ask("护照在哪办")
        assert "暂时停用" in resting
        assert "12345" in resting
        # The one choice can be answered by its number, and leads to a person.
        assert await ask("1") == "答〔转人工〕"
        with ledger_database.session() as session:
            for number in controls:
                stop_control(session, number, "duty", now())
        assert await ask("护照要几天") == "答〔护照要几天〕"
    assert phone.faults == []
    assert all(push.answered for push in phone.pushes)
