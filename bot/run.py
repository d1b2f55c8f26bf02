"""Starts the engine: `rasa run` without what our assistant never uses. `python -m bot.run` takes the arguments of `rasa run`.

Rasa imports TensorFlow for two modules that only train and run its neural components; we have none, so that 2 s of
processor time and 350 MB would go into nothing. And `skops`, which the intent classifier is stored with, looks through all
modules loaded so far for each of 600 types: loaded first it takes 1 s, loaded last 4 s. Training and testing use plain Rasa.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

# What of Rasa's own our configuration may name without TensorFlow being needed; all of `bot.` is without.
_LIGHT = {"CountVectorsFeaturizer", "RulePolicy"}
_NEURAL = {
    "rasa.graph_components.validators.default_recipe_validator": ("DefaultV1RecipeValidator",),
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaDataGenerator", "RasaBatchDataGenerator"),
}


class LeftOut:
    """Stands where a class that needs TensorFlow would."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("the model needs TensorFlow, but config.yml names nothing that does: run `make train`")


def needs_tensorflow(config: dict[str, Any]) -> bool:
    """Tell whether a configuration (`config.yml`) names a component that may need TensorFlow."""
    named = {part["name"] for kind in ("pipeline", "policies") for part in config.get(kind) or ()}
    return not all(name in _LIGHT or name.startswith("bot.") for name in named)


def leave_out_tensorflow() -> None:
    """Put stand-ins in the place of the modules that import TensorFlow; call it before `rasa` is imported."""
    for name, classes in _NEURAL.items():
        module = ModuleType(name)
        vars(module).update(dict.fromkeys(classes, LeftOut))
        sys.modules[name] = module


def main() -> None:
    """Run Rasa's server."""
    importlib.import_module("skops.io")
    if not needs_tensorflow(yaml.safe_load(Path("config.yml").read_text(encoding="utf-8"))):
        leave_out_tensorflow()
    rasa = importlib.import_module("rasa.__main__")
    sys.argv[:1] = ["rasa", "run"]
    rasa.main()


if __name__ == "__main__":
    main()
