"""What a citizen's words tell about urgency and mood."""

import pytest

from desk import Mood
from desk.signs import load_signs, minutes_forward, mood_of, urgency_of, urgency_title

SIGNS = [(kind, sign) for kind, signs in load_signs().items() for sign in signs]


@pytest.mark.parametrize(("kind", "sign"), SIGNS, ids=[sign.name for _, sign in SIGNS])
def test_every_sign_fits_its_examples_and_nothing_harmless(kind, sign):
    assert sign.examples
    assert sign.harmless
    assert [text for text in sign.examples if not sign.applies_to(text)] == []
    assert [text for text in sign.harmless if sign.applies_to(text)] == []


def test_every_sign_of_urgency_is_worth_something_and_has_a_name():
    for sign in load_signs()["urgency"]:
        assert minutes_forward([sign.name]) > 0
        assert urgency_title(sign.name)


def test_reasons_add_up_and_are_named_once():
    names = urgency_of(["我都七十多了手机弄不来", "俺老了", "我特别急"], second_time=True)
    assert names == ["elder", "urgent", "second_time"]
    assert minutes_forward(names) > minutes_forward(["elder"]) > minutes_forward([])


def test_the_simple_mode_counts_as_elder_without_a_word():
    assert urgency_of(["你好"], elder=True) == ["elder"]


def test_the_strongest_mood_counts():
    assert mood_of(["我好着急", "你们就是踢皮球"]) is Mood.UPSET
    assert mood_of(["求求你们帮帮我"]) is Mood.WORRIED
    assert mood_of(["身份证丢了怎么补"]) is Mood.CALM
