"""A real browser for the journeys of the citizen's page; `base_url` is the running stack's public address."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.e2e.stack import Stack

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(playwright: Playwright) -> str:
    return next(filter(None, map(shutil.which, _CHROMIUM)), playwright.chromium.executable_path)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory):
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        stack.wait_until_ready()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    return stack.base_url


# One browser for a module, not for the session: while Playwright's sync API is open its event loop counts as running, and
# asynchronous tests of other modules could not start theirs.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = find_chromium(playwright)
        if not Path(found).exists():
            pytest.skip(f"no Chromium found ({', '.join(_CHROMIUM)}): apt-get install chromium fonts-noto-cjk")
        browser = playwright.chromium.launch(executable_path=found, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, base_url: str) -> Page:
    context = browser.new_context(base_url=base_url, locale="zh-CN", viewport={"width": 1280, "height": 800})
    expect.set_options(timeout=20_000)
    yield context.new_page()
    context.close()
