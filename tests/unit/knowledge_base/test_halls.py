from knowledge_base import service_halls
from language import RegionLevel, all_regions


def test_every_city_has_its_hall_and_the_way_to_ask():
    assert set(service_halls()) == {region.code for region in all_regions() if region.level is RegionLevel.CITY}
    for code, hall in service_halls().items():
        assert hall.region == code
        assert hall.name
        assert hall.note.endswith("。")
        assert hall.area_code.startswith("0")
