from datetime import timedelta

import pytest

from staff import TooManyAttempts
from staff.throttle import account, address, count_try, forgive, forgive_one, is_blocked, wait_after


def tries(database, counted, at, number):
    for _ in range(number):
        with database.session() as session:
            count_try(session, counted, at)


def test_the_waiting_grows_and_has_an_end():
    assert [wait_after(count, 5) for count in range(3, 12)] == [0, 0, 30, 60, 120, 240, 480, 900, 900]


def test_after_five_tries_the_next_one_waits(database, at):
    tries(database, account("wang"), at, 5)
    with pytest.raises(TooManyAttempts) as caught:
        tries(database, account("wang"), at, 1)
    assert caught.value.wait == 30
    assert "30 秒" in caught.value.message
    tries(database, account("wang"), at + timedelta(seconds=31), 1)
    with pytest.raises(TooManyAttempts, match="59 秒"):
        tries(database, account("wang"), at + timedelta(seconds=32), 1)


def test_tries_while_waiting_do_not_make_it_longer(database, at):
    tries(database, account("wang"), at, 5)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            tries(database, account("wang"), at, 1)
    tries(database, account("wang"), at + timedelta(seconds=31), 1)


def test_accounts_and_addresses_are_counted_apart(database, at):
    tries(database, account("wang"), at, 5)
    tries(database, account("li"), at, 1)
    tries(database, address("10.0.0.1"), at, 29)


def test_an_address_waits_after_thirty(database, at):
    tries(database, address("10.0.0.1"), at, 30)
    with pytest.raises(TooManyAttempts):
        tries(database, address("10.0.0.1"), at, 1)
    tries(database, address("10.0.0.2"), at, 1)


def test_what_was_right_is_forgiven(database, at):
    tries(database, account("wang"), at, 5)
    with database.session() as session:
        assert is_blocked(session, account("wang"), at)
        forgive(session, account("wang"))
        assert not is_blocked(session, account("wang"), at)
    tries(database, account("wang"), at, 4)


def test_one_right_try_from_an_address_does_not_wash_the_others_away(database, at):
    tries(database, address("10.0.0.1"), at, 30)
    with database.session() as session:
        forgive_one(session, address("10.0.0.1"))
    tries(database, address("10.0.0.1"), at, 1)
    with pytest.raises(TooManyAttempts):
        tries(database, address("10.0.0.1"), at, 1)


def test_old_tries_are_forgotten(database, at):
    tries(database, account("wang"), at, 4)
    tries(database, account("wang"), at + timedelta(hours=13), 4)


def test_the_database_does_not_keep_what_was_typed(database, at):
    from sqlalchemy import text

    tries(database, account("my secret password"), at, 1)
    with database.session() as session:
        assert "secret" not in str(session.execute(text("SELECT * FROM staff_attempt")).all())
