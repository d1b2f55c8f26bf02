"""No identity number, phone, name or code is in any log, tracker, ledger or trace of the whole stack (issue: case status,
done-when 5): citizens of both channels talk about what is personal, then everything the stack wrote is searched for it.
"""

import asyncio
import json
import re
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from qinwen.settings import load_settings
from services_backend.reference.people import make_people
from services_backend.reference.seeding import PEOPLE, SEED
from services_backend.signing import sign_request
from tests.e2e.leaks import find_leaks, forms_of
from tests.e2e.stack import Citizen, Stack
from tests.wechat_platform import Account, Platform

# A citizen of no case: what they say of themselves in a question that is about knowledge.
NAME, PHONE, ID_NUMBER = "卫青萍", "13986420175", "619999198703158846"
EMAIL, PLATE = "qingping.wei@example.com", "陕A6E8K2"
WRONG_CODES = ("908172", "817263")
# The province's own system: it knows its applicants and the codes it sent, as every case system must. In a real installation
# it runs elsewhere; here it is a stand-in with a database of its own, and its demonstration log of SMS codes is in there.
THEIRS = frozenset({"services.db"})


@dataclass(frozen=True)
class Applicant:
    """A made-up applicant of the reference backend with one of their cases."""

    number: str
    name: str
    id_number: str
    phone: str

    @property
    def last4(self):
        return self.id_number[-4:]


class Province:
    """The other side: what only the case system knows."""

    def __init__(self, stack):
        self._settings = load_settings(stack.environment)
        self.codes = []
        self.binding_codes = []

    def call(self, method, path):
        settings = self._settings
        headers = sign_request(settings.services_key_id, settings.services_secret, method, path, b"")
        request = urllib.request.Request(f"{settings.services_url}{path}", None, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def applicants(self):
        """Give cases whose applicant's last four has a letter, each of another applicant: nothing else looks like these."""
        people = {(one.name, one.id_number[-4:]): one for one in make_people(PEOPLE, SEED)}
        found = {}
        for case in self.call("GET", "/demo/cases"):
            person = people[case["applicant"], case["id_last4"]]
            if person.id_number.endswith("X"):
                found.setdefault(person.id_number, Applicant(case["number"], person.name, person.id_number, person.phone))
        return list(found.values())

    def last_code(self):
        self.codes.append(re.search(r"\d{6}", self.call("GET", "/demo/sms")[0]["text"])[0])
        return self.codes[-1]

    def binding_code(self, number):
        self.binding_codes.append(self.call("POST", f"/demo/cases/{number}/receipt-code")["code"])
        return self.binding_codes[-1]


def text_of(answer):
    return "\n".join(reply["text"] for reply in answer["replies"])


def ask_by_number(citizen, province, applicant):
    """Ask for a case step by step, with a wrong code, a question in the middle and numbers in unusual forms."""
    citizen.say("我的件办到哪一步了")
    citizen.say(applicant.number)
    citizen.say(f"我叫{applicant.name}，身份证{applicant.id_number}，电话{applicant.phone}")
    citizen.say(f"验证码是{WRONG_CODES[0]}")
    citizen.say(f"对了我叫{NAME}，护照要多少钱，打我{PHONE}也行")
    shown = citizen.say(province.last_code())
    assert shown["outcome"] == "case_status", text_of(shown)


def ask_at_once(citizen, province, applicant):
    """Ask for a case with the proof in the first sentence, full-width."""
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in applicant.last4)
    citizen.say(f"查一下 {applicant.number}，身份证后四位{wide}")
    shown = citizen.say(f"收到的验证码 {' '.join(province.last_code())}")
    assert shown["outcome"] == "case_status", text_of(shown)


def bind_and_book(citizen, province, applicant):
    """Bind by the receipt's code, list, book, cancel, unbind."""
    bound = citizen.say(f"绑定码 {province.binding_code(applicant.number)}")
    assert "绑定好了" in text_of(bound)
    assert applicant.name not in text_of(bound)
    citizen.say("我的办件")
    answer = citizen.say("我要预约办身份证")
    for _ in range(6):
        if "约好" in text_of(answer):
            break
        answer = citizen.say(first_choice(answer) or "西安")
    citizen.say("我的预约")
    citizen.say("解除绑定")


def first_choice(answer):
    return next((choice["value"] for reply in answer["replies"] for choice in reply["choices"]), None)


