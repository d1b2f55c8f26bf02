"""Doubt about what somebody does is no ground for refusing them: an act that the classifier hardly believes in becomes the
likeliest question, and answering, which knows the conversation, decides. Comes after the learned classifier, and before the
safety rules, whose word is final.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge_base import umbrella_of
from language import find_regions

QUESTION = "ask_"
GRAVE = ("emergency", "insult")
"""Acts of which the classifier's belief alone counts where nothing is asked, and much of it is needed where something is."""
REFUSALS = ("pry_privacy", "inject_prompt", "talk_politics")
"""What is refused: it takes much belief, for the plain cases have rules, and to refuse a citizen's question hurts."""
COURTESIES = ("affirm", "thank", "say_goodbye", "greet", "small_talk")
"""Told apart with effort ("好的知道了"), and answered much alike: what is believed of them counts together."""
# Something is asked; or a paper is lost, which people tell in much the same words as that a child is.
_ASKS = re.compile(
    r"怎么|咋|啥|哪|多少|吗[?]?$|办|补|领|申请|报销|(?:证|身[份分]|卡|簿|户口本|本本|钱包|护照|执照|存折).{0,4}(?:丢|掉|没了|不见|找不|寻不|偷)"
)
_SURE = 0.75


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
            ranking = message.get(INTENT_RANKING_KEY) or []
            questions = [other for other in ranking if str(other.get("name")).startswith(QUESTION)]
            if questions and self._in_doubt(message.get(INTENT) or {}, ranking, message.get(TEXT) or ""):
                message.set(INTENT, questions[0], add_to_output=True)
        return messages

    def _in_doubt(self, intent: dict[str, Any], ranking: list[dict[str, Any]], text: str) -> bool:
        """Tell whether an intent is an act that is hardly believed in, or that a bare noun ("转移", "救助") was taken for."""
        name, confidence = str(intent.get("name")), intent.get("confidence") or 0.0
        if name.startswith(QUESTION):
            return False
        if umbrella_of(text) is not None:
            return True
        if name in REFUSALS or (name in GRAVE and _ASKS.search(text)):
            return bool(confidence < _SURE)
        if name in GRAVE and _is_place(text):
            return True
        if name in COURTESIES:
            confidence = sum(other.get("confidence") or 0.0 for other in ranking if other.get("name") in COURTESIES)
        return bool(confidence < self._threshold) and name != GRAVE[0]


def _is_place(text: str) -> bool:
    """Tell whether a text is the name of a place of ours and nothing else."""
    return any(mention.text == text.strip() for mention in find_regions(text))
