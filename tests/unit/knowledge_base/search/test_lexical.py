import numpy as np
import pytest

from knowledge_base.search.lexical import LexicalIndex, letters, long_letters

TEXTS = ["身份证丢了怎么补办", "居住证怎么办理", "公积金怎么提取", ""]


def test_letters_drop_marks_courtesies_and_case():
    assert letters("您好,请问 ABC证 怎么办?") == "abc证怎么办"
    assert long_letters("带 户口簿,\n去派出所。" * 200)[:9] == "带户口簿去派出所带"
    assert len(long_letters("字" * 5000)) == 600


def test_the_row_with_the_rare_characters_wins():
    scores = LexicalIndex(TEXTS).score("居住证")
    assert scores.of_question.argmax() == 1
    assert scores.of_row.argmax() == 1
    assert scores.of_question[3] == scores.of_row[3] == 0


def test_a_row_that_is_the_question_is_shared_whole():
    assert LexicalIndex(TEXTS).score(TEXTS[0]).of_row[0] == pytest.approx(1)


def test_the_background_makes_question_words_common():
    alone, informed = LexicalIndex(TEXTS), LexicalIndex(TEXTS, ["怎么做饭", "怎么走", "怎么写作业"] * 5)
    assert informed.weigh("怎么") / informed.weigh("居住") < alone.weigh("怎么") / alone.weigh("居住")


def test_unknown_characters_are_counted():
    index = LexicalIndex(TEXTS)
    assert index.unknown_share("身份证") == 0
    assert index.unknown_share("鲸鱼") == 1
    assert 0 < index.unknown_share("鲸鱼证") < 1


def test_nothing_in_common_and_nothing_at_all_score_zero():
    assert not LexicalIndex(TEXTS).score("鲸鱼").of_question.any()
    assert LexicalIndex([]).score("身份证").of_question.shape == (0,)
    assert not LexicalIndex(TEXTS).score("").of_question.any()
    assert np.isfinite(LexicalIndex([""]).score("身份证").of_row).all()
