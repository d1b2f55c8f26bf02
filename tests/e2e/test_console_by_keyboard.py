"""The console by keyboard alone: on every page Tab reaches everything, shows where it is and gets stuck nowhere; and the main
journeys are made without a mouse."""

import asyncio

import pytest
from playwright.async_api import BrowserContext as AsyncContext
from playwright.async_api import Page as AsyncPage
from playwright.sync_api import Browser, Page, expect

from tests.e2e.console_crawl import Frontier, running_console, sign_in
from tests.e2e.console_tabs import visit_all
from tests.staffing import PASSWORD
from tests.volume import much

MOST_STEPS = 260
# What has to be reached: visible, not disabled, not in a folded part, one of a group of radio buttons. Of a row of tabs the arrow
# keys reach the others, so those alone may be taken out of the order.
STOPS = """() => {
    const shown = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(one =>
        !one.matches(':disabled') && one.type !== 'hidden' && one.getClientRects().length
        && getComputedStyle(one).visibility !== 'hidden'
        && !(one.closest('details:not([open])') && !(one.tagName === 'SUMMARY' && one.parentElement.closest('details') === one.closest('details')
             && !one.parentElement.parentElement.closest('details:not([open])'))));
    return {
        wanted: shown.filter(one => one.tabIndex >= 0).length,
        barred: shown.filter(one => one.tabIndex < 0 && one.matches('a, button, input, select, textarea, summary') && one.role !== 'tab')
            .map(one => one.outerHTML.slice(0, 120)),
    };
}"""
# Notes in the page where each press of Tab has led, until the focus comes to the end or to where it began.
NOTED = """() => {
    const steps = new Map();
    window.noted = {steps: [], ended: false};
    window.addEventListener('keyup', event => {
        const one = document.activeElement, noted = window.noted;
        if (event.key !== 'Tab' || noted.ended) return;
        if (!one || one === document.body || (steps.get(one) === noted.steps[0] && steps.size > 1)) {
            noted.ended = true;
            return;
        }
        const style = getComputedStyle(one), box = one.getBoundingClientRect();
        const step = steps.get(one) || {name: one.outerHTML.slice(0, 120), seen: false, marked: false};
        // A date has several stops: one that shows the mark is enough.
        step.seen = step.seen || box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
        step.marked = step.marked || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
        if (!steps.has(one)) noted.steps.push(step);
        steps.set(one, step);
    }, true);
    // From the top, also where a field has the focus from the start.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
}"""
TAB = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9, "nativeVirtualKeyCode": 9}
AT_ONCE = 30


@pytest.fixture(scope="module")
def base_url(tmp_path_factory):
    with running_console(tmp_path_factory.mktemp("console"), "护照要多少钱") as url:
        yield url


@pytest.fixture(params=much([1280, 768], [1280]))
def page(request, browser: Browser, base_url: str):
    # Without smooth scrolling, which would still be under way when the next key is pressed.
    size = {"width": request.param, "height": 800}
    context = browser.new_context(base_url=base_url, locale="zh-CN", viewport=size, reduced_motion="reduce")
    expect.set_options(timeout=20_000)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector} on {page.url}")


async def tab_through(page: AsyncPage) -> list[str]:
    """Press Tab from the top to the end; gives what is wrong on the way."""
    stops = await page.evaluate(STOPS)
    wanted = stops["wanted"]
    await page.evaluate(NOTED)
    keyboard = await page.context.new_cdp_session(page)
    for _ in range(0, MOST_STEPS, AT_ONCE):
        # The browser takes the keys one after another, as they come: nobody has to wait for each.
        kinds = ("rawKeyDown", "keyUp") * AT_ONCE
        await asyncio.gather(*(keyboard.send("Input.dispatchKeyEvent", {"type": kind, **TAB}) for kind in kinds))
        if await page.evaluate("noted.ended"):
            break
    await keyboard.detach()
    noted = await page.evaluate("noted")
    steps, wrong = noted["steps"], []
    if not noted["ended"] and wanted < MOST_STEPS - 60:
        wrong.append("the focus never comes to the end")
    wrong += [f"never reached: {one}" for one in stops["barred"]]
    wrong += [f"not in view: {one['name']}" for one in steps if not one["seen"]]
    wrong += [f"no mark of the focus: {one['name']}" for one in steps if not one["marked"]]
    if len(steps) < min(wanted, MOST_STEPS - 60) * 0.9:
        wrong.append(f"only {len(steps)} of {wanted} were reached")
    return wrong


@pytest.mark.parametrize("width", much([1280, 768], [1280]))
def test_tab_reaches_everything_on_every_page_and_shows_where_it_is(base_url: str, width: int):
    wrong = {}

    async def look(page: AsyncPage, address: str) -> None:
        if found := await tab_through(page):
            wrong[address] = found[:5]

    async def accept_questions(context: AsyncContext) -> None:
        context.on("dialog", lambda dialog: dialog.accept())

    size = {"width": width, "height": 800}
    pages = visit_all(base_url, look, Frontier(each=1), accept_questions, viewport=size, reduced_motion="reduce")
    assert wrong == {}, "\n".join(f"{address}: {found}" for address, found in wrong.items())
    assert pages > 25


