"""Markup and scripts, planted through the forms in every field and said by citizens, come out as text on every page.

The walk is made with the Content-Security-Policy switched off, so that it can't hide a hole: whatever the pages let through would
run. A second walk with the policy on makes sure that no page of ours needs what it forbids.
"""

from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext as AsyncContext
from playwright.async_api import Dialog
from playwright.async_api import Page as AsyncPage
from playwright.sync_api import Browser, Page, Response

from qinwen.clock import SHAANXI, now
from tests.e2e.console_crawl import LEAVE_OUT, Frontier, kind_of, running_console, sign_in, walk
from tests.e2e.console_tabs import visit_all

SHORT = "<img src=planted onerror=hit()>"
WORDS = f"\"'>{SHORT}<script>hit()</script><a href=javascript:hit()>planted</a>"
IN = """() => window.hits ? 'a script ran' : [...document.querySelectorAll('*')].filter(element =>
    element.tagName === 'IMG' && element.getAttribute('src') === 'planted'
    || [...element.attributes].some(one => one.name.startsWith('on') || /^\\s*javascript:/i.test(one.value) && one.name === 'href')
    || element.tagName === 'SCRIPT' && element.textContent.includes('hit()')
).map(element => element.outerHTML.slice(0, 200)).join('\\n')"""
TELL_TALE = "window.hits = 0; window.hit = () => { window.hits += 1; };"
FORMS = "main form, body > form"
# Each form: how and where it goes, and whether it has a field that must fit.
ACTIONS = """([forms, fitting]) => [...document.querySelectorAll(forms)].map(form =>
    [form.method, String(form.getAttribute('action')), fitting.some(name => form.elements.namedItem(name))])"""
# What stands in a folded part is sent too.
PLANT = """([forms, number, words, short, fitting, later]) => {
    const form = document.querySelectorAll(forms)[number];
    for (const field of form.querySelectorAll('input, textarea, select')) {
        const kind = field.getAttribute('type') || '', name = field.getAttribute('name') || '';
        const longest = Number(field.getAttribute('maxlength') || 10000);
        if (['hidden', 'password', 'checkbox', 'radio', 'file', 'date', 'submit'].includes(kind)) continue;
        if (field.matches(':disabled') || field.readOnly) continue;
        if (kind === 'datetime-local') field.value = later;
        else if (Object.hasOwn(fitting, name)) field.value = fitting[name];
        else if (field.tagName === 'SELECT') field.value = (field.options[1] || field.options[0] || {value: ''}).value;
        else if (kind === 'number') field.value = '1';
        else field.value = words.length <= longest ? words : short.slice(0, longest);
    }
    form.noValidate = true;
    form.removeAttribute('data-ask');
    form.target = 'answer';
    form.submit();
}"""
# What a field has to be so that the form is taken; everything else is planted.
FITTING = {"login": "planted", "id": "planted-faq", "item": "passport"}
# These would end the walk: they sign it out, lock it out, or change its password.
LEFT_ALONE = ("/logout", "/account", "/staff/{member}/disable", "/login")


@pytest.fixture(scope="module")
def base_url(tmp_path_factory):
    with running_console(tmp_path_factory.mktemp("console"), WORDS) as url:
        yield url


@pytest.fixture
def tab(browser: Browser, base_url: str):
    """A tab without the policy."""
    context = browser.new_context(base_url=base_url, locale="zh-CN", bypass_csp=True)
    context.add_init_script(TELL_TALE)
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def plant(page: Page, answer: Page, number: int, *, fitting: bool) -> Response | None:
    """Fill each field of one of the page's forms with markup, and send it; what is answered is shown in the tab `answer`.

    Returns None where the page has no such form.
    """
    later = (now() + timedelta(hours=3)).astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M")
    if page.locator(FORMS).count() <= number:
        return None
    with answer.expect_navigation() as answered:
        page.evaluate(PLANT, [FORMS, number, WORDS, SHORT, FITTING if fitting else {}, later])
    return answered.value


def check(page: Page, where: str, wrong: list[str]) -> None:
    if found := page.evaluate(IN):
        wrong.append(f"{where}: {found}")


def plant_everywhere(page: Page, wrong: list[str]) -> int:
    """Send markup in every field of every form, wherever the links lead; gives how many forms were sent."""
    with page.expect_popup() as opened:
        page.evaluate("() => { window.open('/', 'answer'); }")
    answer, planted, sent = opened.value, set(), 0
    answer.wait_for_load_state()
    for address in walk(page):
        check(page, address, wrong)
        stale = False
        for number, (method, target, must_fit) in enumerate(page.evaluate(ACTIONS, [FORMS, list(FITTING)])):
            kind = (kind_of(target), target.count("?"))
            # Some answers are files.
            if kind in planted or kind[0].startswith(LEFT_ALONE) or LEAVE_OUT.search(target):
                continue
            planted.add(kind)
            for fitting in (False, True):
                if fitting and not (stale or must_fit):
                    break  # the same again, where nothing has changed
                if stale:
                    page.goto(address)
                answered = plant(page, answer, number, fitting=fitting)
                if answered is None:
                    break
                # What was refused, or only asked for, changed nothing: the page is as good as a fresh one.
                stale = method == "post" and answered.status < 400
                check(answer, f"{method} {target} from {address}", wrong)
                sent += 1
    return sent


def test_what_is_planted_in_any_field_is_inert_on_every_page(tab: Page, base_url: str):
    dialogs, wrong = [], []
    tab.context.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_in(tab, "boss")
    # given markup in every field of every form
    assert plant_everywhere(tab, wrong) > 40
    # when every page is visited again, now that all of it stands somewhere
    with_words = []

    async def look(page: AsyncPage, address: str) -> None:
        if found := await page.evaluate(IN):
            wrong.append(f"{address}: {found}")
        with_words.append(await page.evaluate("() => (document.body.innerText + [...document.querySelectorAll('input, textarea')]"
                                              ".map(one => one.value).join()).includes('planted')"))  # fmt: skip

    async def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    async def without_policy(context: AsyncContext) -> None:
        await context.add_init_script(TELL_TALE)
        context.on("dialog", dismiss)

    start = ("/", "/knowledge?draft=draft", "/knowledge/entries/faq:planted-faq/edit")
    pages = visit_all(base_url, look, Frontier(start, each=3), without_policy, bypass_csp=True)
    # then nothing ran, nothing became an element, and the words really are there
    assert (wrong, dialogs) == ([], [])
    assert pages > 40
    assert sum(with_words) > 25


def test_no_page_needs_what_the_policy_forbids(base_url: str):
    complaints = []

    async def nothing_more(page: AsyncPage, address: str) -> None:
        """Loading it is all."""

    async def listen(context: AsyncContext) -> None:
        context.on(
            "console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))

    pages = visit_all(base_url, nothing_more, Frontier(each=2), listen)
    assert complaints == []
    assert pages > 30
