from language.entities import EntityKind
from language.entities.places import find_places


def test_a_region_is_an_entity_with_its_code():
    (found,) = find_places("在西安市雁塔区办")
    assert (found.kind, found.text, found.value, found.start, found.end) == (
        EntityKind.REGION,
        "西安市雁塔区",
        "610113",
        1,
        7,
    )