def test_a_list_that_is_shown_afresh_leaves_the_focus_where_it_was(page: Page, browser: Browser, base_url: str):
    # given somebody who stands on a button of the list while the list is fetched again
    sign_in(page, "boss")
    held = []
    page.route("**/desk/lists?*", lambda route, _: held.append(route))
    page.goto("/desk?tab=queue")
    tab_to(page, "[data-claim]")
    here = page.evaluate("document.activeElement.form.getAttribute('action')")
    page.evaluate("() => { document.activeElement.id = 'old'; }")
    # when the fresh list comes
    while not held:
        page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    page.unroute("**/desk/lists?*")
    expect(page.locator("#old")).to_have_count(0)
    # then the same button has the focus, and Tab goes on from it
    assert page.evaluate("document.activeElement.form?.getAttribute('action')") == here
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#lists') !== null")
    # and where a colleague has taken the conversation meanwhile, the list has it
    page.keyboard.press("Shift+Tab")
    context = browser.new_context(base_url=base_url, locale="zh-CN")
    colleague = context.new_page()
    sign_in(colleague, "zuoxi")
    colleague.goto("/desk?tab=queue")
    colleague.locator(f"form[action='{here}'] button").click()
    colleague.wait_for_url("**/desk/handlings/**")
    context.close()
    expect(page.locator(f"form[action='{here}']")).to_have_count(0)
    expect(page.locator("#lists")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#lists a").first).to_be_focused()


def test_the_first_tab_offers_to_skip_the_menu(page: Page):
    sign_in(page, "boss")
    page.goto("/knowledge")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_list_is_found_again_as_it_was_left(page: Page):
    sign_in(page, "boss")
    page.goto("/knowledge?kind=guide&state=live")
    page.locator("#entries tbody a").first.click()
    page.locator("main a", has_text="历史").click()
    page.locator("main a", has_text="知识条目").first.click()
    expect(page.get_by_label("种类")).to_have_value("guide")
    expect(page.get_by_label("状态")).to_have_value("live")
    page.get_by_role("link", name="清除条件").click()
    expect(page.get_by_label("种类")).to_have_value("")


def test_an_answer_is_edited_handed_in_and_reviewed_without_a_mouse(page: Page, browser: Browser, base_url: str):
    # given an editor who signs in with the keyboard
    width = page.viewport_size["width"]
    page.goto("/login?next=/knowledge/entries/guide:passport:610000")
    tab_to(page, "#login")
    page.keyboard.type("wang")
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("普通护照签发")
    # when the fee is changed and a material is added, moved up and another removed
    tab_to(page, "main form[action$='/draft'] button, main a[href$='/edit']")
    page.keyboard.press("Enter")
    expect(page.locator("#editor")).to_be_visible()
    tab_to(page, "#section-fee summary")
    page.keyboard.press("Enter")
    tab_to(page, "#facets\\.fee\\.text")
    page.keyboard.press("Control+A")
    page.keyboard.type(f"每本{width}元。")
    tab_to(page, "#valid_from")
    for _ in range(400):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('#section-materials summary')"):
            break
    page.keyboard.press("Enter")
    tab_to(page, "button[value='add|facets.materials.list']")
    page.keyboard.press("Enter")
    added = page.locator("#facets\\.materials\\.list\\.1\\.name")
    expect(added).to_be_focused()
    page.keyboard.type("近期证件照")
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.value === 'up|facets.materials.list|1'"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#facets\\.materials\\.list\\.0\\.name")).to_have_value("近期证件照")
    expect(page.locator("#facets\\.fee\\.text")).to_have_value(f"每本{width}元。")
    tab_to(page, "button[value='remove|facets.materials.list|0']")
    page.keyboard.press("Enter")
    expect(page.locator("#facets\\.materials\\.list\\.1\\.name")).to_have_count(0)
    tab_to(page, "button[formaction$='/submit']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已提交审核。")).to_be_visible()
    # and a reviewer looks at the impact and sends it back
    context = browser.new_context(base_url=base_url, locale="zh-CN", viewport={"width": width, "height": 800})
    reviewer = context.new_page()
    reviewer.on("dialog", lambda dialog: dialog.accept())
    sign_in(reviewer, "lili")
    reviewer.goto("/knowledge/entries/guide:passport:610000/review")
    tab_to(reviewer, "form[action$='/impact'] button")
    reviewer.keyboard.press("Enter")
    expect(reviewer.locator("#impact-result")).to_be_visible()
    tab_to(reviewer, "#return-words")
    reviewer.keyboard.type("请写依据")
    tab_to(reviewer, "form[action$='/return'] button")
    reviewer.keyboard.press("Enter")
    expect(reviewer.get_by_text("已退回。")).to_be_visible()
    context.close()


def test_the_bot_is_switched_off_and_on_without_a_mouse(page: Page):
    sign_in(page, "boss")
    page.goto("/controls")
    tab_to(page, "#new-bot_off summary")
    page.keyboard.press("Enter")
    tab_to(page, "#bot_off-reason")
    page.keyboard.type("演练")
    page.keyboard.press("Enter")
    expect(page.locator("#bot-off")).to_be_visible()
    tab_to(page, "form[action$='/stop'] button")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("恢复")
