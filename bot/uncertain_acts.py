"""Doubt about what somebody does is no ground for refusing them: an act that the classifier hardly believes in becomes the
likeliest question, and answering, which knows the conversation, decides. Comes after the learned classifier.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

QUESTION = "ask_"
NEVER_DOUBTED = "emergency"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UncertainActs(GraphComponent, IntentClassifier):
    """Turns an act below `threshold` (a probability) into the likeliest question; the ranking stays as it is."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the options with their defaults."""
        return {"threshold": 0.35}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make the classifier with its options."""
        del model_storage, resource, execution_context
        return cls(float(config["threshold"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Replace the intent where it is an act in doubt."""
        for message in messages:
            intent = message.get(INTENT) or {}
            doubtful = (intent.get("confidence") or 0.0) < self._threshold
            ranking = message.get(INTENT_RANKING_KEY) or []
            questions = [other for other in ranking if str(other.get("name")).startswith(QUESTION)]
            act = not str(intent.get("name")).startswith((QUESTION, NEVER_DOUBTED))
            if doubtful and act and questions:
                message.set(INTENT, questions[0], add_to_output=True)
        return messages
