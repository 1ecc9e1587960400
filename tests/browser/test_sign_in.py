"""Signing in, staying in and being sent away, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from pages.navigation import existing
from tests.browser.driving import (
    PATIENCE,
    Complaints,
    expect,
    expect_heading,
    expect_to_fit_a_phone,
    fill_sign_in,
    sign_in,
)
from tests.serving import PASSWORD, Server, serve

OTHER = "quite another phrase"


def on_login(page: Page) -> None:
    page.wait_for_url(re.compile(r"/login"), timeout=PATIENCE)
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_first_ever_request_to_a_deep_link_leads_through_the_form_to_the_page(
    context: BrowserContext, tmp_path: Path
) -> None:
    with serve(tmp_path) as fresh:
        fresh.add("ada", "admin")
        page = context.new_page()
        page.goto(f"{fresh.url}/account")
        fill_sign_in(page, "ada")
        expect_heading(page, "Your account")
        assert page.url == f"{fresh.url}/account"
        expect(page.get_by_text("Signed in as ada")).to_be_visible()
        page.close()


def test_the_set_up_link_makes_an_admin_in_the_browser(
    context: BrowserContext, tmp_path: Path
) -> None:
    with serve(tmp_path, first_start=True) as fresh:
        page = context.new_page()
        page.goto(fresh.setup_link())
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The password again").fill("something else")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text("passwords differ")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The password again").fill(PASSWORD)
        page.get_by_role("button").click()
        expect(page.get_by_text("Signed in as Ada")).to_be_visible(timeout=PATIENCE)
        page.goto(fresh.setup_link())
        expect(page.get_by_text("used or replaced")).to_be_visible()
        page.close()


def test_a_wrong_password_says_so_and_keeps_the_name(
    context: BrowserContext, server: Server
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/login")
    fill_sign_in(page, "rev", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("name or the password")
    expect(page.get_by_label("Name")).to_have_value("rev")
    expect(page.get_by_label("Password")).to_be_focused()


def test_a_reload_keeps_signed_in(context: BrowserContext, server: Server) -> None:
    page = sign_in(context, server, "rev", "/account")
    expect_heading(page, "Your account")
    page.reload()
    expect_heading(page, "Your account")


def test_signing_out_in_one_tab_sends_the_other_to_the_form_and_back(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "rev", "/account")
    expect_heading(page, "Your account")
    other = context.new_page()
    other.goto(f"{server.url}/account")
    expect_heading(other, "Your account")
    other.get_by_role("button", name="Sign out", exact=True).click()
    on_login(other)
    page.bring_to_front()
    on_login(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    fill_sign_in(page, "rev")
    expect_heading(page, "Your account")


def test_a_page_whose_session_was_revoked_goes_to_the_form(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "rev", "/account")
    expect_heading(page, "Your account")
    sign_out_elsewhere(context, server)
    on_login(page)
    assert page.url.endswith("?next=%2Faccount")


@pytest.mark.parametrize("milliseconds", [0, 300, 900])
def test_a_page_whose_session_is_revoked_while_it_loads_goes_to_the_form(
    context: BrowserContext, server: Server, milliseconds: int
) -> None:
    page = sign_in(context, server, "rev", "/account")
    page.wait_for_timeout(milliseconds)
    sign_out_elsewhere(context, server)
    on_login(page)
    assert page.url.endswith("?next=%2Faccount")


def sign_out_elsewhere(context: BrowserContext, server: Server) -> None:
    """End the session of a page without a click in it."""
    token = next(one["value"] for one in context.cookies() if one["name"] == server.cookie)
    headers = {"cookie": f"{server.cookie}={token}", "origin": server.url}
    assert httpx.post(f"{server.url}/logout", headers=headers, trust_env=False).is_redirect


def test_a_role_that_is_taken_takes_effect_with_the_next_run(
    context: BrowserContext, other: BrowserContext, server: Server
) -> None:
    server.add("temp", "lead")
    page = sign_in(context, server, "temp", "/people")
    expect_heading(page, "People")
    expect(page.get_by_role("link", name="People")).to_be_visible()
    admin = sign_in(other, server, "ada", "/people")
    roles = admin.get_by_role("toolbar", name="Roles of temp")
    roles.get_by_role("button", name="lead").click()
    expect(admin.get_by_text("temp is no longer lead.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("needs the role lead")
    expect(page.get_by_role("link", name="People")).to_have_count(0)


def test_a_changed_password_keeps_this_page_and_ends_the_other(
    context: BrowserContext, other: BrowserContext, server: Server
) -> None:
    server.add("moves", "annotator")
    page = sign_in(context, server, "moves", "/account")
    elsewhere = sign_in(other, server, "moves", "/account")
    expect_heading(elsewhere, "Your account")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(OTHER)
    page.get_by_label("Repeat the new password").fill(OTHER)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    on_login(elsewhere)
    page.reload()
    expect_heading(page, "Your account")


def test_a_page_that_a_role_does_not_cover_says_which_role_it_needs(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "ann", "/people")
    expect(page.get_by_role("alert")).to_contain_text("needs the role lead")


def test_every_page_draws_without_a_blocked_file_an_error_or_sideways_scrolling(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server, "ada")
    complaints = Complaints(page, server)
    for entry in existing():
        page.goto(f"{server.url}/{entry.path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)
        expect(page.get_by_text("Something went wrong here")).to_have_count(0)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, entry.path
        expect_to_fit_a_phone(page)
        assert page.title() == f"{entry.title} · Touchstone"
    assert complaints.blocked == []
    assert complaints.outside == []
