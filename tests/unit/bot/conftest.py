"""Rasa is there on Python 3.10 alone. Importing it and its libraries warns of much that is not ours."""

import importlib.util
import warnings

collect_ignore_glob = []

if importlib.util.find_spec("rasa") is None:
    collect_ignore_glob.append("test_*.py")
else:
    # Recorded, for a library among them switches warnings on again.
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        import rasa.core.agent
        import rasa.core.tracker_store
        import rasa.engine.recipes.default_recipe  # noqa: F401
