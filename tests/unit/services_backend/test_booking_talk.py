import re

from qinwen.clock import today
from qinwen.vocabulary import Outcome
from services_backend import BackendUnavailable
from services_backend import case_words as w
from tests.unit.services_backend.conftest import CITIZEN, Talker, titles, words


async def book(talker, region="610100"):
    asked = await talker.say("我要约号办护照", "book_appointment", item="passport", region=region)
    day = titles(asked)[-1]
    asked = await talker.say(day)
    return await talker.say(titles(asked)[0])


async def test_an_appointment_is_booked_in_choices_listed_and_cancelled(talker, backend):
    asked = await talker.say("我要约号", "book_appointment")
    assert (asked.outcome, "办什么事" in words(asked)) == (Outcome.ASK_SLOT, True)
    asked = await talker.say("办护照", item="passport")
    assert set(titles(asked)) == {"西安市政务服务大厅（示例）", "宝鸡市政务服务大厅（示例）"}
    asked = await talker.say("去西安的")
    assert all(re.fullmatch(r"\d+月\d+日（周[一二三四五六日]）", title) for title in titles(asked))
    asked = await talker.say(titles(asked)[-1])
    assert "09:00" in titles(asked)
    done = await talker.say("上午九点")
    [mine] = await backend.list_appointments(CITIZEN)
    assert mine.item == "passport"
    assert mine.pickup_code in words(done)
    assert mine.pickup_code in words(await talker.say("我的预约"))
    asked = await talker.say("取消预约")
    assert len(titles(asked)) == 2
    assert "已经取消" in words(await talker.say(titles(asked)[0]))
    assert "没有预约" in words(await talker.say("我的预约"))


async def test_the_region_of_the_conversation_chooses_the_hall(talker):
    asked = await talker.say("预约办护照", "book_appointment", item="passport", region="610100")
    assert "西安市政务服务大厅" in words(asked)
    assert "哪天去" in words(asked)


async def test_a_question_in_between_is_led_back_with_the_choices(talker):
    asked = await talker.say("预约办护照", "book_appointment", item="passport", region="610100")
    assert await talker.say("要带什么", item="passport") is None
    reminder = await talker.remind()
    assert [choice.title for choice in reminder.choices] == titles(asked)


async def test_naming_another_item_in_the_middle_books_for_that_one(talker, backend):
    asked = await talker.say("预约", "book_appointment", item="passport")
    assert "办“passport”" in words(asked)
    asked = await talker.say("办身份证", item="idcard-renew", whole=True)
    assert "办“idcard-renew”" in words(asked)
    asked = await talker.say("西安")
    asked = await talker.say(titles(asked)[-1])
    await talker.say(titles(asked)[0])
    assert [one.item for one in await backend.list_appointments(CITIZEN)] == ["idcard-renew"]


async def test_a_question_in_between_is_the_bot_s_also_when_the_case_system_is_down(talker, backend):
    await talker.say("预约办护照", "book_appointment", item="passport", region="610100")
    backend.fail_with = BackendUnavailable()
    assert await talker.say("要带啥材料", item="passport") is None
    assert words(await talker.say("后天去")) == w.DOWN_FOR_NOW


async def test_a_booking_can_be_dropped(talker, backend):
    await talker.say("预约办护照", "book_appointment", item="passport", region="610100")
    assert words(await talker.say("算了不约了")) == w.DROPPED
    assert await backend.list_appointments(CITIZEN) == []


async def test_a_place_taken_in_between_is_offered_no_more(talk, case_database, talker, backend):
    asked = await talker.say("预约办护照", "book_appointment", item="passport", region="610100")
    day = titles(asked)[-1]
    asked = await talker.say(day)
    at = titles(asked)[0]
    for number in range(3):
        other = Talker(talk, case_database, f"citizen-other-{number}")
        await other.say("预约办护照", "book_appointment", item="passport", region="610100")
        await other.say(day)
        assert "约好了" in words(await other.say(at))
    answer = await talker.say(at)
    assert answer is None or at not in titles(answer)
    assert await backend.list_appointments(CITIZEN) == []


async def test_which_appointment_is_to_go_may_be_named_or_denied(talker, backend):
    await book(talker)
    await talker.say("取消预约")
    assert "都还在" in words(await talker.say("都不取消"))
    [mine] = await backend.list_appointments(CITIZEN)
    named = f"把{mine.starts_at.astimezone(w.SHAANXI):%m月%d日}的号退了"
    assert "已经取消" in words(await talker.say(named, "cancel_appointment"))


async def test_booking_at_the_same_time_again_is_refused_in_words(talker):
    await book(talker)
    again = await book(talker)
    assert "已经有一个预约" in words(again)
    assert titles(again)


async def test_today_is_a_day_as_good_as_any(talker):
    asked = await talker.say("预约今天办护照", "book_appointment", item="passport", region="610100")
    assert "几点去" in words(asked) or w.day_words(today()) not in titles(asked)
