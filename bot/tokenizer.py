"""The first component: normalises a message, mends its terms, segments it and finds its entities with the spaCy `zh` pipeline.

The pipeline is built at training time from the knowledge base's names (`knowledge_base.known_terms`) and saved with the
model, so that a model always segments as it was trained.
"""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge_base import known_terms
from language import Homophones, build_pipeline, find_entities, normalise
from language.entities.documents import document_terms

RULE_ENTITIES = "rule_entities"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class ChineseTokenizer(Tokenizer):
    """Sets the message's text to its normal form, its tokens, and the rule entities for `RuleEntityExtractor`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the options that Rasa's base class asks for."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, terms: list[str]) -> None:
        super().__init__(config)
        self._storage, self._resource = storage, resource
        self._use(terms)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make an untrained tokenizer, with no dictionary yet."""
        del execution_context
        return cls(config, model_storage, resource, [])

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        """Load the dictionary that the model was trained with."""
        del execution_context, kwargs
        with model_storage.read_from(resource) as folder:
            terms = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, terms)

    def train(self, training_data: TrainingData) -> Resource:
        """Take the names that the knowledge base knows, and save them with the model."""
        del training_data
        terms = known_terms()
        self._use(terms)
        with self._storage.write_to(self._resource) as folder:
            (folder / "terms.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Normalise the training examples before the base class tokenizes them."""
        for example in training_data.training_examples:
            if example.get(TEXT):
                example.set(TEXT, normalise(example.get(TEXT)), add_to_output=True)
        return super().process_training_data(training_data)

    def process(self, messages: list[Message]) -> list[Message]:
        """Normalise the messages, and mend terms that only sound right, before the base class tokenizes them."""
        for message in messages:
            if message.get(TEXT):
                message.set(TEXT, self._homophones.mend(normalise(message.get(TEXT))), add_to_output=True)
        return super().process(messages)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Segment one attribute of a message."""
        doc = self._pipeline(message.get(attribute))
        if attribute == TEXT:
            message.set(RULE_ENTITIES, [vars_of(entity) for entity in find_entities(doc)])
        return [Token(token.text, token.idx) for token in doc if token.text.strip()]

    def _use(self, terms: list[str]) -> None:
        self._pipeline = build_pipeline(terms)
        self._homophones = Homophones([*terms, *document_terms()], self._pipeline.tokenizer.segmenter)


def vars_of(entity: Any) -> dict[str, Any]:
    """Give an entity in Rasa's shape."""
    return {
        "entity": entity.kind,
        "value": entity.value,
        "start": entity.start,
        "end": entity.end,
        "extractor": "RuleEntityExtractor",
    }
