"""Every route of the staff port, tried by nobody and by every role: the decision of each is kept."""

import pytest

from staff import MATRIX, Permission, Role
from tests.staffing import Browser, hash_quickly, make_member
from web.console.modules import CHANGING, DECISIONS, KNOWN, OPEN, SIGNED_IN, Route

# What stands for a part of a path. A new kind of page names its own here if a made-up one won't do.
PARTS = {"member": "0" * 32, "session": "0" * 32, "delivery": "1", "entry": "faq:nothing", "kind": "banner", "control": "1",
         "conversation": "0" * 24, "message": "1", "datum": "1", "desk": "nowhere", "agent": "nobody",
         "handling": "nothing", "rating": "1", "review": "1", "macro": "1", "answer": "0000", "item": "1"}  # fmt: skip
CASES = [*Role, None]
PARTS |= {"batch": "1", "file": "faq.xlsx", "gap": "1"}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def routes(staff) -> list[tuple[str, str, Route]]:
    def place(path):
        for name, part in PARTS.items():
            path = path.replace(f"{{{name}}}", part)
        assert "{" not in path, f"give PARTS a value for {path}"
        return path

    decisions = staff.app[DECISIONS].items()
    # Signing out ends the walk, so it comes last.
    order = sorted(decisions, key=lambda item: (item[0][1] == "/logout", item[0]))
    return [(method, place(path), route) for (method, path), route in order if path != "/static"]


async def ask(browser, method, path, **fields):
    if method == "POST":
        return await browser.send(path, **fields)
    return await browser.client.request(method, path, allow_redirects=False)


def leads_to_sign_in(answer):
    return answer.status == 303 and answer.headers["Location"].startswith("/login")


async def test_nobody_comes_in_without_signing_in(staff, routes):
    browser = Browser(staff)
    for method, path, route in routes:
        await browser.get("/login")
        answer = await ask(browser, method, path)
        if route.access == OPEN:
            assert answer.status in {200, 422}, (method, path)
        else:
            assert leads_to_sign_in(answer), (method, path, answer.status)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
async def test_a_role_comes_where_the_matrix_says_and_nowhere_else(staff, routes, ledger_database, role):
    make_member(ledger_database, "walker", role)
    browser = Browser(staff)
    await browser.sign_in("walker")
    refused = 0
    for method, path, route in routes:
        needed = route.access.permission
        answer = await ask(browser, method, path)
        assert not leads_to_sign_in(answer) or route.access in {OPEN, KNOWN}, (method, path)
        if needed is not None and needed not in MATRIX[role]:
            refused += 1
            assert answer.status == 403, (method, path)
        else:
            assert answer.status in {200, 303, 404, 409, 422}, (method, path, answer.status)
    assert refused or role is Role.ADMINISTRATOR


async def test_who_must_change_the_first_password_gets_no_further(staff, routes, ledger_database):
    from staff import add_member

    with ledger_database.session() as session:
        password = add_member(session, "fresh", "新人", set(Role))
    browser = Browser(staff)
    await browser.sign_in("fresh", password)
    for method, path, route in routes:
        if route.access not in {OPEN, KNOWN, CHANGING}:
            answer = await ask(browser, method, path)
            assert (answer.status, answer.headers.get("Location")) == (303, "/account/password"), (method, path)


async def test_a_change_without_the_form_token_is_refused(staff, routes, ledger_database):
    make_member(ledger_database, "walker", *Role)
    browser = Browser(staff)
    await browser.sign_in("walker")
    tried = 0
    for method, path, _ in routes:
        if method == "POST":
            for token in ("", "0" * 64, "你好"):
                answer = await browser.send(path, token=token)
                assert answer.status == 403, path
                assert "页面过期了" in browser.text
                tried += 1
    assert tried > 30


