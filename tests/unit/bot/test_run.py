"""The engine starts without TensorFlow. In processes of their own: this one has it loaded already."""

import subprocess
import sys

import pytest
import yaml

from bot.run import needs_tensorflow
from qinwen.settings import ROOT

PARTS = [part["name"] for kind in ("pipeline", "policies") for part in yaml.safe_load((ROOT / "config.yml").read_text())[kind]]


def test_our_configuration_needs_no_tensorflow():
    assert not needs_tensorflow(yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "name", ["DIETClassifier", "ResponseSelector", "TEDPolicy", "LanguageModelFeaturizer", "somebody.else"]
)
@pytest.mark.parametrize("kind", ["pipeline", "policies"])
def test_a_configuration_that_names_anything_else_gets_all_of_rasa(kind, name):
    assert needs_tensorflow(
        {"pipeline": [{"name": "bot.safety.SafetyClassifier"}], "policies": None} | {kind: [{"name": name}]}
    )


def test_the_server_and_all_our_components_load_without_tensorflow():
    code = (
        "import sys, importlib; from bot.run import leave_out_tensorflow; leave_out_tensorflow()\n"
        "import rasa.__main__, rasa.core.run, rasa.core.agent, rasa.server, bot.channel, bot.tracker_store\n"
        "from rasa.shared.utils.common import class_from_module_path\n"
        "from rasa.core.policies.rule_policy import RulePolicy\n"
        "from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer\n"
        "from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator\n"
        f"[class_from_module_path(name) for name in {[name for name in PARTS if name.startswith('bot.')]}]\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_making_what_was_left_out_says_what_to_do():
    code = (
        "from bot.run import leave_out_tensorflow; leave_out_tensorflow()\n"
        "from rasa.utils.tensorflow.callback import RasaTrainingLogger\n"
        "RasaTrainingLogger(1, silent=False)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert "make train" in done.stderr
