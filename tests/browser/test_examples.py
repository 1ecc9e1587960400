"""The list of examples in a real browser: what is looked for stands in the address."""

from __future__ import annotations

import json
import re

from playwright.sync_api import BrowserContext

from tests.browser.curation_site import site as site  # the fixture
from tests.browser.driving import PATIENCE, downloaded, expect, expect_to_fit_a_phone, sign_in
from tests.serving import Server


def test_search_and_filters_survive_an_open_example_back_and_a_reload(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/examples?state=New")
    rows = page.locator(".list button")
    expect(rows).to_have_count(25, timeout=PATIENCE)
    page.get_by_label("Search").fill("number 1")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(11, timeout=PATIENCE)
    rows.first.click()
    expect(page.get_by_role("button", name="Back to the list")).to_be_visible(timeout=PATIENCE)
    page.go_back()
    expect(rows).to_have_count(11, timeout=PATIENCE)
    page.reload()
    expect(rows).to_have_count(11, timeout=PATIENCE)
    expect(page.get_by_label("Search")).to_have_value("number 1")


def test_what_is_like_an_example_is_listed_and_stays_after_a_reload(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/examples")
    page.get_by_role("button", name=re.compile("Say what number 8 times")).click()
    page.get_by_role("button", name="More like this").click()
    said = page.get_by_text("What shares most rare words with example 9")
    expect(said).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".list button").first).to_contain_text("Say what number")
    expect_to_fit_a_phone(page)
    page.get_by_role("button", name="Show all examples").click()
    expect(said).to_have_count(0, timeout=PATIENCE)


def test_a_page_of_the_list_has_an_address(context: BrowserContext, site: Server) -> None:
    page = sign_in(context, site, "cleo", "/examples?page=2")
    expect(page.get_by_text("26–30 of 30 examples")).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)


def test_an_example_is_added_by_hand_once(context: BrowserContext, site: Server) -> None:
    page = sign_in(context, site, "cleo", "/examples")
    for told in ("Example 31", "This example is here already"):
        page.get_by_text("Add an example").click()
        page.get_by_role("textbox", name="Instruction", exact=True).fill("Name a fruit.")
        page.get_by_role("textbox", name="Output", exact=True).fill("Fig.")
        page.get_by_role("button", name="Add example").click()
        expect(page.get_by_text(told).first).to_be_visible(timeout=PATIENCE)
        page.goto(f"{site.url}/examples")


def test_what_was_skipped_is_listed_with_the_reason_and_given_out_again(
    context: BrowserContext, site: Server
) -> None:
    with site.signed_in("anna") as client:
        task = client.get("/work/annotate").json()["task"]
        sent = {
            "action": "skip",
            "reason": "not my field",
            **{name: task[name] for name in ("project", "example_id", "submission_id")},
        }
        done = client.post("/work/annotate", json=sent, headers={"origin": site.url})
        assert done.json()["saved"] == [task["submission_id"]]
    page = sign_in(context, site, "cleo", "/examples?skipped=true")
    expect(page.get_by_text("not my field")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Give out again").click()
    expect(page.get_by_text("Nothing is skipped")).to_be_visible(timeout=PATIENCE)


def test_what_the_filter_matches_is_exported_and_downloaded(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/examples?text=number+1")
    expect(page.locator(".list button")).to_have_count(11, timeout=PATIENCE)
    page.get_by_role("button", name="Export").click()
    page.get_by_text("With who annotated and reviewed, and when").click()
    page.get_by_role("button", name="Export the examples that match").click()
    button = page.get_by_role("button", name="examples.jsonl")
    expect(button).to_be_visible(timeout=PATIENCE)
    lines = downloaded(page, button).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == 11
    assert all("number 1" in one["instruction"] for one in records)
    assert records[0]["provenance"]["file"] == "sums.jsonl"
    expect_to_fit_a_phone(page)


def test_a_lead_sets_aside_what_matches_after_seeing_the_count_and_takes_it_back(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/examples?text=number+2&least=10")
    expect(page.get_by_text("More filters (1)")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Change all that match").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("11 examples match.")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_role("combobox").first.click()
    page.get_by_role("option", name="Set aside").click()
    dialog.get_by_role("button", name="Set aside 11 examples").click()
    expect(page.get_by_text("cleo set aside 11 examples at once")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("— set aside")).to_have_count(11, timeout=PATIENCE)
    page.get_by_role("button", name="Undo: take the 11 back").click()
    expect(page.get_by_text("cleo set aside 11 examples at once")).to_have_count(
        0, timeout=PATIENCE
    )
    expect(page.get_by_text("— set aside")).to_have_count(0, timeout=PATIENCE)


def test_a_lead_divides_what_matches_among_two_people_and_takes_it_back(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/examples?text=number+2&least=10")
    page.get_by_role("button", name="Change all that match").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.click()
    page.get_by_role("option", name="Assign").click()
    expect(dialog.get_by_text("To whom")).to_be_visible(timeout=PATIENCE)
    for name in ("anna", "bert"):
        dialog.get_by_role("combobox").last.click()
        page.get_by_role("option", name=name).click()
    dialog.get_by_text("Change all that match").click()  # away from the list of names
    expect(dialog.get_by_text("Each gets 5 or 6.")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_role("button", name="Assign 11 examples").click()
    expect(page.get_by_text("for anna")).to_have_count(6, timeout=PATIENCE)
    expect(page.get_by_text("for bert")).to_have_count(5)
    page.get_by_role("button", name="Undo: take the 11 back").click()
    expect(page.get_by_text("for bert")).to_have_count(0, timeout=PATIENCE)
