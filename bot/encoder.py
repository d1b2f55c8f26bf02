"""Gives the intent classifier the sentence vector, and hands the raw vector on to the actions, so that a question is
encoded once a turn.

As classifier features e5 vectors must be centred and scaled first (`encoder.md`: raw .578, centred .677 on real wordings);
the statistics come from the training examples and are saved with the model.
"""

from __future__ import annotations

import base64
from typing import Any

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

SENTENCE_VECTOR = "sentence_vector"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Dense sentence features from `language.load_encoder`; without an encoder it adds nothing."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must run before."""
        return [ChineseTokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the options: `weight` scales the features against the sparse ones."""
        return {**DenseFeaturizer.get_default_config(), "weight": 1.0}

    def __init__(self, config: dict[str, Any], name: str, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._weight = float(config["weight"])
        self._storage, self._resource = storage, resource
        self._encoder: Encoder | None = load_encoder().encoder
        dimension = self._encoder.dimension if self._encoder else 0
        self._mean = np.zeros(dimension, dtype=np.float32)
        self._scale = np.ones(dimension, dtype=np.float32)

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
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
            trained_with, here = str(saved["encoder"]), component._name
        if trained_with != here:
            raise RuntimeError(f"model trained with encoder {trained_with}, here is {here}: run `make train`")
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn mean and scale of the examples' vectors."""
        texts = [e.get(TEXT) for e in training_data.training_examples if e.get(TEXT)]
        if self._encoder and texts:
            vectors = self._encoder.encode(texts, "question")
            self._mean = vectors.mean(axis=0)
            self._scale = vectors.std(axis=0) + 1e-6
        with self._storage.write_to(self._resource) as folder:
            np.savez(folder / "statistics.npz", mean=self._mean, scale=self._scale, encoder=self._name)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the training examples."""
        self._add(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features and the vector to hand on."""
        for message, vector in self._add(messages):
            message.set(SENTENCE_VECTOR, pack(self._name, vector), add_to_output=True)
        return messages

    @property
    def _name(self) -> str:
        return self._encoder.name if self._encoder else "none"

    def _add(self, messages: list[Message]) -> list[tuple[Message, np.ndarray]]:
        with_text = [m for m in messages if m.get(TEXT)]
        if self._encoder is None or not with_text:
            return []
        vectors = self._encoder.encode([m.get(TEXT) for m in with_text], "question")
        for message, vector in zip(with_text, vectors):
            features = (vector - self._mean) / self._scale * self._weight
            message.add_features(Features(features[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return list(zip(with_text, vectors))


def pack(encoder: str, vector: np.ndarray) -> str:
    """Give a vector as text: the encoder's name, a colon, float16 in base64 (1 KB for 384 numbers)."""
    return f"{encoder}:{base64.b64encode(vector.astype(np.float16).tobytes()).decode()}"
