"""The team's pages and the frame, in a real browser: invitations, accounts, audit, theme, print."""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.driving import PATIENCE, downloaded, expect, expect_heading, expect_idle, sign_in
from tests.serving import DEMO, PASSWORD, Server

LIGHT = re.compile(r"^rgb\(2\d\d, 1[5-9]\d,")  # 4.5 : 1 and more on the dark paper


def test_an_invited_person_opens_the_link_joins_and_finds_it_void_afterwards(
    context: BrowserContext, other: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "lea", "/people")
    expect_heading(page, "People")
    page.get_by_text("Invite by link").click()
    page.get_by_test_id("stForm").get_by_role("radio", name="viewer", exact=True).click()
    page.get_by_label("For whom (optional)").fill("Vivian")
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_test_id("stCode").inner_text(timeout=PATIENCE).strip()
    assert link.startswith(f"{server.url}/invite?token=")
    expect(page.get_by_text("Vivian", exact=True)).to_be_visible()
    guest = other.new_page()
    guest.goto(link)
    expect(guest.get_by_text(f"lea invites you to “{DEMO}” as viewer")).to_be_visible()
    guest.get_by_label("Your name").fill("ada")
    for label in ("Password", "The password again"):
        guest.get_by_label(label, exact=True).fill(PASSWORD)
    guest.get_by_role("button").click()
    expect(guest.get_by_role("alert")).to_contain_text("This name is taken")
    guest.get_by_label("Your name").fill("Vivian")
    for label in ("Password", "The password again"):
        guest.get_by_label(label, exact=True).fill(PASSWORD)
    guest.get_by_role("button").click()
    expect(guest.get_by_text("Signed in as Vivian")).to_be_visible(timeout=PATIENCE)
    expect(guest.get_by_role("link", name="Results")).to_be_visible(timeout=PATIENCE)
    for hidden in ("Annotate", "Review", "Rate", "Train", "People", "Jobs"):
        expect(guest.get_by_role("link", name=hidden, exact=True)).to_have_count(0)
    guest.goto(link)
    expect(guest.get_by_text("was used, has expired")).to_be_visible()


def test_an_empty_page_links_only_to_where_the_person_may_go(
    context: BrowserContext, other: BrowserContext, server: Server
) -> None:
    server.add("vie", "viewer")
    page = sign_in(context, server, "vie", "/runs")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    expect(page.get_by_role("link", name="Launch one")).to_have_count(0)
    lead = sign_in(other, server, "lea", "/runs")
    expect(lead.get_by_role("link", name="Launch one")).to_be_visible()


def test_the_form_for_a_new_person_is_empty_again_after_each_one(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "ada", "/people")
    expect_heading(page, "People")
    page.get_by_text("Add a person").click()
    form = page.get_by_test_id("stForm").filter(has_text="Initial password")
    form.get_by_label("Name").fill("Newcomer")
    form.get_by_label("Initial password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="reviewer").click()
    form.get_by_role("button", name="Add person").click()
    expect(page.get_by_text("Newcomer can sign in now.")).to_be_visible(timeout=PATIENCE)
    expect(form.get_by_label("Name")).to_have_value("")
    expect(form.get_by_label("Initial password", exact=True)).to_have_value("")
    expect(form.locator("[data-selected=true]")).to_have_count(0)
    expect_idle(page)
    if not form.is_visible():
        page.get_by_text("Add a person").click()
    form.get_by_label("Name").fill("newcomer")
    form.get_by_label("Initial password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("alert")).to_contain_text("This name is taken")
    expect(form.get_by_label("Name")).to_have_value("newcomer")


def test_a_lead_reads_the_audit_of_the_project_and_exports_it(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "lea", "/audit")
    expect_heading(page, "Audit")
    expect(page.get_by_text(re.compile(r"^\d+ events$"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Whole workspace")).to_have_count(0)
    text = downloaded(page, page.get_by_role("button", name="Export CSV")).read_text("utf-8")
    assert text.startswith("when_utc,person,action,subject,subject_id,project,detail")
    assert "role given" in text


def test_a_chosen_theme_holds_on_every_page_and_after_a_reload(
    browser: Browser, server: Server
) -> None:
    with browser.new_context(color_scheme="light") as context:
        page = sign_in(context, server, "ann")
        expect_paper(page, "light")
        page.get_by_label("Theme").select_option("Dark")
        expect_paper(page, "dark")
        page.goto(f"{server.url}/account")
        expect_heading(page, "Your account")
        expect_paper(page, "dark")
        page.get_by_label("Theme").select_option("System")
        expect_paper(page, "light")


def test_a_bare_button_in_use_is_light_on_the_dark_theme(browser: Browser, server: Server) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = sign_in(context, server, "lea", "/projects")
        button = page.get_by_role("button", name="Delete project")
        button.click()
        expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
        expect(button).to_have_css("color", LIGHT, timeout=PATIENCE)


def expect_paper(page: Page, looks: Literal["light", "dark"]) -> None:
    """Wait until the app's background is light or dark; a change of theme loads the page again."""
    shade = "^rgb\\((2..|1[3-9].)," if looks == "light" else "^rgb\\((..?|1[0-2].),"
    app = page.get_by_test_id("stApp")
    expect(app).to_have_css("background-color", re.compile(shade), timeout=PATIENCE)


def test_the_head_of_a_page_is_low_and_paper_shows_the_page_alone(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "ada")
    expect_heading(page, "My work")
    head = page.locator("[class*=st-key-page_head]").bounding_box()
    assert head is not None
    assert head["height"] < 90
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
