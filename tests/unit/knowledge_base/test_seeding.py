import numpy as np
import pytest

from knowledge_base import EntryInvalid
from knowledge_base.seeding import prepared, read_seed, venue_texts
from qinwen.vocabulary import Facet

VENUES = {
    "cities": {
        "610100": {"name": "西安市", "hall": "西安市民中心", "area_code": "029", "note": "人多。"},
        "610300": {"name": "宝鸡市", "hall": "宝鸡大厅", "area_code": "0917"},
    },
    "venues": {
        "hall": {
            "place": "到{hall}。{note}",
            "hours": "工作日。{summer}",
            "contact": "打{area_code}-12345。",
            "cities": {"610300": {"hours": "宝鸡周六也开。"}},
        }
    },
}
SEED = {
    "code": "passport", "name": "普通护照签发", "everyday_name": "办护照", "department": "公安", "case_lookup": True,
    "type": "行政许可", "handling": "承诺件", "served": ["自然人"], "authority_level": "县级", "topic": "证件",
    "venue": "hall", "reviewed_on": "2026-10-12", "facets": {facet.value: {"text": f"{facet.value}。"} for facet in Facet},
    "faqs": [{"id": "passport-old", "question": "过期了呢", "answer": "换发。"}],
    "regions": [{"region": "610100", "facets": {"place": {"text": "西安自己的说法。"}}}],
}  # fmt: skip


def test_each_city_s_texts_come_from_its_venue():
    texts = venue_texts("hall", VENUES)
    assert texts["610100"] == {
        Facet.PLACE: "到西安市民中心。人多。", Facet.HOURS: "工作日。", Facet.CONTACT: "打029-12345。"
    }  # fmt: skip
    assert texts["610300"][Facet.HOURS] == "宝鸡周六也开。"
    assert venue_texts("nowhere", VENUES) == {}


def test_a_seed_gives_the_province_s_guide_the_cities_and_the_faqs():
    seed = read_seed(SEED, VENUES, "passport.yml")
    guides = {guide.region: guide for guide in seed.guides}
    assert set(guides) == {"610000", "610100", "610300"}
    assert set(guides["610000"].facets) == set(Facet)
    assert guides["610100"].facets[Facet.PLACE].text == "西安自己的说法。"
    assert guides["610100"].facets[Facet.HOURS].text == "工作日。"
    assert seed.faqs[0].item == "passport"
    assert seed.review.reviewed_on.isoformat() == "2026-10-12"


def test_a_missing_facet_is_named():
    facets = {name: body for name, body in SEED["facets"].items() if name != "proxy"}
    with pytest.raises(EntryInvalid, match=r"passport\.yml.*proxy"):
        read_seed({**SEED, "facets": facets}, VENUES, "passport.yml")


def test_wordings_are_encoded_in_batches_and_each_once():
    asked = []

    def vectorise(texts):
        asked.append(len(texts))
        return np.array([[float(text)] for text in texts], dtype=np.float32)

    look_up = prepared([str(number % 250) for number in range(600)], vectorise, lambda *_: None)
    assert asked == [200, 50]
    assert look_up(["7", "249"]).tolist() == [[7.0], [249.0]]


def test_without_an_encoder_there_are_no_vectors():
    assert prepared(["a"], lambda _: None, lambda *_: None)(["a"]) is None
