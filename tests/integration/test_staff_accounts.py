"""The administrator's pages: accounts from the first one on, the audit log, and markup that stays words."""

import csv
import io

import pytest

from staff import AuditFilter, MemberFilter, Role, find_rows, list_members, record
from tests.staffing import PASSWORD, Browser, hash_quickly, make_member
from web.staff import make_staff_app

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
async def boss(staff, ledger_database):
    make_member(ledger_database, "boss", Role.ADMINISTRATOR)
    browser = Browser(staff)
    await browser.sign_in("boss")
    return browser


@pytest.fixture
def editor(ledger_database):
    return make_member(ledger_database, "editor", Role.EDITOR)


@pytest.fixture
async def elsewhere(aiohttp_client, settings, ledger_database):
    return Browser(await aiohttp_client(make_staff_app(settings, ledger_database)))


def find(database, login):
    with database.session() as session:
        return next(one.member for one in list_members(session, MemberFilter(words=login)).members if one.member.login == login)


async def test_an_account_is_made_and_its_password_shown_once(boss, elsewhere, ledger_database):
    answer = await boss.send(
        "/staff/new",
        login="Wang.Fang",
        name="王芳",
        role=["editor", "agent"],
        region=["610100"],
        new_departments="公安\n\n人社",
    )
    assert answer.status == 200
    password = boss.text.split('id="first-password">')[1].split("<")[0]
    found = find(ledger_database, "wang.fang")
    assert found.roles == {Role.EDITOR, Role.AGENT}
    assert found.departments == {"公安", "人社"}
    assert found.regions == {"610100"}
    await boss.get(f"/staff/{found.id}")
    assert password not in boss.text
    assert (await elsewhere.sign_in("wang.fang", password)).status == 303


async def test_what_is_wrong_with_a_new_account_is_said_and_the_form_keeps_what_was_filled_in(boss):
    answer = await boss.send("/staff/new", login="x", name="王芳", role=["editor"], region=["610113"])
    assert answer.status == 422
    assert "登录名要 3 到 32 位" in boss.text
    assert 'value="王芳"' in boss.text
    assert 'value="editor" id="role-editor" checked' in boss.text
    assert 'value="610113" id="region-610113" checked' in boss.text


@pytest.mark.parametrize("fields", [{"role": ["king"]}, {"role": []}, {"role": ["editor"], "region": ["' OR 1"]}])
async def test_made_up_roles_and_regions_are_refused(boss, fields):
    assert (await boss.send("/staff/new", login="wang", name="王芳", **fields)).status == 422


async def test_an_account_is_changed_and_deactivated(boss, editor, elsewhere, ledger_database):
    await elsewhere.sign_in("editor")
    await boss.send(f"/staff/{editor.id}", name="新名", role=["editor", "reviewer"], active="yes")
    assert find(ledger_database, "editor").roles == {Role.EDITOR, Role.REVIEWER}
    assert (await elsewhere.get("/")).status == 200
    await boss.send(f"/staff/{editor.id}", name="新名", role=["editor"])
    assert not find(ledger_database, "editor").active
    assert (await elsewhere.get("/")).status == 303
    assert (await elsewhere.sign_in("editor")).status == 422


async def test_a_reset_password_replaces_the_old_one_and_ends_the_waiting(boss, editor, elsewhere):
    for _ in range(6):
        await elsewhere.sign_in("editor", "wrong")
    await boss.get(f"/staff/{editor.id}")
    assert "暂时锁定" in boss.text
    await boss.send(f"/staff/{editor.id}/password")
    password = boss.text.split('id="first-password">')[1].split("<")[0]
    assert (await elsewhere.sign_in("editor", PASSWORD)).status == 422
    assert (await elsewhere.sign_in("editor", password)).status == 303


async def test_the_waiting_can_be_ended(boss, editor, elsewhere):
    for _ in range(6):
        await elsewhere.sign_in("editor", "wrong")
    await boss.send(f"/staff/{editor.id}/unlock")
    assert (await elsewhere.sign_in("editor")).status == 303


