"""Annotating in a real browser: by keyboard, two at once, back, conflicts."""

from __future__ import annotations

import re

from playwright.sync_api import APIResponse, BrowserContext, Route

from tests.browser.curation_site import (
    DRAFTS,
    at_work,
    draft_saved,
    save_as,
    shown_input,
)
from tests.browser.curation_site import site as site
from tests.browser.driving import PATIENCE, Complaints, expect, expect_to_fit_a_phone
from tests.serving import PASSWORD, Server


def test_two_annotators_at_once_hold_different_examples_and_save_by_keyboard(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    anna, bert = at_work(context, site, "anna"), at_work(other, site, "bert")
    complaints = Complaints(anna, site)
    seen = [shown_input(anna), shown_input(bert)]
    for _ in range(3):
        for page in (anna, bert):
            save_as(page, "Saved by keyboard.")
            seen.append(shown_input(page))
    assert len(set(seen)) == len(seen) == 8
    assert anna.evaluate(DRAFTS) == []
    expect(anna.get_by_text("Saved today")).to_be_visible()
    assert complaints.blocked == complaints.outside == []


def test_an_example_fetched_ahead_that_arrives_after_the_save_comes_once(
    context: BrowserContext, site: Server
) -> None:
    at_work(context, site, "anna").close()
    page = context.new_page()
    waiting: list[tuple[Route, APIResponse]] = []
    saved: list[APIResponse] = []

    def late(route: Route) -> None:
        """The example that is fetched ahead arrives just before the answer to the save."""
        if "ahead=1" in route.request.url and not waiting:
            waiting.append((route, route.fetch()))
        elif '"action":"save"' in (route.request.post_data or "") and not saved:
            saved.append(route.fetch())
            waiting[0][0].fulfill(response=waiting[0][1])
            route.fulfill(response=saved[0])
        else:
            route.continue_()

    page.route("**/work/annotate*", late)
    page.goto(f"{site.url}/annotate", wait_until="commit")
    expect(page.locator(".editor .bar")).to_be_visible(timeout=PATIENCE)
    while not waiting:
        page.wait_for_timeout(50)
    seen = [save_as(page, "Both ways bring the next one.") for _ in range(3)]
    assert len(set(seen)) == 3
    assert waiting[0][1].json()["task"]["example_id"] == saved[0].json()["task"]["example_id"]
    page.unroute_all(behavior="wait")


def test_unsaved_text_survives_a_reload_and_can_be_discarded(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "anna")
    output = page.locator("textarea#output")
    original = output.input_value()
    expect_to_fit_a_phone(page)
    output.press_sequentially("half a thought ")
    page.reload()
    expect(page.get_by_text("Restored your unsaved text")).to_be_visible(timeout=PATIENCE)
    expect(output).to_have_value(re.compile("half a thought"))
    page.get_by_role("button", name="Discard it").click()
    expect(output).to_have_value(original)
    assert page.evaluate(DRAFTS) == []


def test_an_expired_session_loses_no_text(context: BrowserContext, site: Server) -> None:
    page = at_work(context, site, "anna")
    page.locator("textarea#output").fill("Written before the session ended.")
    (cookie,) = [one for one in context.cookies() if one.get("name") == site.cookie]
    with site.client() as client:
        client.cookies.set(site.cookie, str(cookie.get("value")))
        client.post("/logout", headers={"origin": site.url})
    page.wait_for_url("**/login**", timeout=PATIENCE)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("textarea#output")).to_have_value(
        "Written before the session ended.", timeout=PATIENCE
    )
    save_as(page, "Written before the session ended.")


