"""The sample content is complete and says nothing that we could not know (design §9)."""

import re

import pytest

from knowledge_base.content import plain
from knowledge_base.glossary import load_glossary
from knowledge_base.seeding import FOLDER, read_general_faqs, read_seeds
from language import name_of
from qinwen.vocabulary import Facet

LEAST_ALIASES, LEAST_FAQS = 8, 250
CITIES = {f"61{number:02}00" for number in range(1, 11)}
# National hotlines. 12123 and 12306 are how people call the traffic police's and the railway's apps.
HOTLINES = {"12345", "12333", "12393", "12329", "12366", "12367", "12356", "110", "119", "120", "122", "12123", "12306"}
CODES = [
    "archive-transfer",
    "birth-certificate",
    "business-change",
    "business-setup",
    "childbirth-register",
    "disability-cert",
    "disability-subsidy",
    "driver-licence",
    "elder-subsidy",
    "flexible-insured",
    "food-licence",
    "fund-loan",
    "fund-transfer",
    "fund-withdraw",
    "funeral",
    "hk-macau-permit",
    "house-contract",
    "hukou-birth",
    "hukou-book",
    "hukou-death",
    "hukou-family",
    "hukou-job",
    "hukou-spouse",
    "hukou-student",
    "hukou-talent",
    "idcard-renew",
    "idcard-temp",
    "insurance-tax",
    "labour-dispute",
    "low-income",
    "marriage",
    "maternity-benefit",
    "medical-chronic",
    "medical-evoucher",
    "medical-reimburse",
    "medical-remote",
    "medical-resident",
    "medical-transfer",
    "name-change",
    "no-crime-cert",
    "orphan-aid",
    "passport",
    "pension-transfer",
    "pension-verify",
    "property-query",
    "property-register",
    "public-housing",
    "residence-permit",
    "resident-pension",
    "retirement",
    "school-enrol",
    "school-transfer",
    "skill-subsidy",
    "social-card",
    "startup-loan",
    "student-aid",
    "taiwan-permit",
    "tax-invoice",
    "teacher-cert",
    "temporary-aid",
    "traffic-violation",
    "unemployment-benefit",
    "unemployment-register",
    "vaccination",
    "vehicle-inspection",
    "vehicle-register",
    "veteran",
    "work-injury",
]


@pytest.fixture(scope="module")
def seeds():
    return {seed.item.code: seed for seed in read_seeds()}


@pytest.fixture(scope="module")
def faqs(seeds):
    return [*(faq for seed in seeds.values() for faq in seed.faqs), *read_general_faqs()]


@pytest.fixture(scope="module")
def texts():
    return {path.name: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yml")}


def test_all_68_items_are_there_and_no_other(seeds):
    assert len(CODES) == 68
    assert sorted(seeds) == sorted(CODES)


def test_a_file_is_named_after_its_item(seeds):
    assert {path.stem for path in (FOLDER / "guides").glob("*.yml")} == set(seeds)


def test_every_item_has_names_enough_and_a_short_everyday_one(seeds):
    assert {code: len(set(s.item.aliases)) for code, s in seeds.items() if len(set(s.item.aliases)) < LEAST_ALIASES} == {}
    assert [code for code, seed in seeds.items() if not 2 <= len(seed.item.everyday_name) <= 8] == []
    assert len({seed.item.everyday_name for seed in seeds.values()}) == len(seeds)


def test_every_facet_of_every_item_is_filled_and_asked_for(seeds):
    for code, seed in seeds.items():
        province = next(guide for guide in seed.guides if guide.region == "610000")
        assert set(province.facets) == set(Facet), code
        for facet, content in province.facets.items():
            assert len(content.text.strip()) >= 6, (code, facet)
            assert content.asked, (code, facet)


def test_every_item_has_the_ten_cities_own_words_for_place_hours_and_contact(seeds):
    for code, seed in seeds.items():
        regional = {guide.region: guide for guide in seed.guides if guide.region != "610000"}
        assert set(regional) >= CITIES, code
        for region in CITIES:
            assert {Facet.PLACE, Facet.HOURS, Facet.CONTACT} <= set(regional[region].facets), (code, region)


def test_every_region_exists(seeds):
    assert [(c, g.region) for c, s in seeds.items() for g in s.guides if name_of(g.region) is None] == []


def test_every_item_has_a_basis_and_is_to_be_reviewed(seeds):
    for code, seed in seeds.items():
        province = next(guide for guide in seed.guides if guide.region == "610000")
        assert province.facets[Facet.BASIS].list, code
        assert seed.review.reviewed_on < seed.review.review_due_on, code


def test_related_items_exist_and_none_is_related_to_itself(seeds):
    for code, seed in seeds.items():
        assert set(seed.item.related) <= set(seeds) - {code}, code


def test_there_are_faqs_enough_each_with_its_own_id_and_similar_questions(faqs):
    assert len(faqs) >= LEAST_FAQS
    assert len({faq.id for faq in faqs}) == len(faqs)
    assert [faq.id for faq in faqs if not faq.similar or not faq.question.strip() or not faq.answer.strip()] == []


NUMBERS = (
    r"(?<!\d)1[3-9]\d{9}(?!\d)",
    r"(?<!\d)0\d{2,3}[-— ]\d{5,8}(?!\d)",
    r"(?<!\d)0\d{9,11}(?!\d)",
    r"(?<!\d)[48]00[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)",
    r"(?<!\d)[2-8]\d{7}(?!\d)",
    r"(?<!\d)(?:12\d{3}|9[56]\d{3,4})(?![\d元])",
    r"(?<=[打拨])(?:电话|热线)?\d{3,}",
)


def phone_numbers(text):
    found = [re.sub(r"\D*(?:0\d{2,3}[-— ])?", "", number, count=1) for rule in NUMBERS for number in re.findall(rule, text)]
    return [number for number in found if number not in HOTLINES]


@pytest.mark.parametrize(
    "text", ["打029-87654321", "13812345678", "02987654321", "400-800-1234", "拨96777", "打12388", "请打电话555", "87654321"]
)
def test_a_phone_number_would_be_noticed(text):
    assert phone_numbers(text)


@pytest.mark.parametrize("text", ["打12345", "029-12345", "报110", "12000元", "2026-10-12", "每本120元", "交管12123"])
def test_a_hotline_or_an_amount_is_no_phone_number(text):
    assert not phone_numbers(text)


def test_no_phone_number_but_the_national_hotlines(texts):
    assert {name: phone_numbers(text) for name, text in texts.items() if phone_numbers(text)} == {}


def test_no_address_on_the_net(texts):
    pattern = re.compile(r"https?:|www\.|\.(?:com|cn|net|org)\b", re.IGNORECASE)
    assert [name for name, text in texts.items() if pattern.search(text)] == []


def test_no_placeholder_is_left_in_the_cities_texts(seeds):
    for code, seed in seeds.items():
        for guide in seed.guides:
            assert not re.search(r"[{}]|None", "".join(c.text for c in guide.facets.values())), (code, guide.region)


def test_content_survives_being_stored(seeds):
    assert all(plain(guide)["facets"] for seed in seeds.values() for guide in seed.guides)


def test_office_terms_have_a_plain_meaning():
    glossary = load_glossary()
    assert len(glossary) >= 20
    assert all(term != meaning and meaning for term, meaning in glossary.items())
