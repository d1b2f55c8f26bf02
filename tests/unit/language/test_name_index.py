from language.name_index import NameIndex


def test_the_longest_name_at_a_place_comes_first():
    index = NameIndex({"身份证": 1, "身份证明": 2, "": 3, "户口": 4})
    assert [(match.name, match.value) for match in index.matches_at("开身份证明", 1)] == [
        ("身份证明", 2),
        ("身份证", 1),
    ]
    assert list(index.matches_at("开身份证明", 0)) == []
