"""Signing in to the console, as a browser does it: passwords, sessions, the second factor, and what a stranger may see."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from qinwen.clock import now
from staff import Role, SecretBox, add_member, end_sessions, offer, turn_on
from tests.staffing import PASSWORD, Browser, hash_quickly, make_member
from web.console.access import SETTINGS
from web.staff import make_staff_app

NEW = "three-cranes-over-water"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def browser(staff):
    return Browser(staff)


@pytest.fixture
def editor(ledger_database):
    return make_member(ledger_database, "editor", Role.EDITOR)


async def test_the_first_password_lets_in_only_to_change_it(browser, ledger_database):
    with ledger_database.session() as session:
        first = add_member(session, "fresh", "新人", {Role.EDITOR})
    await browser.sign_in("fresh", first)
    assert (await browser.get("/")).headers["Location"] == "/account/password"
    await browser.get("/account/password")
    assert (await browser.send("/account/password", present="wrong", new=NEW, again=NEW)).status == 422
    assert "现在的密码不对" in browser.text
    assert (await browser.send("/account/password", present=first, new=NEW, again=NEW + "x")).status == 422
    assert "两次输入" in browser.text
    assert (await browser.send("/account/password", present=first, new="short", again="short")).status == 422
    before = browser.cookie()
    assert (await browser.send("/account/password", present=first, new=NEW, again=NEW)).headers["Location"] == "/"
    assert browser.cookie() != before
    assert (await browser.get("/")).status == 200
    assert "密码已修改" in browser.text
    await browser.get("/")
    assert "密码已修改" not in browser.text


async def test_a_new_password_ends_the_other_sessions(aiohttp_client, settings, ledger_database, browser, editor):
    other = Browser(await aiohttp_client(make_staff_app(settings, ledger_database)))
    await browser.sign_in("editor")
    await other.sign_in("editor")
    await browser.send("/account/password", present=PASSWORD, new=NEW, again=NEW)
    assert (await browser.get("/")).status == 200
    assert (await other.get("/")).status == 303


async def test_after_signing_in_one_is_where_one_wanted_to_go(browser, editor):
    answer = await browser.get("/account?a=1&b=二")
    assert answer.headers["Location"].startswith("/login?next=")
    await browser.get(answer.headers["Location"])
    assert 'name="next" value="/account?a=1&amp;b=' in browser.text
    answer = await browser.sign_in("editor", back="/account?a=1")
    assert answer.headers["Location"] == "/account?a=1"


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nX: 1"]
)
async def test_nobody_is_sent_elsewhere(browser, editor, back):
    answer = await browser.sign_in("editor", back=back)
    assert answer.headers["Location"] == "/"


async def test_the_cookies_are_out_of_reach(browser, editor, staff):
    answer = await browser.sign_in("editor")
    session = next(value for value in answer.headers.getall("Set-Cookie") if value.startswith("qinwen_staff="))
    assert "HttpOnly" in session
    assert "SameSite=Strict" in session
    assert "Secure" not in session
    assert "Max-Age" not in session


async def test_behind_https_the_cookie_goes_over_https_alone(aiohttp_client, settings, ledger_database, editor):
    app = make_staff_app(replace(settings, staff_https=True), ledger_database)
    client = await aiohttp_client(app)
    answer = await client.get("/login", allow_redirects=False)
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_pages_have_the_strict_policy_and_are_not_kept(browser, editor):
    await browser.sign_in("editor")
    answer = await browser.get("/account")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<style" not in browser.text
    assert " style=" not in browser.text
    assert " onclick" not in browser.text


async def test_a_stranger_sees_the_same_whether_an_account_exists_or_not(browser, editor):
    pages = {}
    for login in ("editor", "nobody"):
        seen = []
        for _ in range(7):
            await browser.get("/login")
            answer = await browser.send("/login", login=login, password="wrong wrong")
            seen.append((answer.status, answer.headers.get("Retry-After"), browser.text.replace(login, "X")))
        pages[login] = [(status, wait, text.split("<main")[1].replace(browser.token, "T")) for status, wait, text in seen]
    assert [status for status, *_ in pages["editor"]] == [422] * 5 + [429] * 2
    assert pages["editor"] == pages["nobody"]


async def test_an_expired_session_says_so_and_comes_back(aiohttp_client, settings, ledger_database, editor):
    app = make_staff_app(settings, ledger_database)
    browser = Browser(await aiohttp_client(app))
    await browser.sign_in("editor")
    short = replace(settings, staff_session_idle=0.0)
    app._state[SETTINGS] = short
    answer = await browser.get("/account")
    assert answer.headers["Location"] == "/login?next=/account&expired=1"
    await browser.get(answer.headers["Location"])
    assert "请重新登录" in browser.text
    answer = await browser.get("/account", headers={"HX-Request": "true"})
    assert answer.status == 401
    assert "填的内容还在" in browser.text


async def test_signing_out_ends_the_session_on_the_server(browser, editor):
    await browser.sign_in("editor")
    cookie = browser.cookie()
    await browser.send("/logout")
    assert browser.cookie() is None
    browser.client.session.cookie_jar.update_cookies({"qinwen_staff": cookie}, browser.client.make_url("/"))
    assert (await browser.get("/")).status == 303


async def test_own_sessions_are_listed_and_ended(aiohttp_client, settings, ledger_database, browser, editor):
    other = Browser(await aiohttp_client(make_staff_app(settings, ledger_database)))
    await browser.sign_in("editor")
    await other.sign_in("editor")
    await browser.get("/account")
    assert browser.text.count("就是这里") == 1
    place = browser.text.split('action="/account/sessions/')[2].split('"')[0]
    assert (await browser.send(f"/account/sessions/{place}")).status == 303
    assert (await other.get("/")).status == 303
    assert (await browser.get("/")).status == 200


async def test_a_session_ended_by_an_administrator_is_over(browser, editor, ledger_database):
    await browser.sign_in("editor")
    with ledger_database.session() as session:
        end_sessions(session, editor.id)
    assert (await browser.get("/")).status == 303


async def test_a_form_left_open_is_sent_after_signing_in_again_with_a_fresh_token(browser, editor):
    await browser.sign_in("editor")
    old = browser.token
    await browser.send("/logout")
    await browser.sign_in("editor")
    assert (await browser.send("/account/sessions/end-others", token=old)).status == 403
    fresh = await (await browser.client.get("/account/form-token")).text()
    assert (await browser.send("/account/sessions/end-others", token=fresh)).status == 303


async def test_the_second_factor_is_set_up_used_renewed_and_turned_off(browser, editor):
    await browser.sign_in("editor")
    await browser.get("/account/second-factor")
    secret = browser.text.split('class="secret">')[1].split("<")[0]
    image = await browser.client.get("/account/second-factor/code.svg")
    assert image.content_type == "image/svg+xml"
    assert (await image.text()).lstrip().startswith("<?xml")
    assert (await browser.send("/account/second-factor", code="000000")).status == 422
    await browser.send("/account/second-factor", code=pyotp.TOTP(secret).at(now() - timedelta(seconds=30)))
    codes = [part.split("<")[0] for part in browser.text.split("<li><code>")[1:]]
    assert len(codes) == 10
    assert (await browser.client.get("/account/second-factor/code.svg")).status == 404
    await browser.get("/account/second-factor")
    assert secret not in browser.text
    await browser.send("/logout")
    # given the password alone, nothing opens
    answer = await browser.sign_in("editor", back="/account")
    assert answer.headers["Location"] == "/login/code?next=%2Faccount"
    assert (await browser.get("/account")).headers["Location"] == "/login/code"
    assert (await browser.get("/account/password")).headers["Location"] == "/login/code"
    await browser.get("/login/code?next=/account")
    before = browser.cookie()
    answer = await browser.send("/login/code", code=pyotp.TOTP(secret).now(), next="/account")
    assert answer.headers["Location"] == "/account"
    assert browser.cookie() != before
    # the other ways need the password
    await browser.get("/account/second-factor")
    assert (await browser.send("/account/second-factor/codes", present="wrong")).status == 422
    await browser.send("/account/second-factor/codes", present=PASSWORD)
    assert codes[0] not in browser.text
    assert browser.text.count("<li><code>") == 10
    assert (await browser.send("/account/second-factor/off", present="wrong")).status == 422
    assert (await browser.send("/account/second-factor/off", present=PASSWORD)).status == 303
    await browser.send("/logout")
    assert (await browser.sign_in("editor")).headers["Location"] == "/"


async def test_wrong_codes_are_slowed_down(browser, editor, ledger_database, settings):
    box = SecretBox(settings.staff_secret)
    with ledger_database.session() as session:
        secret = pyotp.parse_uri(offer(session, editor.id, box)).secret
        turn_on(session, editor.id, pyotp.TOTP(secret).now(), box, now())
    await browser.sign_in("editor")
    statuses = [(await browser.send("/login/code", code="000000")).status for _ in range(6)]
    assert statuses == [422] * 5 + [429]