def ask_about_knowledge(citizen):
    for text in (
        f"我叫{NAME}，身份证号{ID_NUMBER}，身份证丢了怎么补",
        f"姓名：{NAME} 电话：{PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}，护照多少钱",
        f"发到{EMAIL}行不行，车牌{PLATE}年检要带啥",
        "".join(chr(ord(sign) + 0xFEE0) for sign in f"{PHONE}") + "这个号能办居住证不",
        f"我叫{NAME}",
        f"我要投诉，转人工，打{PHONE}",
    ):
        assert citizen.say(text)["replies"], text


async def ask_on_wechat(stack, province, applicant):
    """The same by WeChat: encrypted, pushed, with a code that is wrong once."""
    async with Platform(Account(), [f"{stack.base_url}/wechat"], port=stack.wechat_port) as platform:
        phone = platform.phone("oNothingPersonal")
        await phone.follows()
        for text in (
            f"我叫{NAME}，电话{PHONE}，身份证{ID_NUMBER}，居住证咋办",
            f"查办件 {applicant.number}",
            f"后四位 {applicant.last4}",
            WRONG_CODES[1],
        ):
            await phone.says(text)
        await phone.says(await asyncio.to_thread(province.last_code))
        await platform.settle()
        return "\n".join(bubble.text for bubble in phone.received)


@pytest.fixture(scope="module")
def province(stack: Stack):
    return Province(stack)


@pytest.fixture(scope="module")
def planted(stack: Stack, province):
    """Hold the conversations; gives what must not be found anywhere, by name."""
    by_number, at_once, binding, wechat = province.applicants()[:4]
    ask_about_knowledge(Citizen(stack.base_url))
    ask_by_number(Citizen(stack.base_url), province, by_number)
    ask_at_once(Citizen(stack.base_url), province, at_once)
    bind_and_book(Citizen(stack.base_url), province, binding)
    assert "查到" in (words := asyncio.run(ask_on_wechat(stack, province, wechat))) or "办件" in words
    time.sleep(1.5)  # what is written after the answer
    values = {
        "the name": NAME, "the phone": PHONE, "the identity number": ID_NUMBER, "the e-mail": EMAIL, "the plate": PLATE,
    }  # fmt: skip
    for each in (by_number, at_once, binding, wechat):
        values[f"the name of {each.number}"] = each.name
        values[f"the identity number of {each.number}"] = each.id_number
        values[f"the phone of {each.number}"] = each.phone
        values[f"the last four of {each.number}"] = each.last4
    for number, code in enumerate((*WRONG_CODES, *province.codes)):
        values[f"SMS code {number}"] = code
    for number, code in enumerate(province.binding_codes):
        values[f"binding code {number}"] = re.sub(r"\W", "", code)
        values[f"binding code {number} as printed"] = code
    return values


def test_no_file_and_no_table_has_what_was_said(stack: Stack, planted):
    files = [path for path in stack.var.rglob("*") if path.is_file()]
    assert {"qinwen.db", "tracker.db", "services.db"} <= {path.name for path in files}
    assert any(path.suffix == ".log" for path in files)
    assert find_leaks(stack.var, planted, THEIRS) == []
    assert find_leaks(stack.log.parent, {**planted}, frozenset({path.name for path in files})) == []


def test_the_conversations_did_happen(stack: Stack, planted):
    """What is not personal of them is found, so the search looks in the right places."""
    found = find_leaks(stack.var, {"a question": "护照多少钱", "a placeholder": "[手机号]"}, THEIRS)
    assert any("message.text: a question" in one for one in found)
    assert any("tracker.db" in one for one in found)
    assert any("message.text: a placeholder" in one for one in found)


@pytest.mark.parametrize("form", sorted(forms_of(PHONE)))
def test_the_search_finds_each_form_in_a_file_and_in_a_table(tmp_path: Path, form):
    import sqlite3

    (tmp_path / "some.log").write_text(f'{{"text": "{form}"}}\n', encoding="utf-8")
    with sqlite3.connect(tmp_path / "some.db") as connection:
        connection.execute("CREATE TABLE t (c TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (f"x{form}x",))
    connection.close()
    assert find_leaks(tmp_path, {"it": PHONE}) == ["some.db: it", "some.db t.c: it", "some.log: it"]


def test_the_search_finds_a_code_that_stands_alone_and_no_part_of_an_id(tmp_path: Path):
    (tmp_path / "some.log").write_text("turn=a908172bc at 12:30:00.908172\n", encoding="utf-8")
    assert find_leaks(tmp_path, {"code": "908172"}) == []
    (tmp_path / "other.log").write_text('{"text": "908172"}\n', encoding="utf-8")
    assert find_leaks(tmp_path, {"code": "908172"}) == ["other.log: code"]
