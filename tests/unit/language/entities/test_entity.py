from language.entities import Entity, EntityKind, resolve_overlaps


def entity(kind, start, end):
    return Entity(kind, "x" * (end - start), None, start, end)


def test_an_identity_number_beats_a_phone_and_a_phone_an_amount():
    identity, phone, amount = (
        entity(EntityKind.ID_NUMBER, 0, 18),
        entity(EntityKind.PHONE, 4, 15),
        entity(EntityKind.AMOUNT, 14, 17),
    )
    assert resolve_overlaps([amount, phone, identity]) == [identity]
    assert resolve_overlaps([amount, phone]) == [phone]


def test_of_one_kind_the_longer_stays():
    short, long = entity(EntityKind.DATE, 0, 2), entity(EntityKind.DATE, 1, 6)
    assert resolve_overlaps([short, long]) == [long]


def test_neighbours_both_stay_in_order_of_place():
    first, second = entity(EntityKind.REGION, 0, 2), entity(EntityKind.DATE, 2, 4)
    assert resolve_overlaps([second, first]) == [first, second]
    assert resolve_overlaps([]) == []
