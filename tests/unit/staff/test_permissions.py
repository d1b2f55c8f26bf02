import pytest

from staff import MATRIX, Member, Permission, Role, may


def member(*roles, **more):
    return Member("1", "wang", "王芳", frozenset(roles), **more)


def test_every_role_and_every_permission_stands_in_the_matrix_with_words():
    assert set(MATRIX) == set(Role)
    assert frozenset().union(*MATRIX.values()) == set(Permission)
    assert all(role.label and role.about for role in Role)
    assert all(permission.label for permission in Permission)


def test_who_writes_does_not_approve_and_who_approves_does_not_write():
    assert Permission.KNOWLEDGE_APPROVE not in MATRIX[Role.EDITOR]
    assert Permission.KNOWLEDGE_EDIT not in MATRIX[Role.REVIEWER]


def test_only_administrators_manage_accounts_and_read_the_log():
    for permission in (Permission.STAFF_MANAGE, Permission.AUDIT_READ):
        assert [role for role in Role if permission in MATRIX[role]] == [Role.ADMINISTRATOR]


def test_an_analyst_changes_nothing():
    assert all(permission.value.endswith(".read") for permission in MATRIX[Role.ANALYST])


def test_roles_add_up():
    both = member(Role.EDITOR, Role.REVIEWER)
    assert may(both, Permission.KNOWLEDGE_EDIT)
    assert may(both, Permission.KNOWLEDGE_APPROVE)
    assert not may(both, Permission.STAFF_MANAGE)


def test_without_a_role_or_when_deactivated_nothing_is_allowed():
    assert not any(may(member(), permission) for permission in Permission)
    gone = member(*Role, active=False)
    assert not any(may(gone, permission) for permission in Permission)


@pytest.mark.parametrize(
    ("regions", "asked", "allowed"),
    [
        ((), "610113", True),
        (("610113",), "610113", True),
        (("610100",), "610113", True),
        (("610000",), "610113", True),
        (("610113",), "610100", False),
        (("610300",), "610113", False),
        (("610113",), None, True),
        (("610100",), "999999", False),
    ],
)
def test_a_region_holds_for_what_lies_in_it(regions, asked, allowed):
    editor = member(Role.EDITOR, regions=frozenset(regions))
    assert may(editor, Permission.KNOWLEDGE_EDIT, region=asked) is allowed


@pytest.mark.parametrize(
    ("departments", "asked", "allowed"),
    [((), "公安", True), (("公安",), "公安", True), (("公安",), "人社", False), (("公安",), None, True)],
)
def test_a_department_holds_for_itself(departments, asked, allowed):
    editor = member(Role.EDITOR, departments=frozenset(departments))
    assert may(editor, Permission.KNOWLEDGE_EDIT, department=asked) is allowed


def test_both_scopes_must_fit():
    editor = member(Role.EDITOR, departments=frozenset({"公安"}), regions=frozenset({"610100"}))
    assert may(editor, Permission.KNOWLEDGE_EDIT, department="公安", region="610113")
    assert not may(editor, Permission.KNOWLEDGE_EDIT, department="公安", region="610300")
    assert not may(editor, Permission.KNOWLEDGE_EDIT, department="人社", region="610113")
