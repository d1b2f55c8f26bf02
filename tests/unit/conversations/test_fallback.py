import pytest

from conversations.fallback import respond_without_bot
from qinwen.vocabulary import Outcome


@pytest.mark.parametrize(("text", "number"), [("家里着火了", "119"), ("有人拿刀砍人", "110"), ("我爸晕倒了没有呼吸", "120")])
def test_somebody_in_danger_gets_the_number_even_without_the_bot(text, number):
    response = respond_without_bot(text)
    assert response.outcome is Outcome.EMERGENCY
    assert number in response.replies[0].text


@pytest.mark.parametrize("text", ["护照多少钱", "", "你是个笨蛋"])
def test_everybody_else_gets_honest_words_and_a_hotline(text):
    response = respond_without_bot(text)
    assert response.outcome is Outcome.ERROR
    assert "12345" in response.replies[0].text
    assert response.item is None
