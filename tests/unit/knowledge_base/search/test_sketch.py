"""Among very many rows the nearest are found by sketches and compared exactly; grams are counted in arrays as one by one."""

from collections import Counter

import numpy as np
import pytest

from knowledge_base.content import Faq
from knowledge_base.ranking import PairIndex
from knowledge_base.ranking_beside import GrownPairIndex
from knowledge_base.search.ahead import Ahead
from knowledge_base.search.dense import DenseIndex, SketchedIndex
from knowledge_base.search.grams import codes_of, count_grams
from knowledge_base.search.row_vectors import RowVectors, part_of
from knowledge_base.snapshot import Rows
from knowledge_base.wordings import wordings_of
from language.encode import unit

BLOCKS = (96, 64)


def rows_of(count, seed=3):
    """Give vectors in groups, as wordings of one thing lie together, as float16 in parts of seven."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((count // 20, sum(BLOCKS)))
    made = np.repeat(centres, 20, axis=0) + 0.7 * draw.standard_normal((count, sum(BLOCKS)))
    parts = [
        unit(part.astype(np.float32)) * np.sqrt(share)
        for part, share in zip(np.split(made, [96], axis=1), (0.7, 0.3), strict=True)
    ]
    stored = np.concatenate(parts, axis=1).astype(np.float16)
    return stored, RowVectors([stored[start : start + 7] for start in range(0, count, 7)], sum(BLOCKS))


def test_the_nearest_rows_are_compared_exactly_and_the_others_nearly():
    stored, rows = rows_of(6_000)
    background = rows_of(40, seed=9)[0].astype(np.float32)
    exact, sketched = DenseIndex(stored.astype(np.float32), BLOCKS, background), SketchedIndex(rows, BLOCKS, background)
    for number in range(0, 6_000, 400):
        asked = stored[number : number + 1].astype(np.float32)
        for right, found in zip(exact.score(asked), sketched.score(asked), strict=True):
            best = np.argsort(-right[0])[:20]
            assert np.allclose(found[0][best], right[0][best], atol=1e-3)
            assert set(np.argsort(-found[0])[:20]) == set(np.argsort(-right[0])[:20])
            assert np.corrcoef(found[0], right[0])[0, 1] > 0.8


def test_rows_are_taken_and_read_in_order_from_where_they_lie():
    stored, rows = rows_of(100)
    assert len(rows) == 100
    assert np.array_equal(rows.take(np.array([0, 6, 7, 99])), stored[[0, 6, 7, 99]].astype(np.float32))
    read = np.concatenate([chunk for _, chunk in rows.chunks(30)])
    assert np.array_equal(read, stored.astype(np.float32))
    assert [start for start, _ in rows.chunks(30)][:2] == [0, 35]
    assert len(RowVectors([], 4)) == 0
    assert np.shares_memory(part_of(stored, range(3, 9)), stored)
    assert np.array_equal(part_of(stored, [1, 5]), stored[[1, 5]])
    assert len(part_of(stored, [])) == 0


@pytest.mark.parametrize("texts", [["身份证丢了身份", "", "证", "居住证怎么办"], [], ["", ""]])
def test_grams_are_counted_as_one_by_one(texts):
    counted = count_grams(texts)
    for gram in ("身", "身份", "证", "证丢", "办", "鲸"):
        right = [Counter([*text, *(text[i : i + 2] for i in range(len(text) - 1))])[gram] for text in texts]
        place = np.flatnonzero(counted.codes == codes_of([gram])[0])
        found = [0] * len(texts)
        for p in place:
            span = slice(counted.starts[p], counted.starts[p + 1])
            for text, count in zip(counted.texts[span], counted.counts[span], strict=True):
                found[text] = int(count)
        assert found == right


class Encoder:
    name, blocks = "test", (6,)

    def encode(self, texts, _):
        made = np.stack([np.random.default_rng(sum(map(ord, text))).normal(size=6) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def owned(faq):
    wordings = tuple(wordings_of(faq))
    return faq.item, Rows(f"faq:{faq.id}", wordings, Encoder().encode([w.text for w in wordings], "question"))


def test_a_sketched_index_ranks_as_an_exact_one_and_takes_edits_beside_it():
    pairs = [owned(Faq(str(n), f"第{n}号窗口几点开门", "九点", f"item{n % 7}")) for n in range(60)]
    exact, sketched = PairIndex(pairs, Encoder()), PairIndex(pairs, Encoder(), small=0)
    asked = Encoder().encode(["第8号窗口几点开门"], "question")[0]
    right, found = (index.rank("第8号窗口几点开门", asked, {}) for index in (exact, sketched))
    assert np.allclose(right.pairs, found.pairs, atol=1e-3)
    changes = {"faq:new": owned(Faq("new", "无线网密码是多少", "在牌子上", "wifi")), "faq:8": None}
    vector = Encoder().encode(["无线网密码是多少"], "question")[0]
    right, found = (GrownPairIndex(index, changes).rank("无线网密码是多少", vector, {}) for index in (exact, sketched))
    assert "wifi" in found.items
    assert np.allclose(right.pairs, found.pairs, atol=1e-3)


def test_what_was_looked_at_ahead_is_what_would_be_scored_alone():
    stored, _ = rows_of(200)
    index = DenseIndex(stored.astype(np.float32), BLOCKS, stored[:5].astype(np.float32))
    asked = rows_of(20, seed=5)[0].astype(np.float32)
    alone = [index.score(asked[n : n + 1]) for n in range(20)]
    index.look_ahead(asked)
    for number in range(20):
        for one, other in zip(index.score(asked[number : number + 1]), alone[number], strict=True):
            assert np.allclose(one, other, atol=1e-6)
    assert Ahead().get(asked[0]) is None
