import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import EntryInvalid
from knowledge_base.content import FACET_TYPES, Faq, Guide, Item, Materials, plain, read, read_facets, read_guide
from qinwen.vocabulary import FACET_TITLES, Facet

ITEM = {
    "code": "passport", "name": "普通护照签发", "everyday_name": "办护照", "department": "公安", "case_lookup": True,
    "type": "行政许可", "handling": "承诺件", "served": ["自然人"], "authority_level": "县级", "topic": "证件",
    "venue": "exit_entry",
}  # fmt: skip


def test_an_item_is_read_and_written_back():
    item = read(Item, {**ITEM, "aliases": ["护照"], "visits": {"count": 1, "why": "照相"}}, "passport.yml")
    assert item.aliases == ("护照",)
    assert read(Item, plain(item), "again") == item


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"served": "自然人"}, "served"),
        ({"aliases": [1.5]}, "aliases"),
        ({"visits": {"why": "照相"}}, "count"),
        ({"colour": "red"}, "colour"),
        ({"case_lookup": "perhaps"}, "case_lookup"),
    ],
)
def test_a_wrong_field_is_named_with_the_file(change, field):
    with pytest.raises(EntryInvalid) as caught:
        read(Item, {**ITEM, **change}, "passport.yml")
    assert field in caught.value.message
    assert "passport.yml" in caught.value.message


def test_a_missing_field_is_named():
    with pytest.raises(EntryInvalid, match="venue"):
        read(Item, {name: value for name, value in ITEM.items() if name != "venue"}, "passport.yml")


def test_each_facet_is_read_by_its_own_class():
    facets = read_facets({facet.value: {"text": "说明。"} for facet in Facet}, "x")
    assert {facet: type(content) for facet, content in facets.items()} == FACET_TYPES
    assert set(FACET_TITLES) == set(FACET_TYPES) == set(Facet)


@pytest.mark.parametrize(
    ("facets", "named"),
    [
        ({"price": {"text": "120"}}, "price"),
        ({"fee": {"text": " \n"}}, "fee"),
        ({"fee": {"items": []}}, "fee"),
        ({"fee": {"text": "免费", "steps": []}}, "steps"),
        ({"materials": {"text": "带证", "list": [{"kind": "证照"}]}}, "name"),
        ({"materials": {"text": "带证", "list": [{"name": "户口簿", "kind": "宠物"}]}}, "kind"),
        ({"duration": {"text": "快", "statutory": {"days": "三"}}}, "days"),
        ({"duration": {"text": "快", "promised": {"days": 3, "unit": "世纪"}}}, "unit"),
    ],
)
def test_a_wrong_facet_is_named_with_its_field(facets, named):
    with pytest.raises(EntryInvalid) as caught:
        read_facets(facets, "passport.yml")
    assert named in caught.value.message
    assert "passport.yml" in caught.value.message


def test_a_guide_comes_back_as_it_went_with_its_facet_classes(make):
    guide = make.guide(
        "passport",
        "610000",
        materials={"text": "带证。", "list": [{"name": "身份证", "originals": 1, "when": "首次"}]},
        duration={"text": "快。", "promised": {"days": 7}},
        basis={"text": "依法。", "list": [{"law": "护照法", "article": "第五条"}]},
    )
    again = read_guide(plain(guide), "again")
    assert again == guide
    assert isinstance(again.facets[Facet.MATERIALS], Materials)


words = st.text(st.characters(codec="utf-8"), max_size=12)
faqs = st.builds(
    Faq, id=words, question=words, answer=words, item=st.none() | words, facet=st.none() | st.sampled_from(list(Facet)),
    similar=st.lists(words, max_size=3).map(tuple), basis=words,
)  # fmt: skip


@given(faqs)
def test_every_faq_comes_back_from_plain_data(faq):
    assert read(Faq, plain(faq), "faq") == faq


def test_content_cannot_be_changed():
    guide = Guide("passport", "610000", {})
    with pytest.raises(AttributeError):
        guide.region = "610100"
