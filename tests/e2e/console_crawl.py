"""Starts the whole console without the engine, and finds its pages by following every link, one or two of each kind."""

import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.stack import ROOT, free_ports
from tests.staffing import PASSWORD

MOST_PAGES = 250
# Signing out would end the walk; files are no pages.
LEAVE_OUT = re.compile(r"^/(logout|static|metrics|healthz|readyz)|\.(xlsx|csv|json|jsonl|docx)$|/export|/template")
_NAMES_ONE = re.compile(r"^(?:[0-9a-f]{16,}|\d+|.*[:%].*|citizen.*)$")


@contextmanager
def running_console(folder: Path, words: str) -> Iterator[str]:
    """Run `tests.e2e.console_app`; gives its address."""
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.console_app", str(folder), str(port), words], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=3):
                break
            time.sleep(0.2)
        assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")[-3000:]
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def sign_in(page: Page, login: str) -> None:
    page.goto("/login")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/")


def kind_of(address: str) -> str:
    """Give what pages of one kind have in common: the path without names, and what is asked in the query."""
    path, _, query = address.partition("#")[0].partition("?")
    parts = ["*" if _NAMES_ONE.match(part) else part for part in path.split("/")]
    asked = sorted(field.partition("=")[0] for field in query.split("&") if field.partition("=")[2])
    return "/".join(parts) + ("?" + "&".join(asked) if asked else "")


def links_of(page: Page) -> list[str]:
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    base = page.evaluate("location.pathname")
    found = [base + link if link.startswith("?") else link for link in found]
    return [link.partition("#")[0] for link in found if link.startswith("/") and not LEAVE_OUT.search(link.partition("?")[0])]


def walk(page: Page, start: tuple[str, ...] = ("/",), each: int = 2) -> Iterator[str]:
    """Go to page after page, `each` of a kind at most; gives the address where the browser stands."""
    waiting, seen, kinds = deque(start), set(start), Counter()
    visited = 0
    while waiting and visited < MOST_PAGES:
        address = waiting.popleft()
        if kinds[kind_of(address)] >= each:
            continue
        kinds[kind_of(address)] += 1
        visited += 1
        page.goto(address)
        links = links_of(page)
        yield address
        for link in links:
            if link not in seen:
                seen.add(link)
                waiting.append(link)
