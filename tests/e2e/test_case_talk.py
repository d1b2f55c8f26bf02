"""Conversations about cases and appointments on the H5 page: a real browser, the whole stack, the reference case system.

The office's side (SMS codes, moving cases, breaking the system) is the demonstration that `qinwen services` uses, too.
"""

import random
import re

import pytest
from playwright.sync_api import Page, expect

from services_backend import print_case_number
from tests.e2e.case_office import CaseOffice
from tests.e2e.stack import Stack
from tests.e2e.test_chat_page import ChatPage


def nobody_s() -> str:
    """Give a number that nobody has and nobody guessed at before: the case system counts tries for an hour."""
    return f"SN2020{random.randrange(10**10):010d}"


@pytest.fixture(scope="session")
def office(stack: Stack) -> CaseOffice:
    return CaseOffice(stack)


@pytest.fixture
def chat(page: Page) -> ChatPage:
    return ChatPage(page).open()


def press(chat: ChatPage, title: str) -> None:
    """Press the newest choice with a title, and wait for what it leads to."""
    chat.page.get_by_role("button", name=title, exact=True).last.click()
    chat.wait_for_answer()


def bind(chat: ChatPage, office: CaseOffice, number: str) -> None:
    expect(chat.ask(f"绑定码 {office.receipt_code(number)}")).to_contain_text("绑定好了")


def test_a_status_is_asked_with_a_question_in_between(chat: ChatPage, office: CaseOffice):
    # given somebody who asks how far their case is, and gives its number
    case = office.take_case("review")
    expect(chat.ask("我那个件办到哪一步了")).to_contain_text("办件编号")
    expect(chat.ask(print_case_number(case["number"]))).to_contain_text("后四位")
    # when they ask something else first
    reminder = chat.ask("护照要带什么材料")
    # then that is answered, and the form waits
    expect(chat.card.locator(".card-title")).to_contain_text("护照")
    expect(reminder).to_contain_text("后四位")
    # and it goes on to the state of the case
    expect(chat.ask(case["id_last4"])).to_contain_text("验证码")
    chat.ask(office.sms_code())
    expect(chat.card).to_contain_text("审查中")
    expect(chat.card).to_contain_text(print_case_number(case["number"]))
    # and a reload shows neither the last four nor the code
    chat.reload()
    expect(chat.page.locator("#log")).not_to_contain_text(case["id_last4"])
    expect(chat.own).to_contain_text(["[后四位]", "[验证码]"])


def test_a_number_in_full_width_and_spaces_is_taken_from_the_first_sentence(chat: ChatPage, office: CaseOffice):
    # given a case, its number written as a phone's keyboard likes it
    case = office.take_case("received")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in case["number"])
    spaced = " ".join([wide[:6], wide[6:10], wide[10:]])
    # when it stands in the first sentence
    answer = chat.ask(f"麻烦看看 {spaced} 办得咋样了")
    # then it is understood
    expect(answer).to_contain_text(print_case_number(case["number"]))
    expect(answer).to_contain_text("后四位")


def test_a_number_is_corrected_and_the_form_dropped(chat: ChatPage, office: CaseOffice):
    # given a number that was mistyped
    right = office.take_case("accepted")["number"]
    chat.ask(f"查一下{nobody_s()}")
    # when the citizen corrects it
    corrected = chat.ask(f"不对，写错了，是{right}")
    # then the right one is taken
    expect(corrected).to_contain_text(print_case_number(right))
    # and who drops it is asked nothing more
    expect(chat.ask("算了不查了")).to_contain_text("先放下")
    expect(chat.ask("身份证丢了怎么补办")).not_to_contain_text("后四位")


def test_five_wrong_tries_at_a_number_end_in_a_limit_and_a_way_out(chat: ChatPage):
    # given somebody who guesses at a number that nobody has
    number = nobody_s()
    for _ in range(5):
        chat.ask(f"查 {number}")
        expect(chat.ask("1234")).to_contain_text("对得上的话")
        expect(chat.ask("000000")).to_contain_text("没有查到")
    # when they go on
    chat.ask(f"查 {number}")
    answer = chat.ask("1234")
    # then they are stopped, and told what else they can do
    expect(answer).to_contain_text("次数太多")
    expect(answer.get_by_role("button", name="转人工")).to_be_visible()


def test_a_citizen_is_bound_lists_their_cases_and_is_unbound(chat: ChatPage, office: CaseOffice):
    # given the one-time code of a receipt
    case = office.take_case("review")
    bind(chat, office, case["number"])
    # when the citizen asks for their cases, in their own words
    chat.ask("我的件都有哪些")
    # then they are there without any proof
    expect(chat.card).to_contain_text(case["item_name"])
    # and after unbinding they are not
    expect(chat.ask("不想绑了，给我解绑")).to_contain_text("已经解除绑定")
    expect(chat.ask("我的办件")).to_contain_text("没有绑定身份")
    expect(chat.page.locator("#log")).not_to_contain_text(case["id_last4"] + "0")


