import pytest

from staff import PasswordRefused
from staff.passwords import check_rules, first_password, hash_password, is_outdated, matches


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short-1", "10"),
        ("x1" * 70, "128"),
        ("abababababab", "5"),
        ("31415926535897", "数字"),
        ("１２３４５６７８９０１", "数字"),
        ("my-wang.fang-2026", "登录名"),
        ("My-WANG.FANG-2026", "登录名"),
        ("qwertyuiop", "常见"),
        ("Password@2026", "常见"),
        ("ｐａｓｓｗｏｒｄ＠２０２６", "常见"),
        ("P@ssw0rd123", "常见"),
        ("shaanxi!2026", "常见"),
    ],
)
def test_a_weak_password_is_refused_and_the_sentence_says_why(password, says):
    with pytest.raises(PasswordRefused, match=says) as caught:
        check_rules(password, "wang.fang")
    assert caught.value.message.endswith("。")
    assert password not in caught.value.message


@pytest.mark.parametrize("password", ["plum-rain-on-2-roofs", "青山绿水常在人间好时节", "correct horse battery"])
def test_a_long_unlikely_one_is_taken(password):
    check_rules(password, "wang.fang")


def test_first_passwords_differ_and_keep_the_rules():
    made = {first_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_rules(password, "admin")


def test_a_hash_fits_its_password_alone_and_does_not_carry_it():
    kept = hash_password("plum-rain-on-2-roofs")
    assert kept.startswith("$argon2id$")
    assert "plum" not in kept
    assert kept != hash_password("plum-rain-on-2-roofs")
    assert matches(kept, "plum-rain-on-2-roofs")
    assert not matches(kept, "plum-rain-on-3-roofs")


def test_full_width_letters_of_an_input_method_are_the_same_password():
    assert matches(hash_password("Plum-rain-2-roofs"), "Ｐlum-rain-２-roofs")


def test_without_an_account_nothing_fits_and_a_hash_is_still_checked(monkeypatch):
    checked = []

    class Watching:
        def hash(self, password):
            return "$argon2id$nobody"

        def verify(self, kept, password):
            checked.append(kept)
            return True

    monkeypatch.setattr("staff.passwords._hasher", Watching())
    from staff.passwords import _nobody

    _nobody.cache_clear()
    assert matches(None, "anything") is False
    assert checked == ["$argon2id$nobody"]
    _nobody.cache_clear()


def test_hashes_with_weaker_parameters_are_known_as_outdated(monkeypatch):
    from argon2 import PasswordHasher

    kept = hash_password("plum-rain-on-2-roofs")
    assert not is_outdated(kept)
    monkeypatch.setattr("staff.passwords._hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert is_outdated(kept)
    assert matches(kept, "plum-rain-on-2-roofs")


def test_the_shipped_hashing_costs_what_is_recommended():
    from argon2 import PasswordHasher

    assert PasswordHasher().memory_cost >= 19 * 1024
