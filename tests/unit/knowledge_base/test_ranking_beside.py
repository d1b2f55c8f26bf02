"""Edits to a big knowledge base are ranked beside it: answers like those of an index built anew."""

import numpy as np
import pytest

from knowledge_base.content import Faq
from knowledge_base.ranking import PairIndex
from knowledge_base.ranking_beside import GrownPairIndex
from knowledge_base.snapshot import Rows
from knowledge_base.wordings import wordings_of
from qinwen.vocabulary import Facet


class Encoder:
    name, blocks = "test", (6,)

    def encode(self, texts, _):
        made = np.stack([np.random.default_rng(sum(map(ord, text))).normal(size=6) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=[None, Encoder()], ids=["lexical", "dense"])
def encoder(request):
    return request.param


@pytest.fixture
def owned(make, encoder):
    def rows(owner, content):
        wordings = tuple(wordings_of(content))
        return Rows(owner, wordings, encoder.encode([w.text for w in wordings], "question") if encoder else None)

    def own(owner, item, content):
        return owner, (item, rows(owner, content))

    return own


@pytest.fixture
def before(make, owned):
    return dict(
        [
            owned("item:passport", "passport", make.item("passport", "普通护照签发", "办护照", aliases=("护照", "本本"))),
            owned("item:fund", "fund", make.item("fund", "住房公积金提取", "取公积金", aliases=("公积金", "本本"))),
            owned(
                "guide:passport:610000",
                "passport",
                make.guide("passport", "610000", fee={"text": "120元", "asked": ["护照要多少钱", "办护照贵不贵"]}),
            ),
            owned("faq:rent", "fund", Faq("rent", "租房能不能取公积金", "能", "fund")),
        ]
    )


@pytest.fixture
def changes(make, owned):
    return dict(
        [
            owned(
                "guide:passport:610000",
                "passport",
                make.guide("passport", "610000", fee={"text": "9元", "asked": ["本子几块"]}),
            ),
            owned("item:fund", "fund", make.item("fund", "住房公积金支取", "取公积金", aliases=("公积金",))),
            owned("item:water", "water", make.item("water", "自来水过户", "水表过户")),
            ("faq:rent", None),
        ]
    )


QUESTIONS = ("护照几块", "公积金支取", "自来水过户", "本本怎么办", "租房能不能取公积金", "孙悟空")


def test_answers_are_those_of_an_index_built_anew(before, changes, encoder):
    after = {owner: pair for owner, pair in {**before, **changes}.items() if pair is not None}
    anew = PairIndex([*after.values()], encoder)
    grown = GrownPairIndex(PairIndex([*before.values()], encoder), changes)
    assert set(grown.items) == set(anew.items)
    for question in QUESTIONS:
        vector = encoder.encode([question], "question")[0] if encoder else None
        facets = {Facet.FEE: 0.5, Facet.OVERVIEW: 0.5}
        expected, found = (index.rank(question, vector, facets) for index in (anew, grown))
        assert found.pairs.sum() == pytest.approx(1, abs=1e-4)
        wanted = dict(zip(expected.items, expected.item_shares(), strict=True))
        for item, share in zip(found.items, found.item_shares(), strict=True):
            assert share == pytest.approx(wanted[item], abs=0.15), (question, item)


def test_an_item_that_is_gone_wins_nothing(before, encoder):
    gone = {owner: None for owner in before if "passport" in owner}
    grown = GrownPairIndex(PairIndex([*before.values()], encoder), gone)
    ranking = grown.rank("护照要多少钱", None, {})
    assert ranking.item_shares()[grown.items.index("passport")] == 0
    assert grown.nearest_asked(ranking, "passport", Facet.FEE) == -1


def test_names_follow_their_owners(before, changes, encoder):
    grown = GrownPairIndex(PairIndex([*before.values()], encoder), changes)
    found = dict(zip(grown.items, grown._names_inside("本本公积金自来水过户"), strict=True))
    assert found["water"] > 0
    assert found["fund"] > 0
    alone = dict(zip(grown.items, grown._names_inside("本本"), strict=True))
    assert (alone["passport"] > 0, alone["fund"]) == (True, 0)


def test_what_did_not_change_keeps_its_signals_to_the_bit(before, encoder):
    base = PairIndex([*before.values()], encoder)
    grown = GrownPairIndex(base, {})
    vector = encoder.encode(["护照"], "question")[0] if encoder else None
    for one, other in zip(base.signals("护照", vector, {}), grown.signals("护照", vector, {}), strict=True):
        assert np.array_equal(one, other)
