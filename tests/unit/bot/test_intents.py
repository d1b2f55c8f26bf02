from types import SimpleNamespace

import numpy as np
import pytest
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier

from bot.intents import IntentClassifier

WEIGHTS = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("trained", [{"coef_": WEIGHTS}, {}])
def test_the_loaded_weights_need_no_copy_when_they_are_turned_over(monkeypatch, trained):
    component = SimpleNamespace(clf=SimpleNamespace(**trained))
    monkeypatch.setattr(LogisticRegressionClassifier, "load", lambda *_, **__: component)
    loaded = IntentClassifier.load({}, None, None, None)
    if trained:
        assert loaded.clf.coef_.T.flags.c_contiguous
        assert (loaded.clf.coef_ == WEIGHTS).all()
