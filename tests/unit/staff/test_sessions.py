from datetime import timedelta

import pytest
from sqlalchemy import text

from staff import Origin, Particulars, change_member, end_session, end_sessions, find_visit, renew_token, sessions_of
from staff.permissions import Role
from staff.sessions import open_session
from tests.staffing import make_member

HERE = Origin("10.0.0.1", "Linux 上的 Firefox")


@pytest.fixture
def enter(database, limits, at):
    def enter(member, moment=at, **more):
        with database.session() as session:
            return open_session(session, member.id, HERE, limits, moment, **{"waits_for_code": False, **more})

    return enter


@pytest.fixture
def who(database, limits):
    def who(token, moment):
        with database.session() as session:
            return find_visit(session, token, limits, moment)

    return who


def test_a_token_leads_to_its_member(enter, who, editor, at):
    token = enter(editor)
    visit = who(token, at)
    assert visit.member == editor
    assert not visit.waits_for_code
    assert who("another", at) is None
    assert who("", at) is None


def test_the_database_does_not_know_the_token(enter, editor, database):
    token = enter(editor)
    with database.session() as session:
        assert token not in str(session.execute(text("SELECT * FROM staff_session")).all())


def test_without_a_sign_of_life_a_session_ends(enter, who, editor, at):
    token = enter(editor)
    assert who(token, at + timedelta(minutes=59))
    assert who(token, at + timedelta(minutes=59 + 59))
    assert who(token, at + timedelta(minutes=59 + 59 + 61)) is None


def test_however_busy_a_session_ends_at_last(enter, who, editor, at):
    token = enter(editor)
    for minutes in range(0, 12 * 60, 30):
        assert who(token, at + timedelta(minutes=minutes))
    assert who(token, at + timedelta(hours=12)) is None


def test_a_deactivated_member_is_out_at_once(enter, who, editor, database, at):
    token = enter(editor)
    administrator = make_member(database, "boss", Role.ADMINISTRATOR)
    with database.session() as session:
        change_member(session, editor.id, Particulars("王芳", editor.roles, active=False), administrator)
    assert who(token, at) is None


def test_a_new_token_replaces_the_old_one(enter, who, editor, database, at):
    token = enter(editor, waits_for_code=True)
    assert who(token, at).waits_for_code
    with database.session() as session:
        new = renew_token(session, who(token, at).session)
    assert who(token, at) is None
    assert not who(new, at).waits_for_code


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_one(enter, who, editor, database, limits, at):
    first, second, third = (enter(editor, at + timedelta(minutes=n)) for n in range(3))
    later = at + timedelta(minutes=5)
    with database.session() as session:
        listed = sessions_of(session, editor.id, limits, later)
        assert [one.created_at for one in listed] == [at + timedelta(minutes=n) for n in (2, 1, 0)]
        assert {(one.address, one.browser) for one in listed} == {("10.0.0.1", "Linux 上的 Firefox")}
        assert end_session(session, editor.id, listed[0].id)
        assert not end_session(session, editor.id, listed[0].id)
    assert who(third, later) is None
    with database.session() as session:
        assert end_sessions(session, editor.id, but=who(second, later).session) == 1
    assert who(first, later) is None
    assert who(second, later)


def test_nobody_ends_a_session_of_somebody_else_by_its_number(enter, who, editor, database, at):
    token = enter(editor)
    stranger = make_member(database, "stranger")
    with database.session() as session:
        assert not end_session(session, stranger.id, who(token, at).session)
    assert who(token, at)


def test_expired_sessions_are_cleared_away_and_not_listed(enter, editor, database, limits, at):
    enter(editor)
    later = at + timedelta(hours=2)
    with database.session() as session:
        assert sessions_of(session, editor.id, limits, later) == []
    enter(editor, later)
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM staff_session")) == 1
