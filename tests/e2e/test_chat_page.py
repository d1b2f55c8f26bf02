"""Journeys of a citizen on the H5 page, in a real browser against the whole stack. They look at structure, not wording."""

import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

QUESTION = "身份证丢了怎么补办"
MESSAGES = "**/api/chat/messages"


class ChatPage:
    """The page as a citizen sees and uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.input = page.get_by_label("您的问题")
        self.note = page.locator("#composer-note")
        self.banner = page.locator("#banner")
        self.own = page.locator(".from-citizen .bubble")
        self.answers = page.locator(".from-bot:not(#welcome):not(#typing)")
        self.status_lines = page.locator(".status-line")

    def open(self) -> "ChatPage":
        self.page.goto("/")
        expect(self.input).to_be_visible()
        return self

    def reload(self) -> None:
        self.page.reload()
        expect(self.input).to_be_visible()

    def type(self, text: str) -> None:
        self.input.fill(text)

    def send(self) -> None:
        self.page.get_by_role("button", name="发送", exact=True).click()

    def ask(self, text: str) -> Locator:
        """Send a question and wait until nothing is on its way any more. Returns what was answered last."""
        self.type(text)
        self.send()
        return self.wait_for_answer()

    def wait_for_answer(self) -> Locator:
        expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false")
        return self.answers.last

    @property
    def card(self) -> Locator:
        """The newest card; choices may stand below it."""
        return self.answers.filter(has=self.page.locator(".card-title")).last

    def focused(self, selector: str) -> bool:
        return self.page.evaluate("selector => document.activeElement.matches(selector)", selector)


@pytest.fixture
def chat(page: Page) -> ChatPage:
    return ChatPage(page).open()


def test_a_question_is_answered_with_a_card_and_its_source(chat: ChatPage):
    # given a page that greets and says what its content is worth
    expect(chat.page.locator("#welcome")).to_contain_text("示范内容")
    # when the citizen asks
    chat.ask(QUESTION)
    # then there is a card with a title, and where it comes from
    expect(chat.own).to_have_text([QUESTION])
    expect(chat.card.locator(".card-title")).not_to_be_empty()
    expect(chat.card.locator(".sources")).to_contain_text("来源")


def test_an_example_of_the_welcome_can_be_pressed(chat: ChatPage):
    # given an example question
    example = chat.page.locator("#welcome .choice").first
    # when it is pressed
    example.click()
    # then it was asked and answered
    expect(chat.wait_for_answer()).to_be_visible()
    expect(chat.own).to_have_text([example.inner_text()])


def test_a_choice_is_sent_by_pressing_it(chat: ChatPage):
    # given an answer that asks which of several things is meant
    choice = chat.ask("我要办落户").locator(".choice").first
    before = chat.answers.count()
    # when one is pressed
    choice.click()
    # then it stands there as the citizen's words, and is answered
    expect(chat.own.last).to_have_text(choice.inner_text())
    chat.wait_for_answer()
    assert chat.answers.count() > before


def test_the_conversation_is_there_after_a_reload(chat: ChatPage):
    # given a conversation
    chat.ask(QUESTION)
    title = chat.card.locator(".card-title").inner_text()
    # when the page is loaded again
    chat.reload()
    # then both sides are there, once, and it goes on
    expect(chat.own).to_have_text([QUESTION])
    expect(chat.card.locator(".card-title")).to_have_text(title)
    chat.ask("要多少钱")
    expect(chat.own).to_have_count(2)


def test_a_lost_network_delays_a_message_and_does_not_double_it(chat: ChatPage):
    # given no way to the server
    chat.page.route(MESSAGES, lambda route: route.abort())
    # when the citizen asks
    chat.type(QUESTION)
    chat.send()
    # then the page says so
    expect(chat.page.locator(".delivery")).to_be_visible()
    expect(chat.banner).to_be_visible()
    # and when the network is back, then the answer comes by itself
    chat.page.unroute(MESSAGES)
    expect(chat.answers.locator(".card")).to_have_count(1)
    expect(chat.banner).to_be_hidden()
    chat.reload()
    expect(chat.own).to_have_text([QUESTION])


def test_a_lost_answer_is_fetched_again_and_the_question_is_not_asked_twice(chat: ChatPage):
    # given a server that hears, while its first answer gets lost
    lost = []

    def lose_first_answer(route: Route) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.request.post_data_json["message_id"])
        route.fetch()
        route.abort()

    chat.page.route(MESSAGES, lose_first_answer)
    # when the citizen asks
    with chat.page.expect_response(lambda response: response.url.endswith("/messages")) as answered:
        chat.type(QUESTION)
        chat.send()
    # then the page asked again with the same id, and shows one answer
    assert answered.value.request.post_data_json["message_id"] == lost[0]
    chat.wait_for_answer()
    expect(chat.answers.locator(".card")).to_have_count(1)
    chat.reload()
    expect(chat.own).to_have_text([QUESTION])
    expect(chat.answers.locator(".card")).to_have_count(1)


def test_too_long_a_text_is_stopped_in_words(chat: ChatPage):
    # given a text over the limit
    chat.type("长" * 501)
    # when the citizen sends it
    chat.send()
    # then the page says how much is too much, keeps the text and sends nothing
    expect(chat.note).to_contain_text("500")
    expect(chat.input).to_have_value("长" * 501)
    expect(chat.own).to_have_count(0)


def test_markup_is_shown_as_text(chat: ChatPage):
    # given markup that would run
    markup = "<img src=x onerror=alert(1)><b>身份证</b>怎么办"
    alerts = []

    def note(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    chat.page.on("dialog", note)
    # when it is sent, and when it is restored
    chat.ask(markup)
    chat.reload()
    # then it is nothing but words
    expect(chat.own).to_have_text([markup])
    expect(chat.page.locator(".bubble img, .bubble b")).to_have_count(0)
    assert alerts == []


def test_an_emergency_gives_numbers_to_call(chat: ChatPage):
    # when somebody is in danger
    answer = chat.ask("家里着火了，救命")
    # then there are buttons that call
    expect(answer).to_have_class(re.compile("emergency"))
    expect(answer.locator("a.call[href^='tel:']").first).to_be_visible()


def test_asking_for_a_person_is_answered_by_something(chat: ChatPage):
    # when the citizen presses the button for a person
    chat.page.get_by_role("button", name="转人工", exact=True).click()
    chat.wait_for_answer()
    # then there is a bubble or a status line, not silence
    expect(chat.answers.or_(chat.status_lines).first).to_be_visible()


def test_large_type_is_remembered(chat: ChatPage):
    # given the size of type as it comes
    before = chat.input.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    # when the citizen takes the largest, and comes back later
    for _ in range(2):
        chat.page.locator("#font-size").click()
    chat.reload()
    # then the page is as large as it was left, and still fits
    assert chat.input.evaluate("element => parseFloat(getComputedStyle(element).fontSize)") > before * 1.4
    assert chat.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_everything_can_be_done_by_keyboard(chat: ChatPage):
    keyboard = chat.page.keyboard
    # given the first thing that Tab reaches: the way past everything to the input
    keyboard.press("Tab")
    assert chat.focused(".skip-link")
    keyboard.press("Enter")
    assert chat.focused("#composer-text")
    # when the citizen writes two lines and sends them
    keyboard.insert_text("我的身份证丢了")
    keyboard.press("Shift+Enter")
    keyboard.insert_text("怎么补办")
    keyboard.press("Enter")
    chat.wait_for_answer()
    # then they were one message
    expect(chat.own).to_have_text(["我的身份证丢了\n怎么补办"])
    # and the answer's buttons are before the input, and Escape leads back to it
    for _ in range(12):
        keyboard.press("Shift+Tab")
        if chat.focused(".message-tool"):
            break
    assert chat.focused(".message-tool")
    keyboard.press("Escape")
    assert chat.focused("#composer-text")