def test_skip_and_flag_ask_for_a_reason_and_back_opens_the_last_saved(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    first = save_as(page, "To come back to.")
    page.keyboard.press("Escape")
    for key, button in (("s", "Skip this example"), ("f", "Flag this example")):
        before = shown_input(page)
        page.keyboard.press(key)
        page.get_by_role("button", name=button).click()
        expect(page.locator("#reason")).to_have_attribute("aria-invalid", "true")
        page.locator("#reason").fill(f"because of {key}")
        page.keyboard.press("Control+Enter")
        expect(page.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_text("back to my last saved example")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("textarea#input")).to_have_value(first, timeout=PATIENCE)
    expect(page.locator("textarea#output")).to_have_value("To come back to.")


def test_back_twice_goes_back_twice_and_then_says_why_not(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "cleo")
    saved = [save_as(page, f"Number {k}.") for k in range(2)]
    page.keyboard.press("Escape")
    for text in reversed(saved):
        page.keyboard.press("b")
        expect(page.locator("textarea#input")).to_have_value(text, timeout=PATIENCE)
    page.keyboard.press("b")
    expect(page.locator(".message")).to_contain_text("no earlier example", timeout=PATIENCE)
    assert save_as(page, "Saved at once after going back.") == saved[0]


def test_a_skip_or_flag_without_a_reason_says_that_one_is_needed(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "bert")
    needed = page.get_by_text("A reason is needed")
    page.keyboard.press("Escape")
    for key in ("s", "f"):
        page.keyboard.press(key)
        expect(needed).to_have_count(0)
        page.keyboard.press("Enter")
        expect(needed).to_be_visible()
        page.keyboard.type("x")
        expect(needed).to_have_count(0)
        expect(page.locator("#reason")).not_to_have_attribute("aria-invalid", "true")
        page.keyboard.press("Escape")


def test_a_conflict_shows_both_texts_and_overwrites_nothing(
    context: BrowserContext, site: Server
) -> None:
    first = at_work(context, site, "anna")
    second = context.new_page()
    second.goto(first.url)
    expect(second.locator("textarea#output")).to_be_visible(timeout=PATIENCE)
    assert shown_input(first) == shown_input(second)
    save_as(first, "Theirs, saved first.")
    second.locator("textarea#output").fill("Mine, written meanwhile.")
    second.keyboard.press("Control+Enter")
    conflict = second.locator(".conflict")
    expect(conflict).to_be_visible(timeout=PATIENCE)
    expect(conflict.locator("del").first).to_contain_text("Theirs,")
    expect(conflict.locator("ins").first).to_contain_text("Mine,")
    expect(second.locator("textarea#output")).to_have_value("Mine, written meanwhile.")
    before = shown_input(second)
    second.get_by_role("button", name="Save mine on top").click()
    expect(second.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
    assert second.evaluate(DRAFTS) == []


def test_marks_ratings_and_remarks_by_keyboard_alone_survive_an_edit_and_a_reload(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "lena")
    given = page.locator("textarea#input")
    chips = page.locator(".field:has(#input) .made")
    given.focus()
    for key in ("Control+Home", "ArrowRight", "ArrowRight", *["Shift+ArrowRight"] * 3):
        page.keyboard.press(key)
    for key in ("Escape", "m", "1"):
        page.keyboard.press(key)
    expect(chips).to_have_text("✕ person: Ada")
    given.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("👋👋 ")
    start = given.input_value().encode("utf-16-le").index("London".encode("utf-16-le")) // 2
    given.evaluate(f"one => one.setSelectionRange({start}, {start + 6})")
    for key in ("Escape", "m", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.keyboard.press("4")
    page.keyboard.press("Tab")
    page.keyboard.type("Clear 🙂")
    draft_saved(page)
    page.reload()
    expect(page.locator(".editor .bar")).to_be_visible(timeout=PATIENCE)
    expect(chips).to_have_text("✕ person: Ada✕ place: London")
    expect(page.locator(".rating :checked")).to_have_value("4")
    expect(page.locator("textarea#label-2")).to_have_value("Clear 🙂")
    marked = page.locator(".backdrop .mark").all_inner_texts()
    assert marked == ["Ada", "London"]
    given.fill("👋👋 🙂 Ada wrote.")
    expect(page.locator(".field:has(#input) .gone")).to_contain_text("“London”")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".editor .empty")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("b")
    expect(chips).to_have_text("✕ person: Ada", timeout=PATIENCE)
    labels = page.locator(".editor").evaluate("one => one.editor.data.labels")
    assert labels == {
        "names": [{"field": "input", "start": 5, "end": 8, "option": "person", "text": "Ada"}],
        "clarity": 4,
        "remark": "Clear 🙂",
    }
    expect_to_fit_a_phone(page)


def test_a_person_saves_by_a_key_of_their_own_which_stays_in_their_browser(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "cleo")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    panel = page.locator(".panel")
    panel.get_by_role("button", name="Choose a key").click()
    expect(panel).to_contain_text("save and next: press the key you want")
    page.keyboard.press("f")
    expect(panel).to_contain_text("“F” is for: flag, with a reason")
    panel.get_by_role("button", name="Choose a key").click()
    page.keyboard.press("7")
    expect(panel).to_contain_text("Digits, the space bar and “?” have a use already")
    panel.get_by_role("button", name="Choose a key").click()
    page.keyboard.press("w")
    expect(panel).to_contain_text("“W” it is, in this browser.")
    page.reload()
    expect(page.locator("textarea#output")).to_be_visible(timeout=PATIENCE)
    before = shown_input(page)
    page.locator("textarea#output").fill("Saved by one key, wow.")
    assert shown_input(page) == before
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    panel.get_by_role("button", name="Back to the usual keys").click()
    expect(panel.get_by_role("button", name="Choose a key")).to_be_visible()
    expect(page.locator(".bar .primary")).to_contain_text("Ctrl")
