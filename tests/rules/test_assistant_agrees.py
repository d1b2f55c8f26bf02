"""The domain, the training data, the rules and the actions of the assistant agree with each other."""

import inspect
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from qinwen.settings import ROOT
from qinwen.vocabulary import Facet, Outcome

LEAST_EXAMPLES = 30
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)


@pytest.fixture(scope="module")
def domain():
    return load(ROOT / "domain.yml")


@pytest.fixture(scope="module")
def examples():
    """Give the examples of each intent."""
    found = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in load(path)["nlu"]:
            if "intent" in block:
                lines = [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
                found.setdefault(block["intent"], []).extend(lines)
    return found


@pytest.fixture(scope="module")
def rules():
    """Give the actions of each intent's rule."""
    found = {}
    for path in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in load(path)["rules"]:
            intents = [step["intent"] for step in rule["steps"] if "intent" in step]
            assert len(intents) == 1, rule["rule"]
            assert intents[0] not in found, f"two rules for {intents[0]}"
            found[intents[0]] = [step["action"] for step in rule["steps"] if "action" in step]
    return found


@pytest.fixture(scope="module")
def actions():
    """Give each custom action's class by its name."""
    found = {}
    for path in sorted((ROOT / "actions").glob("*.py")):
        module = import_module(f"actions.{path.stem}") if path.stem not in {"__init__", "server"} else None
        for kind in vars(module).values() if module else ():
            if inspect.isclass(kind) and kind.__module__ == module.__name__ and kind.__name__.startswith("Action"):
                found[kind().name()] = kind
    return found


def test_every_intent_has_enough_examples_and_no_example_is_without_an_intent(domain, examples):
    assert set(examples) == set(domain["intents"])
    few = {name: len(set(examples[name])) for name in examples if len(set(examples[name])) < LEAST_EXAMPLES}
    assert few == {}


def test_every_intent_has_one_rule_and_every_rule_an_intent(domain, rules):
    assert set(rules) == set(domain["intents"])
    assert all(rules.values())


def test_every_facet_has_its_intent(domain):
    assert {name for name in domain["intents"] if f"{name}".removeprefix("ask_") in set(Facet)} == {
        f"ask_{facet.value}" for facet in Facet
    }


def test_no_example_teaches_two_intents(examples):
    seen = {}
    for intent, lines in examples.items():
        for line in lines:
            seen.setdefault(line, set()).add(intent)
    assert {line: sorted(intents) for line, intents in seen.items() if len(intents) > 1} == {}


def test_every_custom_action_of_the_domain_exists_and_is_named_after_its_class(domain, actions):
    assert set(domain["actions"]) == set(actions)
    for name, kind in actions.items():
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        assert name == words


def test_rules_use_only_actions_and_responses_that_exist_and_nothing_lies_idle(domain, rules, actions):
    known = set(domain["actions"]) | set(domain["responses"])
    used = {action for steps in rules.values() for action in steps}
    assert used - known == set()
    spoken = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "actions").glob("*.py"))
    assert {name for name in domain["responses"] if name not in used and name not in spoken} == set()
    assert set(re.findall(r"utter_[a-z_]+", spoken)) - set(domain["responses"]) - {"utter_message"} == set()


def test_every_response_has_an_outcome_and_words(domain):
    outcomes = {outcome.value for outcome in Outcome}
    for name, variants in domain["responses"].items():
        assert re.fullmatch(r"utter_[a-z_]+", name)
        for variant in variants:
            assert variant["metadata"]["outcome"] in outcomes, name
            assert variant["text"].strip(), name


def test_what_a_dangerous_message_may_become_is_in_the_domain(domain, rules):
    for intent in ("emergency", "insult", "talk_politics", "inject_prompt", "pry_privacy"):
        assert intent in domain["intents"]
    assert rules["emergency"] == ["action_show_emergency"]


def test_the_fallback_of_the_policy_exists(domain):
    [policy] = load(ROOT / "config.yml")["policies"]
    assert policy["core_fallback_action_name"] in domain["actions"]


def test_slots_do_not_steer_the_policy(domain):
    assert [name for name, slot in domain["slots"].items() if slot.get("influence_conversation") is not False] == []


def test_the_golden_questions_are_not_learnt(examples):
    """The yardstick stays independent; a few words (up to six characters) may come together by chance."""
    learnt = {line for lines in examples.values() for line in lines}
    for path in Path(ROOT / "knowledge_base" / "seeds").rglob("*.yml"):
        learnt |= set(strings(load(path)))
    golden = [
        json.loads(line)["question"]
        for kind in ("questions", "ambiguous", "out_of_scope")
        for name in (kind, f"blind_{kind}")
        for line in (ROOT / "tests" / "golden" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    learnt = set(map(bare, learnt))
    copied = [question for question in golden if len(question) > 6 and bare(question) in learnt]
    assert copied == []


def bare(text):
    return re.sub(r"[\s,。,.!!??;;]+", "", text)


def strings(data):
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from strings(part)
