"""What browser tests do again and again: sign in, and watch what the browser complains about."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast, overload

import httpx
import playwright.sync_api as playwright
from playwright.sync_api import BrowserContext, Locator, Page
from playwright.sync_api._generated import LocatorAssertions, PageAssertions

from tests.serving import PASSWORD, Server

PATIENCE = 60_000
# Seconds for which two elements of one description may be a page that is being drawn.
DRAWING = 20
# Whether nothing on the page scrolls sideways.
FITS = """[document.documentElement, document.querySelector("[data-testid=stMain]")]
    .every(part => part.scrollWidth <= part.clientWidth)"""

# Notes whether a button that was pressed got its click. Where the page moves between the press and
# the release, the browser sends the click to what holds both.
WATCH_CLICKS = """(() => {
    let pressed;
    addEventListener("mousedown", event => {
        pressed = event.composedPath().find(part => part.matches?.("button, a, summary"));
        window.clickMissed = Boolean(pressed) && event.button === 0;
    }, true);
    addEventListener("click", event => {
        if (event.composedPath().includes(pressed)) window.clickMissed = false;
    }, true);
})()"""

playwright.expect.set_options(timeout=PATIENCE)
_click = Locator.click


def click(button: Locator, /, **options: Any) -> None:
    """Playwright's click, again where the page moved away under it.

    Playwright waits until two frames show the element in one place. On a busy machine a page that
    is being drawn looks still for two frames. A person, who sees it move, waits.
    """
    until = time.monotonic() + DRAWING
    _click(button, **options)
    with suppress(playwright.Error):  # the click has closed or left the page
        while button.page.evaluate("window.clickMissed") and time.monotonic() < until:
            _click(button, **options)


class _WhenDrawn:
    """Playwright's assertions about an element, asked again while the page shows two of it.

    Streamlit shows what stood on the page until the script has ended. Playwright waits for most
    things, and not for this one: two elements fail at once.
    """

    def __init__(self, assertions: LocatorAssertions) -> None:
        self._assertions = assertions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = getattr(self._assertions, name)

        def ask(*args: Any, **kwargs: Any) -> Any:
            until = time.monotonic() + DRAWING
            while True:
                try:
                    return asked(*args, **kwargs)
                except AssertionError as failed:
                    if "strict mode violation" not in str(failed) or time.monotonic() > until:
                        raise
                    time.sleep(0.2)

        return ask


@overload
def expect(actual: Locator) -> LocatorAssertions: ...
@overload
def expect(actual: Page) -> PageAssertions: ...
def expect(actual: Locator | Page) -> LocatorAssertions | PageAssertions:
    """What is expected of an element or a page; waits until the page is drawn."""
    if isinstance(actual, Page):
        return playwright.expect(actual)
    return cast("LocatorAssertions", _WhenDrawn(playwright.expect(actual)))


def sign_in(context: BrowserContext, server: Server, name: str, path: str = "/") -> Page:
    """Open `path` signed in, without the form; the page is not waited for."""
    with server.signed_in(name) as client:
        cookie = client.cookies[server.cookie]
    context.add_cookies([{"name": server.cookie, "value": cookie, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH_CLICKS)
    page.goto(server.url + path, wait_until="commit")
    return page


def fill_sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the form at /login and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def expect_heading(page: Page, name: str) -> None:
    """Wait until the page with this title is drawn."""
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=PATIENCE)


def expect_idle(page: Page) -> None:
    """Wait until the page's script has ended: a click while it draws can meet what it replaces."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def downloaded(page: Page, button: Locator) -> Path:
    """Click a button and wait for its file."""
    with page.expect_download(timeout=PATIENCE) as download:
        button.click()
    return download.value.path()


def expect_to_fit_a_phone(page: Page) -> None:
    """Make the window a phone's: nothing scrolls sideways in it; then as wide as it was."""
    wide = page.viewport_size
    assert wide
    page.set_viewport_size({"width": 390, "height": 844})
    until = time.monotonic() + DRAWING
    while not page.evaluate(FITS):  # the page's policy forbids wait_for_function to look twice
        assert time.monotonic() < until, f"{page.url} scrolls sideways on a phone"
        time.sleep(0.1)
    page.set_viewport_size(wide)


class Complaints:
    """What the browser blocked, and where it was sent outside of the server."""

    def __init__(self, page: Page, server: Server) -> None:
        self.blocked: list[str] = []
        self.outside: list[str] = []
        own = httpx.URL(server.url).netloc.decode()
        page.on(
            "console",
            lambda told: (
                self.blocked.append(told.text) if "Content Security Policy" in told.text else None
            ),
        )
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith(("data:", "blob:"))
                or httpx.URL(asked.url).netloc.decode() == own
                else self.outside.append(asked.url)
            ),
        )
