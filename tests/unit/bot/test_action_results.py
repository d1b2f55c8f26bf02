from types import SimpleNamespace

import pytest

from bot.action_results import is_action_result

ACTION = SimpleNamespace(name=lambda: "action_answer_question")


def test_an_answer_with_events_and_responses_is_taken():
    assert is_action_result(ACTION, {"events": [], "responses": [{"text": "好"}]})


@pytest.mark.parametrize("result", [None, [], {}, {"events": []}, {"events": None, "responses": []}, "ok"])
def test_any_other_answer_is_named_and_refused(result):
    with pytest.raises(ValueError, match="action_answer_question"):
        is_action_result(ACTION, result)