async def test_a_strangers_form_token_is_worth_nothing_to_who_is_signed_in(staff, ledger_database):
    make_member(ledger_database, "walker", *Role)
    browser = Browser(staff)
    await browser.get("/login")
    planted, cookie = browser.token, browser.cookie("qinwen_staff_form")
    await browser.sign_in("walker")
    browser.client.session.cookie_jar.update_cookies({"qinwen_staff_form": cookie}, browser.client.make_url("/"))
    assert (await browser.send("/account/sessions/end-others", token=planted)).status == 403
    assert (await browser.send("/account/sessions/end-others")).status == 303


async def test_the_form_token_may_come_in_a_header(staff, ledger_database):
    make_member(ledger_database, "walker", Role.EDITOR)
    browser = Browser(staff)
    await browser.sign_in("walker")
    header = {"X-CSRF-Token": browser.token}
    assert (await browser.send("/account/sessions/end-others", token="", headers=header)).status == 303


async def test_an_unknown_address_and_a_wrong_method_say_so(staff, ledger_database):
    make_member(ledger_database, "walker", Role.EDITOR)
    browser = Browser(staff)
    assert (await browser.get("/nowhere")).status == 404
    await browser.sign_in("walker")
    assert (await browser.get("/nowhere")).status == 404
    assert "没有这一页" in browser.text
    assert (await staff.delete("/account")).status == 405


async def test_a_route_without_a_decision_is_refused(aiohttp_client, settings, ledger_database):
    from aiohttp import web

    from web.staff import make_staff_app

    async def forgotten(_):
        return web.Response(text="secret")

    app = make_staff_app(settings, ledger_database)
    app.router.add_get("/forgotten", forgotten)
    make_member(ledger_database, "walker", *Role)
    browser = Browser(await aiohttp_client(app))
    assert (await browser.get("/forgotten")).status == 403
    await browser.sign_in("walker")
    assert (await browser.get("/forgotten")).status == 403


async def test_a_module_of_others_stands_in_the_frame(aiohttp_client, settings, ledger_database):
    from qinwen.errors import QinwenError
    from web.console.access import allow
    from web.console.modules import Module, NavEntry, Tile, needs
    from web.console.pages import render
    from web.staff import make_staff_app

    async def show(request):
        allow(request, Permission.GAPS_READ, region=request.query["region"])
        return render(request, "fault.html", title="没答好的问题", words="<script>1</script>")

    async def fail(_):
        raise QinwenError("这一项已经有人改过了。")

    needed = needs(Permission.GAPS_READ)
    module = Module(
        routes=(Route("GET", "/gaps", show, needed), Route("GET", "/gaps/fail", fail, needed)),
        nav=(NavEntry("没答好的问题", "/gaps", Permission.GAPS_READ, "知识"),),
        statuses={QinwenError: 409},
        tiles=lambda _, member: [Tile("没答好的", "17", "等人处理", "/gaps")],
    )
    make_member(ledger_database, "walker", Role.EDITOR, regions=("610100",))
    browser = Browser(await aiohttp_client(make_staff_app(settings, ledger_database, (module,))))
    await browser.sign_in("walker")
    await browser.get("/")
    assert ">17<" in browser.text
    assert (await browser.get("/gaps?region=610113")).status == 200
    assert '<a href="/gaps" aria-current="page">没答好的问题</a>' in browser.text
    assert "<script>1" not in browser.text
    assert (await browser.get("/gaps?region=610300")).status == 403
    assert (await browser.get("/gaps/fail")).status == 409
    assert "这一项已经有人改过了。" in browser.text
    answer = await browser.get("/gaps/fail", headers={"Accept": "application/json"})
    assert (await answer.json())["error"]["message"] == "这一项已经有人改过了。"
    await browser.get("/gaps/fail", headers={"HX-Request": "true"})
    assert browser.text.strip() == '<p class="alert alert-danger" role="alert">这一项已经有人改过了。</p>'


def test_decisions_are_of_five_kinds(staff):
    assert {route.access.stage for route in staff.app[DECISIONS].values()} == {
        access.stage for access in (OPEN, KNOWN, CHANGING, SIGNED_IN)
    }
