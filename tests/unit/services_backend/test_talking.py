import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from qinwen.clock import now, today
from qinwen.vocabulary import Outcome
from services_backend import BackendUnavailable, CaseState, CaseTalk, TryLimits, keeping
from services_backend import case_words as w
from services_backend.case_numbers import make_case_number, print_case_number
from services_backend.cases import CaseMaterial
from tests.unit.services_backend.conftest import CITIZEN, LAST4, SECRET, Talker, late, make_case, titles, words


def everything(database):
    """Give all that is in the database, as text."""
    with database.engine.connect() as connection:
        names = connection.execute(sql("SELECT name FROM sqlite_master WHERE type='table'")).scalars().all()
        return "\n".join(str(row) for name in names for row in connection.execute(sql(f'SELECT * FROM "{name}"')).all())


async def test_a_case_is_shown_after_number_last_four_and_code(talker, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    asked = await talker.say("我的件办到哪了", "check_case")
    assert asked.outcome is Outcome.ASK_SLOT
    asked = await talker.say(print_case_number(case.number))
    assert asked.outcome is Outcome.IDENTITY_REQUIRED
    assert "后四位" in words(asked)
    asked = await talker.say("后四位是123x")
    assert words(asked) == w.ASK_CODE
    shown = await talker.say(f"验证码{backend.sms[-1]}")
    assert shown.outcome is Outcome.CASE_STATUS
    assert shown.replies[0].type == "card"
    assert "居民身份证换领 · 审查中" in words(shown)
    assert "莲湖区户政窗口" in words(shown)


@pytest.mark.parametrize("write", [
    "查一下{number}到哪步了", "编号 {printed} 麻烦了", "{digits}", "{wide}", "{dashed}", "sn {digits}",
])  # fmt: skip
async def test_a_number_in_the_first_sentence_is_taken_in_any_usual_form(talker, backend, write):
    number = make_case().number
    digits = number[2:]
    text = write.format(
        number=number,
        printed=print_case_number(number),
        digits=digits,
        wide="".join(chr(ord(sign) + 0xFEE0) for sign in number),
        dashed=f"{digits[:4]}-{digits[4:8]}-{digits[8:]}",
    )
    asked = await talker.say(text, "check_case")
    assert asked.outcome is Outcome.IDENTITY_REQUIRED
    assert print_case_number(number) in words(asked)


async def test_number_and_last_four_in_one_sentence_save_a_question(talker, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    asked = await talker.say(f"查{case.number} 身份证后四位{LAST4}", "check_case")
    assert words(asked) == w.ASK_CODE
    assert backend.sms


async def test_a_question_in_between_leaves_the_form_open_and_is_led_back_twice_at_most(talker, pass_check, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await talker.say(case.number, "check_case")
    assert await talker.say("护照要带什么材料", item="passport") is None
    assert (await talker.remind()).text == w.REMINDERS["last4"]
    assert (await talker.remind()).text == w.REMINDERS["last4"]
    assert words(await talker.say(LAST4)) == w.ASK_CODE
    assert await talker.say("护照多少钱", item="passport") is None
    assert (await talker.remind()).text == w.REMINDERS["code"]
    assert (await talker.say(backend.sms[-1])).outcome is Outcome.CASE_STATUS
    assert await talker.remind() is None


async def test_who_goes_on_to_something_else_is_left_in_peace(talker):
    await talker.say("查进度", "check_case")
    assert [bool(await talker.remind()) for _ in range(4)] == [True, True, False, False]


@pytest.mark.parametrize("text", ["取消", "算了", "我不查了", "不用了。", "算了先不查了"])
async def test_a_form_can_be_cancelled(talker, text):
    await talker.say("查进度", "check_case")
    answer = await talker.say(text, "cancel")
    assert (answer.outcome, words(answer)) == (Outcome.ACKNOWLEDGED, w.DROPPED)
    assert await talker.remind() is None


async def test_a_number_is_corrected_by_sending_another(talker, backend):
    first, second = make_case(1), make_case(2)
    backend.add_case(second, LAST4)
    await talker.say(first.number, "check_case")
    await talker.say(LAST4)
    asked = await talker.say(f"不对，是{second.number}")
    assert print_case_number(second.number) in words(asked)
    await talker.say(LAST4)
    assert (await talker.say(backend.sms[-1])).outcome is Outcome.CASE_STATUS


async def test_what_is_no_number_is_asked_again(talker):
    await talker.say("查进度", "check_case")
    assert words(await talker.say("SN2026111600")) == w.NOT_A_NUMBER


async def test_known_and_unknown_numbers_and_wrong_fours_and_codes_get_the_same_words_and_fields(talk, case_database, backend):
    known, unknown = make_case(1).number, make_case_number(today(), 777)
    backend.add_case(make_case(1), LAST4)
    told = []
    for position, (number, last4) in enumerate(
        ((known, LAST4), (known, "0000"), (unknown, LAST4), ("SN20261116999999", "0000"))
    ):
        talker = Talker(talk, case_database, f"citizen-{position:04}")
        said = [await talker.say(number, "check_case"), await talker.say(last4), await talker.say("000000")]
        told.append(
            [
                (a.outcome, [(r.type, r.text.replace(print_case_number(number), "#"), r.choices) for r in a.replies])
                for a in said
            ]
        )
    assert told[0] == told[1] == told[2] == told[3]
    assert told[0][-1][0] is Outcome.CASE_NOT_FOUND


async def test_three_wrong_codes_end_the_form(talker):
    await talker.say(make_case().number, "check_case")
    await talker.say(LAST4)
    assert [words(await talker.say("000000")) for _ in range(3)] == [w.NOT_FOUND, w.NOT_FOUND, w.NOT_FOUND_END]
    assert await talker.remind() is None


async def test_a_number_tried_too_often_is_refused_whether_it_exists_or_not(talk, case_database, backend):
    backend.add_case(make_case(1), LAST4)
    told = []
    for position, number in enumerate((make_case(1).number, make_case(2).number)):
        answers = []
        for turn in range(7):
            talker = Talker(talk, case_database, f"citizen-{position}{turn:03}")
            await talker.say(number, "check_case")
            answers.append(words(await talker.say("0000")))
        told.append(answers)
    assert told[0] == told[1]
    assert "太多了" in told[0][-1]
    assert "太多了" not in told[0][0]


async def test_a_code_that_did_not_come_is_sent_again_after_the_last_four(talker, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await talker.say(case.number, "check_case")
    await talker.say(LAST4)
    assert words(await talker.say("没收到验证码")) == w.RESEND
    assert words(await talker.say(LAST4)) == w.ASK_CODE
    assert len(backend.sms) == 2


@pytest.mark.parametrize("text", ["我手机号早换了", "那个电话停机了", "手机丢了收不了短信"])
async def test_who_has_another_phone_now_is_told_what_to_do(talker, backend, text):
    case = make_case()
    backend.add_case(case, LAST4)
    await talker.say(case.number, "check_case")
    await talker.say(LAST4)
    assert "更新" in words(await talker.say(text, "bind_account"))


async def test_an_identity_number_in_full_counts_by_its_last_four(talker, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await talker.say(case.number, "check_case")
    assert words(await talker.say("61999919900101123X")) == w.ASK_CODE
    assert backend.sms
    assert talker.masked[-1] == "[身份证号]"


async def test_a_number_nobody_asked_for_is_hidden_and_the_case_number_asked_first(talker):
    assert words(await talker.say("3021")) == w.NUMBER_FIRST
    assert talker.masked[-1] == "[后四位]"


async def test_no_secret_is_kept_in_clear(talker, backend, pass_check, case_database):
    case = make_case()
    await pass_check(case)
    await talker.say("绑定身份")
    kept = everything(case_database)
    assert case.number in kept
    secrets = [LAST4, backend.sms[-1], *backend._accesses]
    assert len(secrets) > 3
    assert [secret for secret in secrets if secret in kept + "".join(talker.masked)] == []


async def test_another_key_opens_nothing_and_the_citizen_is_asked_again(talker, backend, pass_check, case_database):
    case = make_case()
    await pass_check(case)
    other = Talker(CaseTalk(backend, case_database, SECRET + "x", TryLimits()), case_database)
    assert (await other.say(f"查 {case.number}")).outcome is Outcome.IDENTITY_REQUIRED


async def test_a_bound_citizen_lists_their_cases_and_sees_each_without_proof(talker, bind):
    bound = await bind(make_case(1), make_case(2))
    assert "绑定好了：王**" in words(bound)
    listed = await talker.say("我的办件")
    assert "共2件" in words(listed)
    assert (await talker.say(f"查 {print_case_number(make_case(2).number)}")).outcome is Outcome.CASE_STATUS


async def test_without_the_case_system_the_list_is_told_as_it_was_seen_last_to_who_is_bound(talker, bind, backend):
    await bind(make_case(1), make_case(2))
    await talker.say("我的办件")
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    told = await talker.say("我的办件")
    assert told.outcome is Outcome.CASE_STATUS
    assert words(told).count("我看到的是") == 2
    assert "恢复了" in words(told)
    backend.fail_with = None
    await talker.say("解除绑定")
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    assert "我看到的是" not in words(await talker.say("我的办件"))


async def test_the_list_says_by_when_what_is_late_and_nothing_where_the_clock_stands_still(talker, bind):
    await bind(
        make_case(1, promised_due_on=today() + timedelta(days=3)),
        make_case(2, promised_due_on=today() - timedelta(days=1)),
        make_case(3, CaseState.CORRECTION, promised_due_on=today()),
    )
    lines = words(await talker.say("我的办件")).splitlines()
    endings = sorted(line.split("，")[-1][-2:] for line in lines if line.startswith("·"))
    assert endings == ["办完", "开始", "过期"]


async def test_another_s_case_is_no_easier_for_a_bound_citizen(talker, bind, backend):
    await bind(make_case(1))
    backend.add_case(make_case(9), "9999", "李")
    told = [await talker.say(number, "check_case") for number in (make_case(9).number, make_case(8).number)]
    assert {answer.outcome for answer in told} == {Outcome.IDENTITY_REQUIRED}


async def test_who_is_not_bound_is_told_how_and_binds_with_number_and_code(talker, backend, pass_check):
    asked = await talker.say("我的办件")
    assert asked.outcome is Outcome.IDENTITY_REQUIRED
    case = make_case()
    backend.add_case(case, LAST4)
    await talker.say(case.number)
    await talker.say(LAST4)
    assert "绑定好了" in words(await talker.say(backend.sms[-1]))
    assert (await talker.say("我的办件")).outcome is Outcome.CASE_STATUS


async def test_a_shown_case_binds_at_once(talker, pass_check):
    await pass_check(make_case())
    assert "绑定好了" in words(await talker.say("绑定身份"))


async def test_asking_for_the_status_while_a_binding_is_offered_shows_it_and_binds_nobody(talker, pass_check, case_database):
    await pass_check(make_case())
    offered = await talker.say("我的办件")
    assert titles(offered) == [w.BIND]
    assert (await talker.say("办到哪一步了", "check_case")).outcome is Outcome.CASE_STATUS
    with case_database.session() as session:
        assert keeping.read_binding(session, CITIZEN) is None
    assert "绑定好了" in words(await talker.say(w.BIND))


async def test_the_same_number_again_after_a_wrong_code_begins_anew_and_its_tries_still_count(talker, backend):
    number = make_case().number
    for _ in range(2):
        asked = await talker.say(f"查 {number}")
        assert "后四位" in words(asked)
        await talker.say("0000")
        assert words(await talker.say("000000")) == w.NOT_FOUND
    await talker.say(number)
    await talker.say("0000")
    assert words(await talker.say("000000")) == w.NOT_FOUND_END


async def test_unbinding_forgets_here_and_there(talker, bind, backend):
    await bind(make_case())
    assert words(await talker.say("解除绑定")) == w.UNBOUND
    assert backend._accesses == {}
    assert words(await talker.say("解绑身份", "bind_account")) == w.NOT_BOUND


async def test_a_wrong_binding_code_is_refused(talker):
    await talker.say("绑定身份")
    assert words(await talker.say("A2B3C4D5E6")) == w.BAD_BINDING_CODE
    assert talker.masked[-1] == "[绑定码]"


async def test_a_late_case_offers_urging_which_counts_once_a_day(talker, pass_check, backend):
    shown = await pass_check(late())
    assert "催办" in titles(shown)
    assert w.DESK in titles(shown)
    urged = await talker.say(f"催办 {print_case_number(late().number)}")
    assert "已经替您催办" in words(urged)
    assert "今天已经催过" in words(await talker.say("再催一下", "urge_case"))
    assert backend.urges == [late().number]


async def test_a_correction_says_what_to_hand_in(talker, pass_check):
    missing = CaseMaterial("户口簿", received=False, reason="照片看不清")
    shown = await pass_check(make_case(1, CaseState.CORRECTION, materials=(missing,)))
    assert "户口簿（照片看不清）" in words(shown)
    assert "还要带什么材料" in titles(shown)


async def test_a_bad_rating_takes_level_and_reasons_and_tells_who_follows_it_up(talker, pass_check, backend):
    case = make_case(1, CaseState.GRANTED)
    shown = await pass_check(case)
    assert "评价这次办事" in titles(shown)
    assert (await talker.say(f"评价 {print_case_number(case.number)}")).outcome is Outcome.ASK_SLOT
    asked = await talker.say("非常不满意")
    assert "很抱歉" in words(asked)
    rated = await talker.say("态度不好，跑了好几趟")
    assert rated.outcome is Outcome.RATED
    assert "莲湖区户政窗口负责人" in words(rated)
    assert "给您答复" in words(rated)
    receipt = backend._ratings[case.number]
    assert (receipt.level.value, bool(receipt.follow_up)) == (1, True)
    assert "已经评价过" in words(await talker.say("我要评价刚才的办件", "rate_case"))


async def test_a_good_rating_needs_no_reason(talker, pass_check):
    case = make_case(1, CaseState.DELIVERED)
    await pass_check(case)
    await talker.say(f"评价 {case.number}")
    await talker.say("非常满意")
    assert (await talker.say(w.NO_REASON)).outcome is Outcome.RATED


async def test_what_is_said_about_the_chat_is_the_bot_s(talker):
    assert await talker.say("五星好评", "rate_case") is None


async def test_an_open_case_is_not_rated(talker, pass_check):
    await pass_check(make_case())
    assert "办结以后才能评价" in words(await talker.say("评价这个办件", "rate_case"))


async def test_without_the_case_system_the_last_known_state_is_told_with_its_time_and_news_promised(
    talker, bind, backend, case_database
):
    case = make_case()
    await bind(case)
    await talker.say(f"查 {case.number}")
    backend.fail_with = BackendUnavailable()
    told = await talker.say(f"查 {case.number}")
    assert told.outcome is Outcome.CASE_STATUS
    assert f"{w.moment(now())[:-5]}" in words(told)
    assert "审查中" in words(told)
    assert "告诉您" in words(told)
    assert "open" in everything(case_database)


async def test_a_case_system_that_hangs_for_a_whole_turn_is_like_one_that_is_down(talker, bind, backend, monkeypatch):
    case = make_case()
    await bind(case)
    await talker.say(f"查 {case.number}")
    monkeypatch.setattr("services_backend.talking._WITHIN", 0.1)
    monkeypatch.setattr(backend, "read_case", lambda *_: asyncio.sleep(60))
    told = await talker.say(f"查 {case.number}")
    assert told.outcome is Outcome.CASE_STATUS
    assert "审查中" in words(told)
    assert "告诉您" in words(told)


async def test_without_anything_known_nothing_is_made_up(talker, backend):
    backend.fail_with = BackendUnavailable()
    await talker.say(make_case().number, "check_case")
    told = await talker.say(LAST4)
    assert told.outcome is Outcome.ERROR
    assert "恢复" in words(told)
    backend.fail_with = None
    assert words(await talker.say(LAST4)) == w.ASK_CODE


async def test_what_can_t_be_done_without_the_case_system_is_not_promised(talker, pass_check, backend, case_database):
    await pass_check(late())
    backend.fail_with = BackendUnavailable()
    assert words(await talker.say("催一下", "urge_case")) == w.DOWN_FOR_NOW
    assert "'open'" not in everything(case_database)


@pytest.mark.parametrize("act", ["urge_case", "rate_case", "book_appointment", "list_appointments", "cancel_appointment"])
async def test_what_is_to_be_done_now_is_not_promised_for_later(talker, bind, backend, case_database, act):
    await bind(make_case(1), make_case(2))
    backend.fail_with = BackendUnavailable()
    answer = await talker.say("评价办件", act, item="passport")
    assert words(answer) == w.DOWN_FOR_NOW
    with case_database.session() as session:
        assert keeping.open_promises(session) == []


async def test_danger_is_the_bot_s_even_in_the_middle_of_a_form(talker):
    await talker.say("查进度", "check_case")
    assert await talker.say("着火了快救命") is None


async def test_erasing_is_left_to_the_hub_and_asked_back_where_it_is_vague(talker, bind, case_database):
    await bind(make_case())
    await talker.say("我的办件")
    vague = await talker.say("别存我的东西", "erase_records")
    assert (vague.erase, vague.outcome) == (False, Outcome.ASK_SLOT)
    done = await talker.say("删除我的记录", "erase_records")
    assert done.erase
    assert "办件系统里，不受影响" in words(done)
    with case_database.session() as session:
        counts = keeping.erase_citizen(session, CITIZEN)
    assert counts["个身份绑定"] == 1
    assert CITIZEN not in everything(case_database)


async def test_erasing_says_so_where_the_case_system_could_not_be_told(talker, bind, backend):
    await bind(make_case())
    backend.fail_with = BackendUnavailable()
    done = await talker.say("删除我的记录", "erase_records")
    assert done.erase
    assert "那边登记的绑定没有解除" in words(done)
