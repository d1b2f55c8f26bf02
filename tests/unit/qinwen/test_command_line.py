"""What a wrong file name on the command line ends in: one sentence, never a traceback."""

import pytest

import manage


@pytest.fixture(autouse=True)
def _folder(monkeypatch, tmp_path):
    monkeypatch.setenv("QINWEN_VAR", str(tmp_path / "var"))


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        (("kb", "eval", "--entries", "{}/none.jsonl", "--questions", "{}/none.jsonl"), "没有这个文件"),
        (("kb", "eval", "--entries", "{}", "--questions", "{}"), "这是一个目录"),
        (("kb", "export", "{}/none/out.xlsx"), "没有这个文件"),
        (("kb", "export", "{}"), "这是一个目录"),
        (("kb", "import", "{}/none.xlsx"), "读不出来"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_a_sentence(words, trouble, tmp_path, capsys):
    assert manage.main([word.format(tmp_path) for word in words]) == 1
    told = capsys.readouterr().err
    assert trouble in told
    assert str(tmp_path) in told
    assert told.count("\n") == 1
