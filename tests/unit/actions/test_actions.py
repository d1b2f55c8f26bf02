import pytest

from actions.answer_question import ActionAnswerQuestion
from actions.failing import SpeakingAction
from actions.repeat_answer import ActionExplainSimply, ActionRepeatAnswer
from actions.show_emergency import ActionShowEmergency
from actions.take_correction import ActionTakeCorrection
from conversations.engine import read_response
from knowledge_base import Answer, Option
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome

ABOUT = {"item": "passport", "facet": "fee", "region": "610100"}
EVERY_ACTION = [
    ActionAnswerQuestion, ActionRepeatAnswer, ActionExplainSimply, ActionShowEmergency, ActionTakeCorrection
]  # fmt: skip


@pytest.mark.parametrize("action", EVERY_ACTION)
@pytest.mark.parametrize("slots", [{}, ABOUT, {"facet": "nonsense"}, {"options": [{"title": "半个"}]}, {"options": 7}])
@pytest.mark.parametrize("message", [{}, {"entities": None, "metadata": None}, {"intent_ranking": [{}], "entities": [{}]}])
async def test_no_action_ever_raises_or_keeps_silent(answerer, make_tracker, run, action, slots, message):
    answerer.result = RuntimeError("database gone")
    said, _ = await run(action(), make_tracker("不是护照,是身份证", slots=slots, **message))
    assert said


async def test_a_failing_action_gives_words_with_the_outcome_error_and_nothing_half_said(make_tracker, run):
    class ActionFail(SpeakingAction):
        def name(self):
            return "action_fail"

        def act(self, dispatcher, tracker):
            dispatcher.utter_message(text="半句")
            raise KeyError("x")

    [said], slots = await run(ActionFail(), make_tracker())
    assert said["custom"]["outcome"] == "error"
    assert "12345" in said["custom"]["replies"][0]["text"]
    assert slots == {}


async def test_an_answer_is_given_in_the_shape_that_the_hub_reads(answerer, make_tracker, run):
    messages, _ = await run(ActionAnswerQuestion(), make_tracker())
    response = read_response({"messages": messages})
    assert response.outcome is Outcome.ANSWERED
    assert (response.item, response.facet, response.region) == ("passport", "fee", "610100")
    assert response.replies == answerer.result.replies


async def test_an_answer_leaves_what_it_was_about_in_the_slots(answerer, make_tracker, run):
    option = Option("西安市", "西安市办护照", "passport", Facet.PLACE, "610100")
    answerer.result = Answer(Outcome.ANSWERED, (Reply("text", "好"),), "passport", Facet.FEE, "610100", (option,))
    _, slots = await run(ActionAnswerQuestion(), make_tracker())
    assert slots == {**ABOUT, "options": [option.to_json()]}


async def test_an_answer_about_nothing_keeps_the_conversation_s_item_and_drops_the_offer(answerer, make_tracker, run):
    answerer.result = Answer(Outcome.NOT_FOUND, (Reply("text", "没有"),))
    _, slots = await run(ActionAnswerQuestion(), make_tracker())
    assert slots == {"options": None}


async def test_a_complaint_that_nothing_answers_goes_to_a_person(answerer, make_tracker, run):
    answerer.result = Answer(Outcome.NOT_FOUND, (Reply("text", "没有"),))
    [said], _ = await run(ActionAnswerQuestion(), make_tracker("太慢了", "complain"))
    assert said["custom"]["outcome"] == "desk_closed"
    assert said["custom"]["request"] == {
        "name": "request_handoff", "item": None, "facet": None, "region": None, "reason": "complaint"
    }  # fmt: skip


async def test_a_complaint_that_something_answers_is_answered(answerer, make_tracker, run):
    [said], _ = await run(ActionAnswerQuestion(), make_tracker("太慢了", "complain"))
    assert said["custom"]["outcome"] == "answered"


@pytest.mark.parametrize("action", [ActionRepeatAnswer, ActionExplainSimply])
async def test_there_is_nothing_to_repeat_at_the_beginning(answerer, make_tracker, run, action):
    [said], _ = await run(action(), make_tracker("再说一遍", "repeat"))
    assert said["response"] == "utter_nothing_to_repeat"
    assert answerer.asked == []


async def test_the_last_answer_is_said_again(answerer, make_tracker, run):
    [said], _ = await run(ActionRepeatAnswer(), make_tracker("再说一遍", "repeat", ABOUT))
    assert answerer.asked == [("passport", Facet.FEE, "610100")]
    assert said["custom"]["replies"][0]["text"] == answerer.result.replies[0].text


async def test_the_last_answer_is_said_in_plain_words_without_its_lists(answerer, make_tracker, run):
    [said], slots = await run(ActionExplainSimply(), make_tracker("说简单点", "ask_simpler", ABOUT))
    text = said["custom"]["replies"][0]["text"]
    assert "每本120元。" in text.split("\n")
    assert "领最低生活保障的人家" in text
    assert "【" not in text
    assert said["custom"]["replies"][0]["sources"]
    assert slots["item"] == "passport"


async def test_a_correction_that_says_what_is_meant_is_answered(answerer, make_tracker, run):
    [said], _ = await run(ActionTakeCorrection(), make_tracker("不是身份证,是护照", "report_wrong_answer"))
    assert said["custom"]["outcome"] == "answered"


@pytest.mark.parametrize(("intent", "response"), [("deny", "utter_deny"), ("report_wrong_answer", "utter_wrong_answer_noted")])
async def test_a_bare_no_is_noted(answerer, make_tracker, run, intent, response):
    [said], _ = await run(ActionTakeCorrection(), make_tracker("不对", intent))
    assert said["response"] == response
    assert answerer.asked == []


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
async def test_somebody_in_danger_is_told_the_number_that_was_found(make_tracker, run, number):
    [said], _ = await run(ActionShowEmergency(), make_tracker("着火了", "emergency", emergency_number=number))
    assert said["custom"]["outcome"] == "emergency"
    assert number in said["custom"]["replies"][0]["text"]


@pytest.mark.parametrize("number", [None, "999"])
async def test_without_a_number_somebody_in_danger_is_told_all_of_them(make_tracker, run, number):
    [said], _ = await run(ActionShowEmergency(), make_tracker("救命", "emergency", emergency_number=number))
    text = said["custom"]["replies"][0]["text"]
    assert all(number in text for number in ("110", "119", "120"))
