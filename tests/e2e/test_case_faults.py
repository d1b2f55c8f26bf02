"""The case system, and the process that made a promise, die for real: the citizen has words at once, and the news once."""

import json
import urllib.request

import pytest

from services_backend import print_case_number
from tests.e2e.case_office import CaseOffice
from tests.e2e.stack import Citizen, Stack
from tests.e2e.test_faults import until, words


@pytest.fixture
def office(stack: Stack) -> CaseOffice:
    return CaseOffice(stack)


def news(stack: Stack, citizen: Citizen) -> list[str]:
    """Give what the citizen was told unasked about the recovery."""
    headers = {"Authorization": f"Bearer {citizen.token}"}
    request = urllib.request.Request(f"{stack.base_url}/api/chat/messages?after=0", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = [one["reply"]["text"] for one in json.load(answer)["messages"] if one["author"] == "bot" and one["turn"] is None]
    return [text for text in said if "恢复了" in text]


def bound(stack: Stack, office: CaseOffice) -> tuple[Citizen, str]:
    citizen, number = Citizen(stack.base_url), office.take_case("review")["number"]
    assert "绑定好了" in words(citizen.say(f"绑定码 {office.receipt_code(number)}"))
    assert citizen.say(f"查 {number}")["outcome"] == "case_status"
    return citizen, number


def test_case_system_killed_gives_the_last_known_state_and_the_news_once(stack: Stack, office: CaseOffice) -> None:
    citizen, number = bound(stack, office)
    stack.kill("services_backend.reference")

    during = citizen.say(f"查 {number}")
    assert during["outcome"] == "case_status"
    assert print_case_number(number) in words(during)
    if "我看到的是" in words(during):  # it was not back already
        until(lambda: len(news(stack, citizen)) == 1)
    until(lambda: "我看到的是" not in words(citizen.say(f"查 {number}")))
    assert len(news(stack, citizen)) <= 1


def test_a_promise_outlives_the_process_that_made_it_and_is_kept_once(stack: Stack, office: CaseOffice) -> None:
    citizen, number = bound(stack, office)
    office.break_down("hang")
    try:
        assert "马上把最新的情况告诉您" in words(citizen.say(f"查 {number}"))
        assert citizen.say("护照怎么办")["item"] == "passport"
        stack.kill("qinwen web")
    finally:
        office.heal()

    def told() -> bool:
        try:
            return len(news(stack, citizen)) == 1
        except OSError:
            return False

    until(told)
    # A second death does not tell it again.
    stack.kill("qinwen web")

    def back() -> bool:
        try:
            return citizen.say("护照怎么办")["item"] == "passport"
        except OSError:
            return False

    until(back)
    assert len(news(stack, citizen)) == 1
