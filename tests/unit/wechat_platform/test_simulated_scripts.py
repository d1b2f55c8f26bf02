"""The scripts that come along can be played, and what a person types is understood or refused in a sentence."""

from pathlib import Path

import pytest

import tests.wechat_platform
from tests.wechat_platform.control import ACTS
from tests.wechat_platform.plays import PlayWrong, read_play
from tests.wechat_platform.terminal import CommandWrong, parse

FOLDER = Path(tests.wechat_platform.__file__).parent
SCRIPTS = sorted((FOLDER / "scripts").glob("*.yml"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_of_ours_can_be_read(path):
    script = read_play(path)
    assert script.title
    assert len(script.steps) > 3


def test_there_are_two_scripts():
    assert len(SCRIPTS) >= 2


@pytest.mark.parametrize(
    "text", ["", "steps: 3", "steps: [say]", "steps: [{dance: 1}]", "steps: [{say: a, tap: b}]", "steps: [{wait: x}]", "{"]
)
def test_a_script_that_makes_no_sense_is_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "play.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlayWrong, match=r"。$"):
        read_play(path)


@pytest.mark.parametrize(
    ("line", "act", "shape"),
    [
        ("身份证丢了", "say", {"text": "身份证丢了"}),
        (":voice 要多少钱", "voice", {"text": "要多少钱"}),
        (":voice", "voice", {}),
        (":location 34.2 108.9 西安 碑林", "location", {"lat": 34.2, "lon": 108.9, "label": "西安 碑林"}),
        (":menu 办事", "tap", {"menu": "办事"}),
        (":choose 2", "choose", {"number": 2}),
        (":follow", "follow", {}),
        (":scan desk-1", "scan", {"scene": "desk-1"}),
        (":image", "image", {}),
        (":sticker", "sticker", {}),
    ],
)
def test_a_typed_line_is_an_act(line, act, shape):
    assert parse(line) == (act, shape)
    assert act in ACTS


@pytest.mark.parametrize("line", [":dance", ":location 34", ":choose one", ":scan", ":image /no/such/file", ':voice "'])
def test_a_command_that_makes_no_sense_is_refused_in_a_sentence(line):
    with pytest.raises(CommandWrong, match=r"。$"):
        parse(line)


def test_the_simulator_imports_nothing_of_what_it_tests():
    ours = ("channels", "conversations", "web", "qinwen", "knowledge_base", "language", "actions", "bot", "manage")
    lines = [line.split() for path in FOLDER.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    imported = {words[1].split(".")[0] for words in lines if len(words) > 1 and words[0] in ("from", "import")}
    assert not imported & set(ours)
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 150 for path in FOLDER.rglob("*.py"))