def test_a_change_is_told_while_chatting_until_it_is_not_wanted(chat: ChatPage, office: CaseOffice):
    # given a bound citizen who talks about something else
    case = office.take_case("review")
    bind(chat, office, case["number"])
    chat.ask("居住证怎么办")
    told = chat.answers.filter(has_text="您的办件有新进展")
    # when the case moves
    office.advance(case["number"], "decided")
    # then the page says so by itself, once
    expect(told).to_have_count(1)
    expect(told).to_contain_text("已决定")
    expect(told.locator(".avatar")).to_have_attribute("src", re.compile("avatar-bot"))
    # and pressed, it shows the case
    told.get_by_role("button", name="看详细").click()
    chat.wait_for_answer()
    expect(chat.card).to_contain_text("已决定")
    # and who wants no such news gets none
    expect(chat.ask("别给我发通知了")).to_contain_text("不再主动告诉您")
    office.advance(case["number"])
    chat.ask("要几天")
    chat.reload()
    expect(told).to_have_count(1)


def test_an_appointment_is_booked_for_the_right_thing_and_cancelled(chat: ChatPage):
    # given somebody who wants a time at a hall
    expect(chat.ask("我要预约")).to_contain_text("办什么事")
    expect(chat.ask("换身份证")).to_contain_text("哪个大厅")
    # when they choose hall, day and time
    press(chat, "西安市政务服务大厅（示例）")
    chat.answers.last.locator(".choice").last.click()
    chat.wait_for_answer()
    time = chat.answers.last.locator(".choice").first.inner_text()
    booked = chat.ask(time)
    # then they have a number for the ticket machine
    expect(booked).to_contain_text("约好了")
    expect(booked).to_contain_text("身份证")
    pickup = re.search(r"取号码 (\d+)", booked.inner_text())[1]
    expect(chat.ask("我约的是几点")).to_contain_text(pickup)
    # and it can be cancelled
    chat.ask("去不了了，把预约取消")
    chat.answers.last.locator(".choice").first.click()
    chat.wait_for_answer()
    expect(chat.answers.last).to_contain_text("已经取消")
    expect(chat.ask("我的预约")).to_contain_text("没有预约")


def test_a_bad_rating_is_followed_up_by_somebody_until_a_day(chat: ChatPage, office: CaseOffice):
    # given a finished case
    case = office.take_case("granted")
    bind(chat, office, case["number"])
    chat.ask(f"查 {case['number']}")
    # when the citizen rates it badly, with reasons
    press(chat, "评价这次办事")
    press(chat, "不满意")
    rated = chat.ask("跑了三趟，态度也不好")
    # then they are told who follows it up until when
    expect(rated).to_contain_text("跟进")
    expect(rated).to_contain_text(re.compile(r"最晚.*\d+月\d+日"))
    # and the case system has it with the item's version
    kept = office.ratings()[case["number"]]
    assert kept["item_version"] >= 1
    assert set(kept["reasons"]) == {"convenience", "attitude"}
    assert kept["follow_up"]["owner"]
    assert kept["follow_up"]["due_on"]


def test_an_overdue_case_is_urged_once_a_day(chat: ChatPage, office: CaseOffice):
    # given a bound citizen whose case is late
    for _ in range(30):
        case = office.take_case("review")
        bind(chat, office, case["number"])
        chat.ask(f"查 {case['number']}")
        if "让您久等了" in chat.card.inner_text():
            break
    # when they urge it, twice
    press(chat, "催办")
    expect(chat.answers.last).to_contain_text("已经替您催办")
    again = chat.ask("再催一下")
    # then it counts once, and a person is offered
    expect(again).to_contain_text("一次")
    expect(again.get_by_role("button", name="转人工")).to_be_visible()
    assert office.urges()[case["number"]] == 1


def test_what_was_promised_while_the_case_system_was_down_is_told_when_it_is_back(chat: ChatPage, office: CaseOffice):
    # given a citizen who has seen their case, and a case system that breaks
    case = office.take_case("received")
    bind(chat, office, case["number"])
    chat.ask(f"查 {case['number']}")
    news = chat.answers.filter(has_text="办件系统恢复了")
    office.break_down("500s")
    try:
        # when they ask again
        answer = chat.ask(f"查 {case['number']}")
        # then they get the last known state with its time, and a promise
        expect(answer).to_contain_text("暂时连不上")
        expect(answer).to_contain_text(re.compile(r"\d+月\d+日\d\d:\d\d我看到的是.*已收件"))
        # and other questions are answered as ever
        expect(chat.ask("身份证丢了怎么补办")).to_be_visible()
        expect(news).to_have_count(0)
    finally:
        office.heal()
    # and when it is back, the promise is kept, once
    expect(news).to_have_count(1, timeout=60_000)
    expect(news).to_contain_text("已收件")
    chat.reload()
    expect(news).to_have_count(1)
