"""Pictures of every page of the console, empty, full and refused, 1280 and 768 pixels wide: `python -m tests.e2e.pictures FOLDER`.

Prints every page that is wider than its window, or complains in the browser's console.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import BROWSER_ARGUMENTS, find_chromium
from tests.e2e.console_crawl import kind_of, running_console, sign_in, walk

WIDTHS = (1280, 768)
# Pages that no link leads to, and pages that say what went wrong.
FULL = ("/", "/knowledge?draft=draft", "/knowledge/lab?q=护照要多少钱", "/knowledge/as-of?q=护照要多少钱&valid=2030-01-01",
        "/knowledge/entries/guide:passport:610000/history?valid=2030-01-01", "/controls?try=大厅停电")  # fmt: skip
REFUSED = ("/no/such", "/knowledge/entries/faq:nothing", "/knowledge?q=没有这样的条目", "/knowledge/as-of?q=护照&valid=昨天",
           "/audit?actor=nobody", "/dashboard?since=2001-01-01&until=2001-01-02")  # fmt: skip


def main(folder: str) -> int:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=list(BROWSER_ARGUMENTS))
        with running_console(Path(empty), "-") as url:
            for width in WIDTHS:
                page = open_page(browser, url, width)
                page.goto("/login")
                shoot(page, target, "empty", "/login", width)
                sign_in(page, "boss")
                for address in walk(page, each=1):
                    shoot(page, target, "empty", address, width)
        with running_console(Path(full), "护照要多少钱") as url:
            for width in WIDTHS:
                page = open_page(browser, url, width)
                sign_in(page, "boss")
                begin_drafts(page)
                for address in walk(page, FULL, each=1):
                    shoot(page, target, "full", address, width)
                for address in REFUSED:
                    page.goto(address)
                    shoot(page, target, "refused", address, width)
                refuse_forms(page, target, width)
                page = open_page(browser, url, width)
                sign_in(page, "fenxi")
                page.goto("/staff")
                shoot(page, target, "refused", "/staff", width)
        browser.close()
    return 0


def open_page(browser: Browser, url: str, width: int) -> Page:
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": width, "height": 800})
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.on("console", lambda message: say(page.url, message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: say(page.url, str(error)))
    return page


def begin_drafts(page: Page) -> None:
    """Begin a draft of a guide and of an FAQ, and hand the guide's in, so that the pages of editing and reviewing are there."""
    for entry in ("guide:passport:610000", "faq:parking"):
        page.goto(f"/knowledge/entries/{entry}")
        button = page.get_by_role("button", name="编辑", exact=True)
        if not button.count():
            continue
        button.click()
        if entry.startswith("guide"):
            page.locator("summary", has_text="收多少钱").click()
            page.locator("#facets\\.fee\\.text").fill("每本160元。")
            page.get_by_role("button", name="提交审核").click()
            page.get_by_role("button", name="开始影响分析").click()
            page.locator("#impact-result").wait_for()


def refuse_forms(page: Page, target: Path, width: int) -> None:
    """Send forms that are refused."""
    for address, form in (("/staff/new", "main form"), ("/knowledge/new?kind=faq", "main form"), ("/controls", "#new-answer form"),
                          ("/account/password", "main form")):  # fmt: skip
        page.goto(address)
        page.locator(form).first.evaluate("form => { form.noValidate = true; form.submit(); }")
        page.wait_for_load_state("load")
        page.locator("#problem, .alert-danger").first.wait_for()
        shoot(page, target, "refused", address, width)


def say(where: str, what: str) -> None:
    sys.stdout.write(f"{where} {what}\n")


def shoot(page: Page, target: Path, state: str, address: str, width: int) -> None:
    page.wait_for_load_state("networkidle")
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        say(address, f"is {too_wide} pixels wider than {width}")
    name = re.sub(r"[^\w?*]+", "-", kind_of(address)).strip("-").replace("?", "@").replace("*", "x") or "start"
    page.screenshot(path=target / f"{state}-{width}-{name}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
