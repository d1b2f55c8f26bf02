from datetime import timedelta

import pyotp
import pytest

from staff import (
    AuditFilter,
    Origin,
    Particulars,
    SignInRefused,
    TooManyAttempts,
    change_member,
    check_own_password,
    find_rows,
    find_visit,
    give_code,
    offer,
    sign_in,
    turn_on,
)  # fmt: skip
from staff.permissions import Role
from tests.staffing import PASSWORD, make_member

HERE = Origin("10.0.0.1", "Linux 上的 Firefox")


@pytest.fixture
def enter(database, limits, at):
    def enter(login="editor", password=PASSWORD, moment=at, origin=HERE):
        return sign_in(database, login, password, origin, limits, moment)

    return enter


@pytest.fixture
def actions(database):
    def actions():
        with database.session() as session:
            return [(row.actor, row.action, row.object) for row in find_rows(session, AuditFilter())]

    return actions


def test_the_right_password_opens_a_session(enter, editor, database, limits, at, actions):
    signed = enter(" Editor ")
    assert not signed.waits_for_code
    with database.session() as session:
        assert find_visit(session, signed.token, limits, at).member.login == "editor"
    assert actions()[0] == ("editor", "signed_in", "staff:editor")


def test_a_wrong_password_an_unknown_name_and_a_closed_account_read_the_same(enter, editor, database, actions):
    closed = make_member(database, "closed")
    administrator = make_member(database, "boss", Role.ADMINISTRATOR)
    with database.session() as session:
        change_member(session, closed.id, Particulars("已走", closed.roles, active=False), administrator)
    words = set()
    for login, password in (("editor", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD), ("", "")):
        with pytest.raises(SignInRefused) as caught:
            enter(login, password)
        words.add(caught.value.message)
    assert len(words) == 1
    assert actions()[:4] == [
        ("", "sign_in_failed", "staff:"),
        ("", "sign_in_failed", "staff:closed"),
        ("", "sign_in_failed", "staff:"),
        ("", "sign_in_failed", "staff:editor"),
    ]


@pytest.mark.parametrize("login", ["editor", "nobody"])
def test_guessing_is_slowed_down_whether_the_account_exists_or_not(enter, editor, at, login):
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter(login, "wrong")
    with pytest.raises(TooManyAttempts, match="30 秒"):
        enter(login, "wrong")
    with pytest.raises(TooManyAttempts):
        enter(login, PASSWORD)


def test_after_the_waiting_the_right_password_opens_and_forgets_the_tries(enter, editor, at):
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter(password="wrong")
    later = at + timedelta(seconds=31)
    assert enter(moment=later)
    for _ in range(4):
        with pytest.raises(SignInRefused):
            enter(password="wrong", moment=later)


def test_one_address_can_not_try_every_account(enter, editor):
    for number in range(30):
        with pytest.raises(SignInRefused):
            enter(f"name{number}", "wrong")
    with pytest.raises(TooManyAttempts):
        enter("name99", "wrong")
    assert enter(origin=Origin("10.0.0.2", "x"))


def test_an_office_behind_one_address_signs_in_all_day(enter, editor):
    for _ in range(40):
        enter()


def test_the_present_password_can_not_be_guessed_from_an_open_session(database, editor, at):
    check_own_password(database, editor.id, PASSWORD, at)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            check_own_password(database, editor.id, "wrong", at)
    with pytest.raises(TooManyAttempts):
        check_own_password(database, editor.id, PASSWORD, at)


class TestSecondFactor:
    @pytest.fixture
    def phone(self, database, editor, box, at):
        with database.session() as session:
            secret = pyotp.parse_uri(offer(session, editor.id, box)).secret
        phone = pyotp.TOTP(secret)
        with database.session() as session:
            self.recovery = turn_on(session, editor.id, phone.at(at - timedelta(minutes=5)), box, at - timedelta(minutes=5))
        return phone

    @pytest.fixture
    def visit(self, enter, phone, database, limits, at):
        def visit(moment=at):
            signed = enter(moment=moment)
            assert signed.waits_for_code
            with database.session() as session:
                return find_visit(session, signed.token, limits, moment)

        return visit

    def test_the_code_of_the_phone_opens_with_a_new_token(self, visit, phone, database, box, limits, at, actions):
        token = give_code(database, visit(), phone.at(at), box, at)
        with database.session() as session:
            assert not find_visit(session, token, limits, at).waits_for_code
        assert actions()[0] == ("editor", "signed_in", "staff:editor")

    def test_a_code_works_once(self, visit, phone, database, box, at):
        give_code(database, visit(), phone.at(at), box, at)
        with pytest.raises(SignInRefused):
            give_code(database, visit(), phone.at(at), box, at)

    @pytest.mark.parametrize(("seconds", "good"), [(-30, True), (30, True), (-90, False), (90, False)])
    def test_a_clock_may_be_a_little_wrong(self, visit, phone, database, box, at, seconds, good):
        code = phone.at(at + timedelta(seconds=seconds))
        if good:
            assert give_code(database, visit(), code, box, at)
        else:
            with pytest.raises(SignInRefused):
                give_code(database, visit(), code, box, at)

    def test_a_recovery_code_works_once_however_it_is_written(self, visit, database, box, at):
        code = self.recovery[0].upper().replace("-", " ")
        assert give_code(database, visit(), code, box, at)
        with pytest.raises(SignInRefused):
            give_code(database, visit(), code, box, at)
        assert give_code(database, visit(), self.recovery[1], box, at)

    def test_codes_can_not_be_guessed(self, visit, phone, database, box, at):
        waiting = visit()
        for guess in ("000000", "111111", "", "六个中文数字", "999999"):
            with pytest.raises(SignInRefused):
                give_code(database, waiting, guess, box, at)
        with pytest.raises(TooManyAttempts):
            give_code(database, waiting, phone.at(at), box, at)

    def test_with_another_key_the_phone_does_not_help_and_a_recovery_code_does(self, visit, phone, database, at):
        from staff import SecretBox

        with pytest.raises(SignInRefused):
            give_code(database, visit(), phone.at(at), SecretBox("another"), at)
        assert give_code(database, visit(), self.recovery[2], SecretBox("another"), at)

    def test_the_database_holds_neither_secret_nor_codes(self, phone, database):
        from sqlalchemy import text

        with database.session() as session:
            kept = str(session.execute(text("SELECT * FROM staff_member")).all())
            kept += str(session.execute(text("SELECT * FROM staff_recovery_code")).all())
        assert phone.secret not in kept
        assert not any(code in kept for code in self.recovery)
