"""The last word on danger: a message that `language.detect_safety` recognises gets its intent whatever the classifier said."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from language import detect_safety

EMERGENCY_NUMBER = "emergency_number"
INTENTS = {
    "emergency": "emergency",
    "insult": "insult",
    "politics": "talk_politics",
    "injection": "inject_prompt",
    "privacy": "pry_privacy",
}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SafetyClassifier(GraphComponent, IntentClassifier):
    """Overrides the intent of dangerous or unsafe messages; comes after the learned classifier."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make the classifier; it has no options."""
        del config, model_storage, resource, execution_context
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent where a rule fires; an emergency also says which number to call."""
        for message in messages:
            safety = detect_safety(message.get(TEXT) or "")
            if safety is None:
                continue
            intent = {"name": INTENTS[safety.kind], "confidence": 1.0}
            message.set(INTENT, intent, add_to_output=True)
            ranking = [r for r in message.get(INTENT_RANKING_KEY) or [] if r["name"] != intent["name"]]
            message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)
            if safety.number:
                message.set(EMERGENCY_NUMBER, safety.number, add_to_output=True)
        return messages
