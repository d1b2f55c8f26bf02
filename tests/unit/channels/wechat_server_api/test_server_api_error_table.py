"""The table of error codes is complete and says what to do (wechat.md §2.8)."""

import re
from pathlib import Path

import pytest

from channels.wechat.server_api import error_codes, explain
from channels.wechat.server_api.answers import failed
from channels.wechat.server_api.apis import read_apis
from channels.wechat.server_api.deliveries import delivery_failed
from channels.wechat.server_api.error_codes import error_table

# wechat.md §2.8, §2.10 and §2.11, word for word.
ACTIONS = {
    "retry": [-1, 45011],
    "refresh": [40001, 40014, 42001],
    "park": [45015, 45047],
    "give_up": [43004, 50005, 43019, 48002, 40003, 43101, 40029, 40163, 41008],
    "split": [45002, 45003, 45004, 45008],
    "alarm": [40164, 40125, 40013, 48001, 48004, 50002, 45009, 48006, 40200, 61004],
    "programmer": [40033, 44002, 44004, 47001, 47003, 40008, 40007, 45072, 45080, 45081],
}
KINDS = {
    "retry": "retry", "refresh": "retry", "park": "park", "give_up": "give_up", "split": "give_up", "alarm": "park",
    "programmer": "give_up", "unknown": "unknown",
}  # fmt: skip
ROWS = {**{str(code): row for code, row in error_table().codes.items()}, **error_table().faults}


@pytest.mark.parametrize(("action", "code"), [(action, code) for action, codes in ACTIONS.items() for code in codes])
def test_every_code_of_the_specification_has_its_action(action, code):
    assert error_table().codes[code].action == action


def test_no_code_stands_twice():
    text = (Path(error_codes.__file__).parent / "error_codes.yml").read_text(encoding="utf-8")
    names = re.findall(r"^  ([^\s:]+):(?: [&*]menu)?$", text, re.MULTILINE)
    assert len(names) == len(set(names)) == len(ROWS)


@pytest.mark.parametrize("reason", ROWS)
def test_every_row_has_a_sentence_for_staff_and_one_for_operators(reason):
    row = ROWS[reason]
    for sentence in (row.staff, row.operator):
        assert re.search(r"[\u4e00-\u9fff]", sentence)
        assert sentence.endswith("。")


@pytest.mark.parametrize("reason", ROWS)
def test_what_stands_still_says_for_how_long_and_what_is_tried_again_when(reason):
    row = ROWS[reason]
    assert (row.pause > 0) == (row.action in {"alarm", "refresh"})
    assert (row.delay > 0) == (row.action == "retry")


@pytest.mark.parametrize("reason", ROWS)
def test_every_row_tells_the_courier_what_to_do(reason):
    told = delivery_failed(failed(reason))
    row = ROWS[reason]
    assert (told.kind, told.reason, told.message) == (KINDS[row.action], reason, row.staff)
    assert len(reason) <= 32
    assert told.delay > 0 or told.kind != "retry"


@pytest.mark.parametrize("reason", ["99999", "-99", "unheard_of", "", "١٢"])
def test_what_is_not_listed_is_kept_for_the_citizen(reason):
    assert explain(reason).action == "park"


def test_only_what_may_be_repeated_is_marked_so():
    repeatable = {name for name, api in read_apis().apis.items() if api.repeatable}
    assert not repeatable & {"customer_message", "subscription_notice", "template_notice", "web_login", "qr_code"}


def test_every_limit_is_within_the_platforms():
    limits = {"stable_token": 500_000, "customer_message": 500_000, "media": 200_000, "menu_create": 1000}
    assert all(read_apis().apis[name].per_day <= limit for name, limit in limits.items())
    assert all(api.per_minute >= 1 and api.path.startswith("/") for api in read_apis().apis.values())
    assert read_apis().apis["stable_token"].per_minute <= 10_000
