"""The console by keyboard alone: on every page Tab reaches everything, shows where it is and gets stuck nowhere; and the main
journeys are made without a mouse."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.console_crawl import running_console, sign_in, walk
from tests.staffing import PASSWORD
from tests.volume import much

MOST_STEPS = 260
# What can be reached: visible, not disabled, not in a folded part, one of a group of radio buttons.
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(one =>
    one.tabIndex >= 0 && !one.matches(':disabled') && one.type !== 'hidden' && one.getClientRects().length
    && getComputedStyle(one).visibility !== 'hidden'
    && !(one.closest('details:not([open])') && !(one.tagName === 'SUMMARY' && one.parentElement.closest('details') === one.closest('details')
         && !one.parentElement.parentElement.closest('details:not([open])')))).length"""
HERE = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    if (!one.dataset.step) one.dataset.step = String(window.step = (window.step || 0) + 1);
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {step: Number(one.dataset.step), name: one.outerHTML.slice(0, 120),
            seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
            marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'};
}"""


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


def tab_through(page: Page) -> list[str]:
    """Press Tab from the top to the end; gives what is wrong on the way."""
    wanted, wrong = page.evaluate(REACHABLE), []
    # From the top, also where a field has the focus from the start.
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }")
    steps: dict[int, dict] = {}
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None or (here["step"] == 1 and len(steps) > 1):
            break
        # A date has several stops: one that shows the mark is enough.
        known = steps.get(here["step"], {"seen": False, "marked": False})
        steps[here["step"]] = {**here, "seen": known["seen"] or here["seen"], "marked": known["marked"] or here["marked"]}
    else:
        if wanted < MOST_STEPS - 60:
            wrong.append("the focus never comes to the end")
    wrong += [f"not in view: {one['name']}" for one in steps.values() if not one["seen"]]
    wrong += [f"no mark of the focus: {one['name']}" for one in steps.values() if not one["marked"]]
    if len(steps) < min(wanted, MOST_STEPS - 60) * 0.9:
        wrong.append(f"only {len(steps)} of {wanted} were reached")
    return wrong


def test_tab_reaches_everything_on_every_page_and_shows_where_it_is(page: Page):
    sign_in(page, "boss")
    wrong, pages = {}, 0
    for address in walk(page, each=1):
        pages += 1
        if found := tab_through(page):
            wrong[address] = found[:5]
    assert wrong == {}, "\n".join(f"{address}: {found}" for address, found in wrong.items())
    assert pages > 25


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
