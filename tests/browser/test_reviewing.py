"""Reviewing in a real browser: sending back, comments, undo."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.browser.curation_site import (
    DRAFTS,
    all_sent,
    at_work,
    review_until,
    save_as,
    shown_input,
)
from tests.browser.curation_site import site as site
from tests.browser.driving import PATIENCE, expect, sign_in
from tests.serving import Server

TWICE = "Annotated by two"
CRITICAL = "Reviewed by two"
INJECTION = "<img src=x onerror=document.title='pwned'> **bold** $x$"


def open_sent_back(page: Page) -> None:
    """Save what is open; the figure then tells of what came back, and opens it."""
    save_as(page, "The one that she still held.")
    page.locator(".figure").get_by_role("button", name="Open").click()
    expect(page.locator(".about")).to_contain_text("sent back", timeout=PATIENCE)


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
    open_sent_back(anna)
    assert shown_input(anna) == text
    expect(anna.locator(".note").get_by_text("Say it shorter, please.")).to_be_visible()
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
    anna.goto(f"{site.url}/")
    anna.get_by_role("button", name="Revise what was sent back").click()
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
        all_sent(page)
        expect(page.locator(".editor.busy")).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("link", name="Annotate").first.click()
    expect(page.locator("textarea#output")).to_be_visible(timeout=PATIENCE)
    expect(elsewhere).to_have_count(0)
    assert page.evaluate(DRAFTS) == []


def test_an_undone_decision_comes_back_before_the_next_example(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    anna = at_work(other, site, "anna")
    texts = [save_as(anna, f"Decide on {k}.") for k in range(2)]
    page = at_work(context, site, "cleo", "/review")
    review_until(page, texts[0])
    about = page.locator(".about").inner_text()
    page.keyboard.press("a")
    expect(page.locator(".about")).not_to_have_text(about, timeout=PATIENCE)
    all_sent(page)
    page.keyboard.press("u")
    expect(page.locator(".about")).to_have_text(about, timeout=PATIENCE)
    expect(page.get_by_text(texts[0]).first).to_be_visible()
    expect(page.locator(".history")).to_contain_text("History")


def test_two_people_annotate_each_example_and_a_reviewer_uses_one_by_keyboard(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    done = site.touchstone(
        "import", str(site.home.parent / "sums.jsonl"), "--project", TWICE, "--json"
    )
    assert done.returncode == 0, done.stderr
    for name, role in (("lena", "lead"), ("ivo", "annotator"), ("ute", "annotator")):
        site.add(name, role, TWICE)
    site.add("rolf", "reviewer", TWICE)
    lead = sign_in(context, site, "lena", "/projects")
    people = lead.get_by_role("spinbutton", name="People per example")
    people.fill("2", timeout=PATIENCE)
    people.press("Enter")
    expect(lead.get_by_text("annotated by 2 people: 2 times the work")).to_be_visible()
    lead.get_by_role("button", name="Save settings").click()
    expect(lead.get_by_text("Saved. Versions")).to_be_visible(timeout=PATIENCE)
    for name, output in (("ivo", "It makes what Ivo says."), ("ute", "It makes what Ute says.")):
        annotate_over_http(site, name, output)
    page = at_work(other, site, "rolf", "/review")
    expect(page.locator(".note").get_by_text("2 annotators differ")).to_be_visible()
    cards = page.locator(".annotations .card")
    expect(cards).to_have_count(2)
    for part in (".annotations", ".history", ".note"):  # members are named where one mentions them
        expect(page.locator(part).first).not_to_contain_text("ivo")
    page.keyboard.press("c")
    page.keyboard.press("c")
    expect(cards.nth(1)).to_contain_text("B is used")
    page.get_by_role("button", name="Accept annotation B").click()
    expect(page.locator(".empty")).to_be_visible(timeout=PATIENCE)
    lead.goto(f"{site.url}/agreement")
    expect(lead.get_by_role("heading", name="By pair of people")).to_be_visible(timeout=PATIENCE)
    expect(lead.get_by_text("Similarity of outputs")).to_be_visible()


def annotate_over_http(site: Server, name: str, output: str) -> None:
    """Somebody without a browser annotates what comes next."""
    with site.signed_in(name) as client:
        task = client.get("/work/annotate").json()["task"]
        names = ("project", "submission_id", "example_id", "based_on", "labels", "quality")
        fields = {**task["fields"], "output": output}
        body = {**{one: task[one] for one in names}, "action": "save", "fields": fields}
        said = client.post("/work/annotate", json=body, headers={"origin": site.url})
        assert said.json()["saved"] == [task["submission_id"]]


def test_a_lead_marks_an_example_critical_and_the_second_reviewer_sees_nothing_of_the_first(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    done = site.touchstone(
        "import", str(site.home.parent / "sums.jsonl"), "--project", CRITICAL, "--json"
    )
    assert done.returncode == 0, done.stderr
    for name, role in (("mia", "lead"), ("udo", "annotator"), ("one", "reviewer")):
        site.add(name, role, CRITICAL)
    site.add("two", "reviewer", CRITICAL)
    annotate_over_http(site, "udo", "It makes what Udo says.")
    lead = sign_in(context, site, "mia", "/examples?state=Annotated")
    lead.locator(".list button").first.click(timeout=PATIENCE)
    lead.get_by_role("button", name="Mark critical …").click(timeout=PATIENCE)
    lead.get_by_role("button", name="Mark this example").click()
    expect(lead.get_by_text("annotated, critical")).to_be_visible(timeout=PATIENCE)
    back = lead.get_by_role("button", name="Take the mark from this example")
    expect(back).to_be_hidden()  # a second click takes nothing back
    with site.signed_in("one") as client:
        task = client.get("/work/review").json()["task"]
        names = ("project", "submission_id", "example_id", "based_on", "labels", "quality")
        body = {**{one: task[one] for one in names}, "fields": task["fields"]}
        body |= {"action": "accept", "comment": "Right as it is."}
        said = client.post("/work/review", json=body, headers={"origin": site.url}).json()
        assert (said["task"], said["figures"]["waiting"]) == (None, 0)
    page = at_work(other, site, "two", "/review")
    expect(page.locator(".note").get_by_text("Critical: two reviewers")).to_be_visible()
    expect(page.locator(".editor")).not_to_contain_text("Right as it is.")
    expect(page.locator(".history").first).not_to_contain_text("one accepted")
    lead.reload()
    expect(lead.get_by_text("Accepted by 1 of 2 reviewers")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("a")
    expect(page.locator(".empty")).to_be_visible(timeout=PATIENCE)
    lead.reload()
    expect(lead.get_by_text("accepted, critical")).to_be_visible(timeout=PATIENCE)
