"""Markup and scripts, planted through the forms in every field and said by citizens, come out as text on every page.

The walk is made with the Content-Security-Policy switched off, so that it can't hide a hole: whatever the pages let through would
run. A second walk with the policy on makes sure that no page of ours needs what it forbids.
"""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from qinwen.clock import SHAANXI, now
from tests.e2e.console_crawl import LEAVE_OUT, kind_of, running_console, sign_in, walk

SHORT = "<img src=planted onerror=hit()>"
WORDS = f"\"'>{SHORT}<script>hit()</script><a href=javascript:hit()>planted</a>"
IN = """() => window.hits ? 'a script ran' : [...document.querySelectorAll('*')].filter(element =>
    element.tagName === 'IMG' && element.getAttribute('src') === 'planted'
    || [...element.attributes].some(one => one.name.startsWith('on') || /^\\s*javascript:/i.test(one.value) && one.name === 'href')
    || element.tagName === 'SCRIPT' && element.textContent.includes('hit()')
).map(element => element.outerHTML.slice(0, 200)).join('\\n')"""
# What a field has to be so that the form is taken; everything else is planted.
FITTING = {"login": "planted", "id": "planted-faq", "item": "passport"}
# These would end the walk: they sign it out, lock it out, or change its password.
LEFT_ALONE = ("/logout", "/account", "/staff/{member}/disable", "/login")


@pytest.fixture(scope="module")
def base_url(tmp_path_factory):
    with running_console(tmp_path_factory.mktemp("console"), WORDS) as url:
        yield url


@pytest.fixture
def open_page(browser: Browser, base_url: str):
    contexts: list[BrowserContext] = []

    def make(*, policy: bool) -> Page:
        context = browser.new_context(base_url=base_url, locale="zh-CN", bypass_csp=not policy)
        context.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield make
    for context in contexts:
        context.close()


def plant(page: Page, number: int, *, fitting: bool) -> None:
    """Fill each field of the page's form with markup, and send it."""
    form = page.locator("main form, body > form").nth(number)
    for field in form.locator("input, textarea, select").all():
        kind, name = field.get_attribute("type") or "", field.get_attribute("name") or ""
        tag = field.evaluate("field => field.tagName")
        if kind in {"hidden", "password", "checkbox", "radio", "file", "date", "submit"} or not field.is_editable():
            continue
        # What stands in a folded part is sent too.
        longest = int(field.get_attribute("maxlength") or 10_000)
        words = WORDS if len(WORDS) <= longest else SHORT[:longest]
        if kind == "datetime-local":
            words = (now() + timedelta(hours=3)).astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M")
        elif fitting and name in FITTING:
            words = FITTING[name]
        elif tag == "SELECT":
            words = field.evaluate("field => (field.options[1] || field.options[0] || {value: ''}).value")
        elif kind == "number":
            words = "1"
        field.evaluate("(field, words) => { field.value = words; }", words)
    form.evaluate("form => { form.noValidate = true; form.removeAttribute('data-ask'); }")
    with page.expect_navigation():
        form.evaluate("form => form.submit()")


def check(page: Page, where: str, wrong: list[str]) -> None:
    if found := page.evaluate(IN):
        wrong.append(f"{where}: {found}")


def test_what_is_planted_in_any_field_is_inert_on_every_page(open_page):
    page = open_page(policy=False)
    dialogs, wrong, planted = [], [], set()
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_in(page, "boss")
    # given markup in every field of every form, wherever the links lead
    forms_sent = 0
    for address in walk(page):
        check(page, address, wrong)
        actions = page.eval_on_selector_all(
            "main form, body > form", "forms => forms.map(form => form.method + ' ' + form.getAttribute('action'))"
        )
        for number, action in enumerate(actions):
            method, _, target = action.partition(" ")
            if (kind_of(target), action.count("?")) in planted or any(kind_of(target).startswith(one) for one in LEFT_ALONE):
                continue
            planted.add((kind_of(target), action.count("?")))
            if LEAVE_OUT.search(target):
                continue  # the answer is a file
            for fitting in (False, True):
                page.goto(address)
                if page.locator("main form, body > form").count() <= number:
                    break
                plant(page, number, fitting=fitting)
                check(page, f"{method} {target} from {address}", wrong)
                forms_sent += 1
        page.goto("/")
    assert forms_sent > 40
    # when every page is visited again, now that all of it stands somewhere
    pages, with_words = 0, 0
    for address in walk(page, ("/", "/knowledge?draft=draft", "/knowledge/entries/faq:planted-faq/edit"), each=3):
        check(page, address, wrong)
        pages += 1
        with_words += page.evaluate("() => (document.body.innerText + [...document.querySelectorAll('input, textarea')]"
                                    ".map(one => one.value).join()).includes('planted')")  # fmt: skip
    # then nothing ran, nothing became an element, and the words really are there
    assert (wrong, dialogs) == ([], [])
    assert pages > 40
    assert with_words > 25


def test_no_page_needs_what_the_policy_forbids(open_page):
    page = open_page(policy=True)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, "boss")
    pages = sum(1 for _ in walk(page, each=2))
    assert complaints == []
    assert pages > 30
