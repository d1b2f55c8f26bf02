"""Visits every page of the console with several tabs of one browser at the same time, for tests that look at each page by itself.

It has a browser and an event loop of its own in a thread, beside the one of Playwright's synchronous interface.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from playwright.async_api import BrowserContext, Page, async_playwright

from tests.e2e.conftest import BROWSER_ARGUMENTS, find_chromium
from tests.e2e.console_crawl import LINKS, Frontier
from tests.staffing import PASSWORD

TABS = 3
Visit = Callable[[Page, str], Awaitable[None]]


def visit_all(
    base_url: str, visit: Visit, frontier: Frontier, prepare: Callable[[BrowserContext], Awaitable[None]], **options: object
) -> int:
    """Sign in and visit page after page.

    Args:
        base_url: the running console.
        visit: looks at a page that has loaded; gets the tab and the address.
        frontier: where to begin, and how many of a kind.
        prepare: makes the browser's context ready before the first page.
        options: of the browser's context.

    Returns how many pages were visited.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _visit_all(base_url, visit, frontier, prepare, options)).result()


async def _visit_all(base_url, visit, frontier, prepare, options) -> int:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(playwright), args=list(BROWSER_ARGUMENTS))
        context = await browser.new_context(base_url=base_url, locale="zh-CN", **options)
        context.set_default_timeout(20_000)
        await prepare(context)
        tabs = [await context.new_page() for _ in range(TABS)]
        await _sign_in(tabs[0])
        busy: set[Page] = set()
        await asyncio.gather(*(_work(tab, busy, frontier, visit) for tab in tabs))
        await browser.close()
    return frontier.visited


async def _work(tab: Page, busy: set[Page], frontier: Frontier, visit: Visit) -> None:
    while True:
        address = frontier.take()
        if address:
            busy.add(tab)
            await tab.goto(address)
            frontier.add(await tab.evaluate(LINKS))
            await visit(tab, address)
            busy.discard(tab)
        elif busy:
            await asyncio.sleep(0.02)  # another tab may find more
        else:
            return


async def _sign_in(page: Page) -> None:
    await page.goto("/login")
    await page.get_by_label("登录名").fill("boss")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await page.wait_for_url("**/")
