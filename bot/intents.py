"""The intent classifier: Rasa's logistic regression, with its weights laid out so that a message costs no copy of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(LogisticRegressionClassifier):
    """Trains and answers as `LogisticRegressionClassifier` does, with the same options."""

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentClassifier:
        """Load the trained weights, 49 intents by 24,000 features.

        scikit-learn multiplies a message's sparse features with their transpose, which scipy copies for every message unless
        it is contiguous: 10 MB, 1.7-2.7 ms, of which 0.04 ms are the multiplication.
        """
        component: IntentClassifier = super().load(config, model_storage, resource, execution_context, **kwargs)
        if hasattr(component.clf, "coef_"):  # not when it was trained without examples
            component.clf.coef_ = np.asfortranarray(component.clf.coef_)
        return component
