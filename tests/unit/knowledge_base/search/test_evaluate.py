import json

import pytest

from knowledge_base.search import (
    EvaluationEntry,
    EvaluationFileInvalid,
    EvaluationQuestion,
    evaluate,
    read_entries,
    read_questions,
)

ENTRIES = [
    EvaluationEntry("a", "身份证丢了怎么补办", "带户口簿去派出所", ("身份证掉了",)),
    EvaluationEntry("b", "居住证怎么办理", "", ()),
    EvaluationEntry("c", "", "公积金可以在网上提取", ()),
]


def ask(question, *expected):
    return EvaluationQuestion(question, frozenset(expected))


def test_the_result_has_the_fields_of_the_contract(encoder):
    result = json.loads(evaluate(ENTRIES, [ask("身份证掉了", "a")], encoder).as_json())
    assert list(result) == [
        "n", "recall_at_1", "recall_at_3", "recall_at_5", "mrr",
        "answered", "correct_answers", "wrong_answers", "clarified", "refused", "seconds",
    ]  # fmt: skip


def test_every_question_ends_in_one_count(encoder):
    questions = [
        ask("身份证掉了", "a"),
        ask("居住证怎么办理", "c"),
        ask("讲个笑话"),
        ask("公积金网上提取", "b", "c"),
        ask(""),
    ]
    result = evaluate(ENTRIES, questions, encoder)
    assert result.n == 5
    assert result.answered + result.clarified + result.refused == 5
    assert result.correct_answers + result.wrong_answers == result.answered


def test_recall_is_over_the_questions_that_expect_an_entry():
    result = evaluate(ENTRIES, [ask("身份证掉了", "a"), ask("居住证怎么办理", "a"), ask("讲个笑话")], None)
    assert result.recall_at_1 == 0.5
    assert result.recall_at_3 == 1
    assert result.mrr in {0.75, 0.6667}


def test_any_of_several_expected_is_right_and_an_unknown_one_is_missed():
    assert evaluate(ENTRIES, [ask("身份证掉了", "x", "a")], None).recall_at_1 == 1
    assert evaluate(ENTRIES, [ask("身份证掉了", "x")], None).mrr == 0


def test_a_confident_answer_where_none_is_expected_is_wrong():
    result = evaluate(ENTRIES, [ask("身份证丢了怎么补办")], None)
    assert (result.answered, result.wrong_answers) == (1, 1)


def test_nothing_asked_of_nothing():
    assert evaluate([], [], None).n == 0
    assert evaluate([], [ask("身份证", "a")], None).refused == 1


def test_files_are_read(tmp_path):
    entries = tmp_path / "e.jsonl"
    entries.write_text('\ufeff{"id":"a","question":"问","answer":null,"similar":["像"]}\n\n{"id":7,"answer":"答"}\n', "utf-8")
    assert read_entries(entries) == [EvaluationEntry("a", "问", "", ("像",)), EvaluationEntry("7", "", "答", ())]
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        '{"question":"甲","expected":"a"}\n{"question":"乙","expected":["a",7]}\n{"question":"丙","expected":null}\n',
        "utf-8",
    )
    assert read_questions(questions) == [ask("甲", "a"), ask("乙", "a", "7"), ask("丙")]


@pytest.mark.parametrize(
    "line", ['{"question":"x"}', "[]", "{", '{"id":"a","similar":"x"}', '{"id":"a"}\n{"id":"a"}', '{"id":true}']
)
def test_a_bad_entry_names_its_line(tmp_path, line):
    path = tmp_path / "e.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(EvaluationFileInvalid, match=r"e\.jsonl 第"):
        read_entries(path)


@pytest.mark.parametrize("line", ['{"expected":"a"}', '{"question":1}', '{"question":"x","expected":[{}]}'])
def test_a_bad_question_names_its_line(tmp_path, line):
    path = tmp_path / "q.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(EvaluationFileInvalid, match="第 1 行"):
        read_questions(path)