async def test_an_administrator_ends_somebody_s_sessions(boss, editor, elsewhere):
    await elsewhere.sign_in("editor")
    await boss.get(f"/staff/{editor.id}")
    place = boss.text.split(f'action="/staff/{editor.id}/sessions/')[2].split('"')[0]
    await boss.send(f"/staff/{editor.id}/sessions/{place}")
    assert (await elsewhere.get("/")).status == 303
    await elsewhere.sign_in("editor")
    await boss.send(f"/staff/{editor.id}/sessions/end")
    assert (await elsewhere.get("/")).status == 303


async def test_nobody_resets_their_own_password_or_takes_their_own_role(boss, ledger_database):
    own = find(ledger_database, "boss")
    assert (await boss.send(f"/staff/{own.id}/password")).status == 422
    await boss.send(f"/staff/{own.id}", name="我", role=["editor"])
    assert find(ledger_database, "boss").roles == {Role.ADMINISTRATOR}
    assert find(ledger_database, "boss").active


async def test_the_list_is_searched_and_paged(boss, ledger_database):
    for number in range(25):
        make_member(ledger_database, f"agent{number:02}", Role.AGENT, password="")
    await boss.get("/staff")
    assert "共 26 个账号" in boss.text
    assert "第 1 页，共 2 页" in boss.text
    await boss.get("/staff?page=2&q=agent&role=agent&state=active")
    assert "agent24" in boss.text
    assert "agent03" not in boss.text
    await boss.get("/staff?q=nobody")
    assert "没有符合条件的账号" in boss.text
    for odd in ("page=-1", "page=x", "page=99999999999", "role=king", "state=%00"):
        assert (await boss.get(f"/staff?{odd}")).status == 200


async def test_markup_stays_words_on_every_page(boss, ledger_database):
    await boss.send("/staff/new", login="wang", name=MARKUP, role=["editor"], new_departments=MARKUP)
    member = find(ledger_database, "wang")
    with ledger_database.session() as session:
        record(session, MARKUP[:32], MARKUP, f"x:{MARKUP}", {MARKUP: MARKUP})
    query = "%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"
    for path in ("/staff", "/staff/new", f"/staff/{member.id}", "/audit", f"/staff?q={query}&state={query}", f"/audit?actor={query}",
                 f"/audit?object={query}&since={query}", f"/login?next={query}", f"/{query}"):  # fmt: skip
        await boss.get(path)
        assert "<img src=x" not in boss.text, path


async def test_the_log_is_shown_filtered_and_paged(boss, ledger_database):
    with ledger_database.session() as session:
        for number in range(60):
            record(session, "editor", "entry_published", f"entry:faq:{number}")
    await boss.get("/audit?actor=editor")
    assert "entry:faq:59" in boss.text
    assert "entry:faq:9<" not in boss.text
    older = boss.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    await boss.get(older)
    assert "entry:faq:9<" in boss.text
    assert "回到最新" in boss.text
    await boss.get("/audit?since=2000-01-01&until=2000-01-02")
    assert "没有符合条件的记录" in boss.text
    for odd in ("since=yesterday", "below=x", "below=-1", "until=9999-12-31", "since=0001-01-01"):
        assert (await boss.get(f"/audit?{odd}")).status == 200, odd


async def test_the_log_is_taken_away_as_a_file_that_runs_nothing(boss, ledger_database):
    with ledger_database.session() as session:
        record(session, "=1+1", "entry_published", "@SUM(A1)", {"n": 1})
    token = boss.token
    answer = await boss.client.post("/audit/export", data={"csrf_token": token, "action": "entry_published"})
    assert answer.content_type == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert rows[0][0] == "编号"
    assert len(rows) == 2
    assert rows[1][2] == "'=1+1"
    assert rows[1][4] == "'@SUM(A1)"
    with ledger_database.session() as session:
        assert find_rows(session, AuditFilter())[0].action == "audit_exported"


async def test_checking_the_log_names_a_changed_row(boss, ledger_database):
    from sqlalchemy import text

    await boss.send("/audit/verify")
    assert "条条接得上" in boss.text
    with ledger_database.session() as session:
        session.execute(text("UPDATE audit_entry SET actor = 'somebody' WHERE number = 2"))
    await boss.send("/audit/verify")
    assert "第 2 条的内容被改过" in boss.text


async def test_a_database_that_is_gone_is_said_in_words(boss, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def gone(*_, **__):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("web.console.members.list_members", gone)
    assert (await boss.get("/staff")).status == 503
    assert "数据库暂时用不了" in boss.text
