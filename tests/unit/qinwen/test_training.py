import sys
from types import SimpleNamespace

import pytest

from qinwen import training
from qinwen.training import TrainingFailed, digest_inputs, train_if_changed


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data" / "nlu").mkdir(parents=True)
    (tmp_path / "config.yml").write_text("language: zh\n")
    (tmp_path / "data" / "nlu" / "fee.yml").write_text("nlu: []\n")
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture
def rasa(monkeypatch, root):
    """Stands in for `rasa train`: remembers its calls and writes the model."""
    fake = SimpleNamespace(calls=[], code=0)

    def run(command, **options):
        fake.calls.append((command, options))
        (root / "models" / "current.tar.gz").write_bytes(b"model")
        return SimpleNamespace(returncode=fake.code, stdout="what was wrong")

    monkeypatch.setattr(training.subprocess, "run", run)
    return fake


def test_the_digest_stays_while_nothing_changes(root):
    assert digest_inputs(root) == digest_inputs(root)


@pytest.mark.parametrize("name", ["config.yml", "data/nlu/fee.yml", "data/nlu/new.yml", "bot/tokenizer.py"])
def test_the_digest_changes_with_every_input(root, name):
    before = digest_inputs(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("changed")
    assert digest_inputs(root) != before


def test_the_digest_changes_when_a_file_is_renamed(root):
    before = digest_inputs(root)
    (root / "data" / "nlu" / "fee.yml").rename(root / "data" / "nlu" / "fees.yml")
    assert digest_inputs(root) != before


@pytest.mark.parametrize("name", ["README.md", "web/public.py", "data/nlu/notes.bak", "bot/__pycache__/x.pyc"])
def test_what_the_model_is_not_made_of_does_not_count(root, name):
    before = digest_inputs(root)
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("anything")
    assert digest_inputs(root) == before


def test_a_model_is_trained_once(root, rasa):
    assert train_if_changed(root) is True
    assert train_if_changed(root) is False
    assert len(rasa.calls) == 1


def test_training_sends_no_telemetry_and_runs_with_this_python(root, rasa):
    train_if_changed(root)
    command, options = rasa.calls[0]
    assert command[0] == sys.executable
    assert options["env"]["RASA_TELEMETRY_ENABLED"] == "false"
    assert options["cwd"] == root


def test_a_changed_input_trains_again(root, rasa):
    train_if_changed(root)
    (root / "config.yml").write_text("language: zh\npipeline: []\n")
    assert train_if_changed(root) is True
    assert len(rasa.calls) == 2


def test_a_failed_training_is_tried_again_next_time(root, rasa):
    rasa.code = 1
    with pytest.raises(TrainingFailed, match="what was wrong"):
        train_if_changed(root)
    rasa.code = 0
    assert train_if_changed(root) is True
