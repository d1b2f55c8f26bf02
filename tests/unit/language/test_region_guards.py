import pytest

from language.region_guards import GuardBook, read_guards


def book(**guard):
    lists = dict.fromkeys(("never_before", "place_words_before", "place_words_after", "office_words_after"), ())
    return read_guards(
        {
            **lists,
            "never_before": ["路"],
            "place_words_before": ["在"],
            "office_words_after": ["局"],
            "guards": {"甲乙": guard},
        }
    )


def allows(guards, text, *, follows_parent=False):
    return guards.allows("甲乙", text, text.index("甲乙"), follows_parent=follows_parent)


def test_a_name_without_a_guard_is_a_place_unless_a_street_word_follows():
    guards = GuardBook({}, ("路",), (), (), ())
    assert allows(guards, "去甲乙吧")
    assert not allows(guards, "去甲乙路")


def test_words_beside_the_name_rule_it_out_even_after_its_parent():
    guards = book(unless_after=["祝"], unless_before=["杯"])
    assert allows(guards, "甲乙")
    assert not allows(guards, "祝甲乙", follows_parent=True)
    assert not allows(guards, "甲乙杯")


def test_near_place_needs_a_neighbour_a_parent_or_to_be_all():
    guards = book(near="place")
    assert not allows(guards, "把甲乙了")
    assert allows(guards, "在甲乙了")
    assert allows(guards, "甲乙局")
    assert allows(guards, "把甲乙了", follows_parent=True)
    assert allows(guards, "甲乙")


def test_near_office_is_not_content_with_a_word_before():
    guards = book(near="office")
    assert not allows(guards, "在甲乙了")
    assert allows(guards, "甲乙局")


def test_a_guard_with_an_unknown_key_or_nearness_is_refused():
    with pytest.raises(TypeError):
        book(unles_after=["祝"])
    with pytest.raises(ValueError, match="anywhere"):
        book(near="anywhere")
