import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.tokenizer import ChineseTokenizer

TERMS = ["失业登记", "护照"]


@pytest.fixture(scope="module")
def tokenizer():
    return ChineseTokenizer(ChineseTokenizer.get_default_config(), None, None, TERMS)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [("失液登记要带什么", "失业登记要带什么"), ("戶照多久能拿", "护照多久能拿"), ("護照多少錢", "护照多少钱")],
)
def test_a_message_is_understood_as_the_term_that_was_meant(tokenizer, typed, understood):
    [message] = tokenizer.process([Message({"text": typed})])
    assert message.get("text") == understood
    assert understood[:2] in "".join(token.text for token in message.get("text_tokens"))
