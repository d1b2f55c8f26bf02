"""What a citizen meets when a part of the stack dies in the middle of a conversation, and after it is back."""

import time
from collections.abc import Callable

from tests.e2e.stack import Citizen, Stack

BACK_WITHIN = 120


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BACK_WITHIN
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.5)
    raise AssertionError(f"not back within {BACK_WITHIN} s")


def words(turn: dict) -> str:
    return "".join(reply["text"] for reply in turn["replies"])


def test_engine_killed_gives_words_and_the_conversation_goes_on(stack: Stack) -> None:
    citizen = Citizen(stack.base_url)
    assert citizen.say("护照怎么办")["item"] == "passport"
    stack.kill("bot.run")

    during = citizen.say("那要多少钱")
    assert during["outcome"] == "error"
    assert "12345" in words(during)
    assert citizen.say("着火了快来人")["outcome"] == "emergency"

    until(lambda: citizen.say("那要多少钱")["outcome"] != "error")
    after = citizen.say("那要多少钱")
    assert (after["item"], after["facet"]) == ("passport", "fee")


def test_actions_killed_gives_words_and_the_conversation_goes_on(stack: Stack) -> None:
    citizen = Citizen(stack.base_url)
    assert citizen.say("居住证怎么办")["item"] == "residence-permit"
    stack.kill("actions.server")

    during = citizen.say("要带啥材料")
    assert during["outcome"] == "error"
    assert "12345" in words(during)

    until(lambda: citizen.say("要带啥材料")["outcome"] != "error")
    after = citizen.say("要带啥材料")
    assert (after["item"], after["facet"]) == ("residence-permit", "materials")


def test_web_killed_comes_back_with_the_same_session_and_answers_a_repeated_message_once(stack: Stack) -> None:
    citizen = Citizen(stack.base_url)
    first = citizen.say("社保卡丢了咋补", message_id="the-same")
    stack.kill("qinwen web")

    def back() -> bool:
        try:
            return citizen.say("社保卡丢了咋补", message_id="the-same") == first
        except OSError:
            return False

    until(back)


def test_an_edit_is_answered_on_the_next_question_without_restart(stack: Stack, tmp_path) -> None:
    import json
    import os
    import subprocess
    import sys

    citizen = Citizen(stack.base_url)
    question = "海棠花节期间政务大厅送不送海棠苗"
    assert citizen.say(question)["outcome"] != "answered"
    entry = {
        "id": "e2e-begonia",
        "question": question,
        "answer": "送，每人一株，凭身份证到大厅门口领。",
        "similar": ["大厅门口发海棠苗吗"],
    }
    file = tmp_path / "edit.jsonl"
    file.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "manage", "kb", "import", str(file)],
        check=True,
        env={**os.environ, "QINWEN_VAR": str(stack.var)},
    )

    answer = citizen.say(question)

    assert answer["outcome"] == "answered"
    assert "每人一株" in words(answer)
    assert answer["replies"][0]["sources"][0]["entry"] == "faq:e2e-begonia"
