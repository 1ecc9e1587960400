"""What is typed or submitted survives a killed server, a closed tab, a lost network, two keys."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Page

from tests.browser.curation_site import (
    DRAFTS,
    OUTBOX,
    all_sent,
    at_work,
    draft_saved,
    fetched_ahead,
    save_as,
    shown_input,
)
from tests.browser.curation_site import site as site  # the fixture
from tests.browser.driving import PATIENCE, expect
from tests.serving import Server, launch, wait_until_up

RESTORED = "Restored your unsaved text"


def kill(site: Server) -> None:
    site.process.kill()
    site.process.wait(20)


def start_again(site: Server) -> None:
    site.process = launch(site.home, site.log, site.port).process
    wait_until_up(site)


def figure(page: Page, name: str) -> str:
    return page.locator(".figure", has_text=name).locator("dd").inner_text()


def test_typed_text_survives_a_killed_server_and_opens_in_another_browser(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "anna")
    example = shown_input(page)
    page.locator("textarea#output").fill("Typed before the server died.")
    draft_saved(page)
    kill(site)
    context.close()
    start_again(site)
    again = at_work(other, site, "anna")
    expect(again.get_by_text(RESTORED)).to_be_visible(timeout=PATIENCE)
    assert shown_input(again) == example
    expect(again.locator("textarea#output")).to_have_value("Typed before the server died.")
    save_as(again, "Typed before the server died.")
    assert again.evaluate(DRAFTS) == []


def test_what_is_submitted_to_a_dead_server_arrives_once_when_it_lives_again(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "cleo")
    fetched_ahead(page)
    before, saved = shown_input(page), int(figure(page, "Saved today"))
    kill(site)
    page.locator("textarea#output").fill("Sent while nobody listened.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
    expect(page.locator(".status")).to_contain_text("Offline: 1 submission", timeout=PATIENCE)
    start_again(site)
    all_sent(page)
    expect(page.locator(".figure", has_text="Saved today")).to_contain_text(str(saved + 1))
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page.locator("textarea#output")).to_have_value("Sent while nobody listened.")
    expect(page.locator(".about")).to_contain_text("revision 2")


def test_a_closed_tab_loses_nothing_that_its_own_browser_or_the_server_has(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "anna")
    output = page.locator("textarea#output")
    output.fill("Typed a while ago")
    draft_saved(page)
    output.press_sequentially(", and just now")
    page.close()
    same = at_work(context, site, "anna")
    expect(same.locator("textarea#output")).to_have_value(
        "Typed a while ago, and just now", timeout=PATIENCE
    )
    elsewhere = at_work(other, site, "anna")
    expect(elsewhere.locator("textarea#output")).to_have_value(
        re.compile("^Typed a while ago"), timeout=PATIENCE
    )


def test_a_submission_made_offline_is_sent_when_the_network_is_back(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    fetched_ahead(page)
    context.set_offline(True)
    for text in ("First without a network.", "Second without a network."):
        page.locator("textarea#output").fill(text)
        page.keyboard.press("Control+Enter")
    expect(page.locator(".status")).to_contain_text("Offline: 2 submissions", timeout=PATIENCE)
    expect(page.locator(".message")).to_contain_text("kept in this browser")
    assert page.evaluate(OUTBOX)
    context.set_offline(False)
    all_sent(page)
    expect(page.locator(".figure", has_text="Saved today")).to_contain_text("2")
    expect(page.locator(".about")).to_contain_text("new", timeout=PATIENCE)


def test_a_reload_sends_what_an_earlier_page_could_not(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    fetched_ahead(page)
    saved = int(figure(page, "Saved today"))
    context.set_offline(True)
    page.locator("textarea#output").fill("Before the reload.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".status")).to_contain_text("Offline", timeout=PATIENCE)
    page.goto("about:blank")
    context.set_offline(False)
    page.goto(f"{site.url}/annotate")
    expect(page.locator(".figure", has_text="Saved today")).to_contain_text(
        str(saved + 1), timeout=PATIENCE
    )
    assert page.evaluate(OUTBOX) == []


def test_ctrl_enter_struck_twice_is_one_revision_and_leaves_the_next_example_alone(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    fetched_ahead(page)
    before, saved = shown_input(page), int(figure(page, "Saved today"))
    page.locator("textarea#output").fill("Struck twice.")
    page.locator("textarea#output").evaluate(
        """area => { for (const _ of [1, 2]) area.dispatchEvent(new KeyboardEvent("keydown",
            { key: "Enter", ctrlKey: true, bubbles: true, composed: true })) }"""
    )
    expect(page.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
    all_sent(page)
    expect(page.locator(".figure", has_text="Saved today")).to_contain_text(str(saved + 1))
    expect(page.locator(".about")).to_contain_text(re.compile("new · revision 1"))


def test_the_address_follows_the_open_example_and_opens_it_again(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    save_as(page, "To be linked to.")
    wanted = shown_input(page)
    (example,) = parse_qs(urlsplit(page.url).query)["example"]
    page.reload()
    expect(page.locator("textarea#input")).to_have_value(wanted, timeout=PATIENCE)
    page.goto(f"{site.url}/annotate?example={example}")
    expect(page.locator("textarea#input")).to_have_value(wanted, timeout=PATIENCE)
    page.goto(f"{site.url}/annotate?example=ex_of_nobody")
    expect(page.locator(".message")).to_contain_text("does not exist", timeout=PATIENCE)
    expect(page.locator("textarea#input")).to_be_visible()
