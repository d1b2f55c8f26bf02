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
LINKS = """() => [...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))
    .map(link => link.startsWith('?') ? location.pathname + link : link)"""
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


class Frontier:
    """What a walk has still to visit: what the pages link to, `each` of a kind at most."""

    def __init__(self, start: tuple[str, ...] = ("/",), each: int = 2) -> None:
        self._waiting, self._seen, self._each = deque(start), set(start), each
        self._kinds: Counter[str] = Counter()
        self.visited = 0

    def take(self) -> str | None:
        while self._waiting and self.visited < MOST_PAGES:
            address = self._waiting.popleft()
            if self._kinds[kind_of(address)] < self._each:
                self._kinds[kind_of(address)] += 1
                self.visited += 1
                return address
        return None

    def add(self, links: list[str]) -> None:
        """Take in what a page links to, as `LINKS` found it."""
        for link in (one.partition("#")[0] for one in links):
            if link.startswith("/") and link not in self._seen and not LEAVE_OUT.search(link.partition("?")[0]):
                self._seen.add(link)
                self._waiting.append(link)


def walk(page: Page, start: tuple[str, ...] = ("/",), each: int = 2) -> Iterator[str]:
    """Go to page after page; gives the address where the browser stands."""
    frontier = Frontier(start, each)
    while address := frontier.take():
        page.goto(address)
        links = page.evaluate(LINKS)
        yield address
        frontier.add(links)
