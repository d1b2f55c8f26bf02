import pytest

from staff import (
    AuditFilter,
    MemberFilter,
    MemberNotFound,
    MemberRefused,
    Particulars,
    PasswordRefused,
    Role,
    add_member,
    change_member,
    change_password,
    ensure_first_administrator,
    find_rows,
    list_members,
    read_member,
    reset_password,
)  # fmt: skip
from staff.passwords import matches
from tests.staffing import PASSWORD, make_member


@pytest.fixture
def boss(database):
    return make_member(database, "boss", Role.ADMINISTRATOR)


@pytest.fixture
def change(database):
    def change(member, actor, **wanted):
        shape = {"name": member.name, "roles": member.roles, "departments": member.departments, "regions": member.regions}
        with database.session() as session:
            return change_member(session, member.id, Particulars(**{**shape, **wanted}), actor)

    return change


def log(database):
    with database.session() as session:
        return [(row.actor, row.action, row.object, dict(row.detail)) for row in find_rows(session, AuditFilter())]


def test_the_first_administrator_is_made_once(database):
    with database.session() as session:
        login, password = ensure_first_administrator(session)
    assert login == "admin"
    with database.session() as session:
        assert ensure_first_administrator(session) is None
        found = list_members(session, MemberFilter()).members[0].member
    assert found.roles == {Role.ADMINISTRATOR}
    assert found.must_change_password
    assert len(password) >= 15


def test_a_new_account_has_a_first_password_that_must_be_changed(database):
    with database.session() as session:
        password = add_member(session, " Wang.Fang ", " 王  芳 ", {Role.EDITOR}, {" 公安 局 "}, {"610100"}, actor="boss")
        found = list_members(session, MemberFilter()).members[0].member
    assert (found.login, found.name) == ("wang.fang", "王 芳")
    assert found.departments == {"公安 局"}
    assert found.must_change_password
    action = log(database)[0]
    assert action[:3] == ("boss", "member_added", "staff:wang.fang")
    assert password not in str(action)
    assert "芳" not in str(action)


@pytest.mark.parametrize(
    ("login", "name", "roles", "regions", "says"),
    [
        ("ab", "王芳", {Role.EDITOR}, (), "登录名"),
        ("1abc", "王芳", {Role.EDITOR}, (), "登录名"),
        ("王芳王芳", "王芳", {Role.EDITOR}, (), "登录名"),
        ("a b c", "王芳", {Role.EDITOR}, (), "登录名"),
        ("a" * 33, "王芳", {Role.EDITOR}, (), "登录名"),
        ("editor", "王芳", {Role.EDITOR}, (), "已经有人"),
        ("wang", "  ", {Role.EDITOR}, (), "姓名"),
        ("wang", "王" * 41, {Role.EDITOR}, (), "姓名"),
        ("wang", "王芳", (), (), "角色"),
        ("wang", "王芳", {Role.EDITOR}, ("999999",), "999999"),
        ("wang", "王芳", {Role.EDITOR}, ("610100000000",), "行政区划"),
    ],
)
def test_what_an_account_can_not_be_is_refused_in_words(database, editor, login, name, roles, regions, says):
    with database.session() as session, pytest.raises(MemberRefused, match=says):
        add_member(session, login, name, roles, (), regions)


def test_a_change_is_kept_and_told_field_by_field(database, boss, editor, change):
    changed = change(editor, boss, roles=frozenset({Role.REVIEWER}), regions=frozenset({"610100"}), name="新名")
    assert changed.roles == {Role.REVIEWER}
    assert changed.regions == {"610100"}
    assert log(database)[0] == (
        "boss",
        "member_changed",
        "staff:editor",
        {"roles": [["editor"], ["reviewer"]], "regions": [[], ["610100"]], "name": "changed"},
    )


def test_nothing_changed_is_nothing_told(database, boss, editor, change):
    before = log(database)
    change(editor, boss)
    assert log(database) == before


def test_nobody_gives_themselves_a_role_or_locks_themselves_out(boss, change):
    with pytest.raises(MemberRefused):
        change(boss, boss, roles=boss.roles | {Role.REVIEWER})
    with pytest.raises(MemberRefused):
        change(boss, boss, active=False)


def test_the_last_administrator_stays(database, boss, change):
    second = make_member(database, "second", Role.ADMINISTRATOR)
    change(boss, second, active=False)
    with pytest.raises(MemberRefused, match="最后一位"):
        change(second, boss, roles=frozenset({Role.EDITOR}))
    with pytest.raises(MemberRefused, match="最后一位"):
        change(second, boss, active=False)


def test_deactivating_and_activating_are_told(database, boss, editor, change):
    change(editor, boss, active=False)
    assert log(database)[0][1] == "member_deactivated"
    assert change(editor, boss, active=True).active
    assert log(database)[0][1] == "member_activated"


def test_a_reset_gives_a_first_password_again(database, editor):
    with database.session() as session:
        password = reset_password(session, "Editor")
        assert read_member(session, editor.id).must_change_password
        from staff.models import StaffMember

        kept = session.get(StaffMember, editor.id).password_hash
    assert matches(kept, password)
    assert not matches(kept, PASSWORD)
    with database.session() as session, pytest.raises(MemberNotFound):
        reset_password(session, "nobody")


@pytest.mark.parametrize(("new", "says"), [(PASSWORD, "一样"), ("short", "10"), ("editor-and-more", "登录名")])
def test_a_new_password_keeps_the_rules_and_is_new(database, editor, at, new, says):
    with database.session() as session, pytest.raises(PasswordRefused, match=says):
        change_password(session, editor.id, new, at, keep="")


def test_the_list_is_searched_filtered_and_paged(database):
    for number in range(7):
        make_member(database, f"agent{number}", Role.AGENT, password="")
    make_member(database, "bei_bei", Role.EDITOR, Role.AGENT, password="")

    def logins(page=1, size=20, **wanted):
        with database.session() as session:
            found = list_members(session, MemberFilter(**wanted), page=page, size=size)
        return [one.member.login for one in found.members], found.total

    assert logins(role=Role.EDITOR) == (["bei_bei"], 1)
    assert logins(words="_") == (["bei_bei"], 1)
    assert logins(words="%") == ([], 0)
    assert logins(words="agent3 的") == (["agent3"], 1)
    assert logins(active=False) == ([], 0)
    assert logins(page=2, size=3) == (["agent3", "agent4", "agent5"], 8)
    assert logins(page=9, size=3) == ([], 8)
