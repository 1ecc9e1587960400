"""Import, annotate, review, freeze in a real browser: what people see, and what is never lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.driving import PATIENCE, Complaints, expect_heading, sign_in
from tests.builders import triples
from tests.serving import PASSWORD, Server

PROJECT = "Curation in a browser"
PEOPLE = {"cleo": "lead", "anna": "annotator", "bert": "annotator", "rita": "reviewer"}
DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('touchstone.draft.'))"
INJECTION = "<img src=x onerror=document.title='pwned'> **bold** $x$"


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server with a project of 30 examples and people who have roles in it alone."""
    path = tmp_path_factory.mktemp("curation") / "sums.jsonl"
    lines = [{"instruction": i, "input": x, "output": y} for i, x, y in triples(30)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = server.touchstone("import", str(path), "--project", PROJECT, "--json")
    assert done.returncode == 0, done.stderr
    for name, role in PEOPLE.items():
        server.add(name, role, PROJECT)
    return server


@pytest.fixture
def other(browser: Browser) -> Iterator[BrowserContext]:
    """A second person's browser."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def at_work(context: BrowserContext, site: Server, name: str, path: str = "/annotate") -> Page:
    """Signed in, with an example in the editor."""
    page = sign_in(context, site, name, path)
    expect(page.locator(".editor .bar")).to_be_visible(timeout=PATIENCE)
    return page


def shown_input(page: Page) -> str:
    return page.locator("textarea#input").input_value()


def save_as(page: Page, text: str) -> str:
    """Write an output, save with the keyboard, wait for the next example; the input it was."""
    before = shown_input(page)
    page.locator("textarea#output").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("textarea#input")).not_to_have_value(before, timeout=PATIENCE)
    return before


def review_until(page: Page, text: str) -> None:
    """Accept what comes before the example with this text, until that one is open."""
    while page.get_by_text(text).count() == 0:
        page.keyboard.press("a")
        expect(page.locator(".editor.busy")).to_have_count(0, timeout=PATIENCE)
        page.wait_for_timeout(400)


def test_two_annotators_at_once_hold_different_examples_and_save_by_keyboard(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    anna, bert = at_work(context, site, "anna"), at_work(other, site, "bert")
    complaints = Complaints(anna, site)
    seen = {shown_input(anna), shown_input(bert)}
    assert len(seen) == 2
    for page in (anna, bert):
        save_as(page, "Saved by keyboard.")
        seen.add(shown_input(page))
    assert len(seen) == 4
    assert anna.evaluate(DRAFTS) == []
    expect(anna.get_by_text("Saved today")).to_be_visible()
    assert complaints.blocked == complaints.outside == []


def test_unsaved_text_survives_a_reload_and_can_be_discarded(
    context: BrowserContext, site: Server
) -> None:
    page = at_work(context, site, "anna")
    output = page.locator("textarea#output")
    original = output.input_value()
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


def test_a_reviewer_sends_back_with_a_comment_and_the_annotator_reads_it(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    anna = at_work(context, site, "anna")
    text = save_as(anna, f"Look at me. {INJECTION}")
    rita = at_work(other, site, "rita", "/review")
    review_until(rita, text)
    expect(rita.locator(".changes ins").first).to_contain_text("Look")
    rita.keyboard.press("s")
    rita.keyboard.type("Say it shorter, please.")
    rita.keyboard.press("Escape")
    expect(rita.locator(".panel")).to_be_hidden()
    expect(rita.locator("textarea#comment")).to_have_value("Say it shorter, please.")
    rita.keyboard.press("s")
    expect(rita.get_by_text(text)).to_have_count(0, timeout=PATIENCE)
    save_as(anna, "The one that she still held.")
    expect(anna.locator(".note").get_by_text("Say it shorter, please.")).to_be_visible(
        timeout=PATIENCE
    )
    assert anna.title() != "pwned"
    assert rita.title() != "pwned"


def test_sending_back_ends_with_ctrl_enter_and_that_accepts_nothing(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    anna = at_work(context, site, "anna")
    text = save_as(anna, "To be sent back by keyboard.")
    rita = at_work(other, site, "rita", "/review")
    review_until(rita, text)
    rita.keyboard.press("s")
    finish = rita.locator(".panel").get_by_role("button", name="Send back")
    expect(finish).to_contain_text("Ctrl")
    expect(rita.get_by_role("button", name="Accept", exact=True)).not_to_contain_text("Ctrl")
    rita.keyboard.press("Control+Enter")
    expect(rita.get_by_text("A comment is needed")).to_be_visible()
    expect(rita.get_by_text(text).first).to_be_visible()
    rita.keyboard.type("Name the unit, too.")
    expect(rita.get_by_text("A comment is needed")).to_have_count(0)
    rita.keyboard.press("Control+Enter")
    expect(rita.get_by_text(text)).to_have_count(0, timeout=PATIENCE)
    save_as(anna, "The one that she still held.")
    expect(anna.locator(".note").get_by_text("Name the unit, too.")).to_be_visible(timeout=PATIENCE)


def test_a_comment_goes_with_the_last_decision_and_never_to_the_annotate_page(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    save_as(at_work(other, site, "anna"), "Waits for a review.")
    page = at_work(context, site, "cleo", "/review")
    comment = page.locator("textarea#comment")
    elsewhere = page.get_by_text("unsaved text")
    comment.fill("Half a comment")
    page.goto(f"{site.url}/annotate")
    expect(page.locator("textarea#output")).to_be_visible(timeout=PATIENCE)
    expect(elsewhere).to_have_count(0)
    page.goto(f"{site.url}/review")
    expect(comment).to_have_value("Half a comment", timeout=PATIENCE)
    while comment.count():
        comment.fill("Well said.")
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        expect(page.locator(".editor.busy")).to_have_count(0, timeout=PATIENCE)
        page.wait_for_timeout(400)
    page.get_by_role("link", name="Annotate").first.click()
    expect(page.locator("textarea#output")).to_be_visible(timeout=PATIENCE)
    expect(elsewhere).to_have_count(0)
    assert page.evaluate(DRAFTS) == []


def test_a_file_is_looked_at_first_and_its_bad_records_are_listed(
    context: BrowserContext, site: Server, tmp_path: Path
) -> None:
    path = tmp_path / "odd names.jsonl"
    good = {"question": "Who?", "answer": INJECTION}
    path.write_text("\n".join([json.dumps(good), json.dumps(good), "no json", '{"question": "?"}']))
    page = sign_in(context, site, "cleo", "/import")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(path)
    expect(page.get_by_text("Nothing is stored yet.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("line 3:")).to_be_visible()
    page.get_by_role("button", name="Import 2 examples").click()
    expect(page.get_by_text("Import result")).to_be_visible(timeout=PATIENCE)
    figures = page.get_by_test_id("stMetricValue")
    expect(figures).to_have_text(["1", "1", "2"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 2 rejected records").click()
    assert download.value.path().read_text().splitlines()[1].startswith("3,")
    page.get_by_role("button", name="Import another file").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Import 2 examples").click()
    expect(page.get_by_text("Nothing was added")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Import another file").click()
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    page.locator("input[type=file]").set_input_files(tmp_path / "picture.csv")
    expect(page.get_by_text("This is a PNG image")).to_be_visible(timeout=PATIENCE)
    assert page.title() != "pwned"


def test_a_lead_accepts_in_bulk_undoes_it_and_freezes_a_version(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/review")
    page.get_by_role("button", name="untouched ones too").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Accept")).click()
    undo = page.get_by_role("button", name=re.compile("^Undo: take"))
    expect(undo).to_be_visible(timeout=PATIENCE)
    undo.click()
    expect(undo).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("button", name="untouched ones too").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Accept")).click()
    expect(undo).to_be_visible(timeout=PATIENCE)
    page.goto(f"{site.url}/versions")
    expect_heading(page, "Dataset versions")
    page.get_by_label("Name").fill("first cut")
    page.get_by_role("button", name=re.compile(r"^Freeze \d+ examples$")).click()
    expect(page.get_by_text("Content hash")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Export as JSONL").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="all.jsonl").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) > 20
    assert {json.loads(line)["split"] for line in lines} == {"train", "validation", "test"}


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, site: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = sign_in(context, site, "cleo", "/annotate")
    for title in ("Annotate", "Review", "Examples", "Dataset versions", "Import"):
        page.goto(f"{site.url}/{title.lower().rsplit(maxsplit=1)[-1]}")
        expect_heading(page, title)
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
