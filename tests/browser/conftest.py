"""One Chromium and one server for all browser tests of a run; an emptied browser context per test.

A test that signs in: `page = sign_in(context, server, "ada")` from tests.browser.driving.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from tests.browser.driving import click
from tests.serving import Server, serve

# Only one such flag counts, so what matters here of Playwright's own stands in it again. The last
# two draw a list under the address bar of every window, at a sixth of Chromium's time.
SWITCHED_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(SWITCHED_OFF)}",
)
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_chromium(playwright: Playwright) -> str | None:
    """CHROMIUM, else the system's, else Playwright's own; None when there is none."""
    own = playwright.chromium.executable_path
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), own]
    return next((path for path in found if path and Path(path).is_file()), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            told = "NO BROWSER TESTS: no Chromium found. Install one, or name it in CHROMIUM."
            if os.environ.get("CI") == "true":
                pytest.fail(told)
            pytest.skip(told)
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Locator, "click", click)
            yield browser
        try:
            browser.close()
        except Error:
            return


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the admin `ada` and, in the demo project, `lea`, `ann` and `rev`."""
    with serve(tmp_path_factory.mktemp("browser")) as server:
        server.add("ada", "admin")
        for name, role in (("lea", "lead"), ("ann", "annotator"), ("rev", "reviewer")):
            server.add(name, role)
        yield server


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Iterator[list[BrowserContext]]:
    """The browser contexts that lie ready: their caches hold the pages' scripts."""
    ready: list[BrowserContext] = []
    yield ready
    for one in ready:
        one.close()


@contextmanager
def a_window(browser: Browser, windows: list[BrowserContext]) -> Iterator[BrowserContext]:
    """A person's browser: nobody is signed in, and nothing is stored but the scripts' cache.

    Use it, not a context of its own: in a new one every script is compiled again.
    """
    # Without a graphics card an animation costs more than the page that it is on.
    context = (
        windows.pop() if windows else browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    )
    yield context
    if emptied(context):
        windows.append(context)


def emptied(context: BrowserContext) -> bool:
    """Close the pages and forget what they stored; False where the test has closed the context."""
    try:
        context.set_offline(False)
        for page in context.pages:
            origin = page.evaluate("location.origin")
            session = context.new_cdp_session(page)
            session.send(
                "Storage.clearDataForOrigin",
                {"origin": origin, "storageTypes": "local_storage,indexeddb"},
            )
            page.close()
        # Only now: a page that misses its session goes to the form, and is never seen to close.
        context.clear_cookies()
    except Error:
        with suppress(Error):
            context.close()
        return False
    return True


@pytest.fixture
def context(browser: Browser, windows: list[BrowserContext]) -> Iterator[BrowserContext]:
    with a_window(browser, windows) as context:
        yield context


@pytest.fixture
def other(browser: Browser, windows: list[BrowserContext]) -> Iterator[BrowserContext]:
    """A second person's browser."""
    with a_window(browser, windows) as context:
        yield context
