from datetime import date, datetime, timezone

import pytest

from knowledge_base.content import Faq, Guide, read_facets
from knowledge_base.rendering import SAMPLE_NOTE, facet_card, faq_card
from knowledge_base.snapshot import FoundFacet, Version
from qinwen.vocabulary import FACET_TITLES, Facet

SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def found(make):
    item = make.item("passport", "普通护照签发", "办护照")

    def find(facet, body, region="610000", *, sample=False, reviewed_on=None, **others):
        bodies = {facet.value: {"text": "先说总的。", **body}, **others}
        guide = Guide("passport", region, read_facets(bodies, "测试"))
        version = Version(f"guide:passport:{region}", 3, guide, sample, reviewed_on, SINCE, None)
        return FoundFacet(item, facet, region, guide.facets[facet], version)

    return find


DETAILS = [
    (Facet.ELIGIBILITY, {"conditions": ["中国公民", "年满16岁"]}, ["1. 中国公民", "2. 年满16岁"]),
    (
        Facet.MATERIALS,
        {"list": [{"name": "身份证", "originals": 1, "copies": 2, "when": "首次申领", "note": "核对后退还"}, {"name": "照片"}]},
        ["身份证", "原件1份", "复印件2份", "首次申领", "核对后退还", "2. 照片"],
    ),
    (Facet.MATERIALS, {"list": [{"name": "证明", "necessity": "容缺后补", "source": "社区"}]}, ["容缺后补", "社区"]),
    (
        Facet.PROCESS,
        {"steps": [{"name": "申请", "limit": "当场", "note": "填表"}, {"name": "领证", "channel": "网上"}]},
        ["1. 申请", "窗口", "当场", "填表", "2. 领证", "网上"],
    ),
    (Facet.PLACE, {"cross_region": "全国通办"}, ["全国通办"]),
    (
        Facet.DURATION,
        {"statutory": {"days": 30, "unit": "自然日"}, "promised": {"days": 7, "note": "不含邮寄"}, "stop_clock": ["公示"]},
        ["30自然日", "7工作日", "不含邮寄", "公示"],
    ),
    (Facet.DURATION, {"promised": {"days": 0}}, ["当场办结"]),
    (
        Facet.FEE,
        {"charged": True, "items": [{"name": "工本费", "amount": "120", "unit": "元/本", "reduction": "低保免收"}]},
        ["工本费", "120元/本", "低保免收"],
    ),
    (Facet.RESULT, {"name": "普通护照", "validity": "10年", "delivery": "邮寄"}, ["普通护照", "10年", "邮寄"]),
    (
        Facet.BASIS,
        {"list": [{"law": "《护照法》", "article": "第五条", "document_no": "主席令第50号", "content": "公民申请"}]},
        ["《护照法》第五条", "主席令第50号", "公民申请"],
    ),
    (Facet.CONTACT, {"consult": "12367", "complain": "12345"}, ["12367", "12345"]),
]


@pytest.mark.parametrize(("facet", "body", "expected"), DETAILS)
def test_each_facet_shows_what_it_knows(found, facet, body, expected):
    text = facet_card(found(facet, body)).text
    assert [words for words in expected if words not in text] == []
    assert "《《" not in text


@pytest.mark.parametrize("facet", list(Facet))
def test_a_facet_that_has_only_text_reads_well(found, facet):
    reply = facet_card(found(facet, {}))
    title, text, *rest = reply.text.split("\n")
    assert reply.type == "card"
    assert "办护照" in title
    assert FACET_TITLES[facet] in title
    assert text == "先说总的。"
    assert rest == []


def test_a_region_s_own_words_say_whose_they_are_and_the_province_s_stand_below(found):
    general = found(Facet.PLACE, {"text": "任意窗口。"})
    reply = facet_card(found(Facet.PLACE, {"text": "西安市民中心。"}, "610100"), general)
    assert "西安市" in reply.text.split("\n")[0]
    assert reply.text.index("西安市民中心。") < reply.text.index("任意窗口。")


def test_sample_content_is_marked_and_reviewed_content_is_not(found):
    assert SAMPLE_NOTE in facet_card(found(Facet.FEE, {}, sample=True)).text
    assert SAMPLE_NOTE not in facet_card(found(Facet.FEE, {})).text


def test_the_source_names_item_version_basis_and_review(found):
    basis = {"text": "依法。", "list": [{"law": "护照法", "article": "第五条"}]}
    [source] = facet_card(found(Facet.FEE, {}, reviewed_on=date(2026, 10, 12), basis=basis)).sources
    assert (source.entry, source.version, source.facet) == ("guide:passport:610000", 3, "fee")
    for words in ("普通护照签发", "第3版", "《护照法》第五条", "2026-10-12"):
        assert words in source.title


def test_a_facet_s_own_basis_counts_before_the_guide_s(found):
    basis = {"text": "依法。", "list": [{"law": "护照法"}]}
    [source] = facet_card(found(Facet.FEE, {"basis": "发改价格〔2013〕1494号"}, basis=basis)).sources
    assert "发改价格〔2013〕1494号" in source.title
    assert "护照法" not in source.title


def test_a_source_without_basis_and_review_has_no_empty_parts(found):
    title = facet_card(found(Facet.FEE, {})).sources[0].title
    assert "·  ·" not in title
    assert not title.endswith("· ")
    assert "None" not in title


def test_an_faq_is_a_card_with_its_source():
    faq = Faq("parking", "大厅能停车吗", "能。", facet=Facet.PLACE, basis="大厅公告")
    reply = faq_card(faq, Version("faq:parking", 2, faq, sample=False, reviewed_on=None, valid_from=SINCE, valid_to=None))
    assert reply.text.startswith("大厅能停车吗\n能。")
    [source] = reply.sources
    assert (source.entry, source.version, source.facet) == ("faq:parking", 2, "place")
    assert "大厅公告" in source.title
