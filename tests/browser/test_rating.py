"""Rating in a real browser: by keyboard alone, one round trip each, nothing lost, nothing told."""

from __future__ import annotations

import json
import re
import time
from html import unescape

from playwright.sync_api import APIResponse, BrowserContext, Page, Route

from tests.browser.driving import PATIENCE, Complaints, downloaded, expect, sign_in
from tests.browser.rating_site import LONG, TWINS, WORK, Wire, at_work, pair_number, rate
from tests.browser.rating_site import site as site  # the fixture
from tests.serving import Server

GIVEAWAYS = ("Model one", "Run two", "sys_", "run_", "baseline_left", "candidate", "generations")
DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('touchstone.rate.')).length"


def test_pairs_are_rated_by_keyboard_with_one_round_trip_each(
    context: BrowserContext, site: Server
) -> None:
    page, wire = at_work(context, site, "rita")
    complaints = Complaints(page, site)
    coverage = page.locator(".coverage")
    expect(coverage).to_contain_text("0 of 12 pairs rated · 10 % rule: 0 of 3 needed")
    for done, choice in enumerate(("ArrowLeft", "d", "g"), start=1):
        rate(page, choice)
        assert wire.judged == done
        expect(coverage).to_contain_text(f"{done} of 12 pairs rated")
    expect(coverage).to_contain_text("10 % rule met: 3 needed")
    assert pair_number(page) == "Pair 4 of 12"
    page.reload()
    expect(page.locator(".rate header b")).to_have_text("Pair 4 of 12", timeout=PATIENCE)
    assert page.evaluate(DRAFTS) == 0
    assert complaints.blocked == complaints.outside == []


def test_a_pair_that_comes_by_two_ways_at_once_is_shown_once(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rolf", LONG)
    page.close()
    page = context.new_page()
    waiting: list[tuple[Route, APIResponse]] = []

    def late(route: Route) -> None:
        """The pair that is fetched ahead arrives when the judgement is on its way."""
        judged = '"action":"judge"' in (route.request.post_data or "")
        if "holding=" in route.request.url and not waiting:
            waiting.append((route, route.fetch()))
        elif judged and len(waiting) == 1:
            answer = route.fetch()
            waiting[0][0].fulfill(response=waiting[0][1])
            waiting.append((route, answer))
            route.fulfill(response=answer)
        else:
            route.continue_()

    page.route("**/work/rate*", late)
    project_id = site.projects[LONG]  # type: ignore[attr-defined]
    page.goto(f"{site.url}/rate?project={project_id}", wait_until="commit")
    expect(page.locator(".rate .pair")).to_be_visible(timeout=PATIENCE)
    rate(page)
    rate(page)
    assert len(waiting) == 2
    page.unroute_all(behavior="wait")


def test_what_was_saved_last_is_taken_back_by_a_key_with_all_that_was_entered(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "remy")
    first = pair_number(page)
    task = page.locator(".rate .task").inner_text()
    page.keyboard.press("h")
    rate(page, "g", "45344444")
    coverage = page.locator(".coverage").inner_text()
    page.keyboard.press("z")
    expect(page.locator(".rate .message")).to_contain_text("Undone.", timeout=PATIENCE)
    assert pair_number(page) == first
    assert page.locator(".rate .task").inner_text() == task
    assert page.locator(".coverage").inner_text() != coverage
    chosen = page.locator(".rate .choice[aria-pressed=true]")
    expect(chosen).to_have_attribute("data-choice", "tie_good")
    expect(page.locator(".rate .point[aria-checked=true]")).to_have_count(8)
    expect(page.locator(".rate .flag[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator(".rate header b")).not_to_have_text(first, timeout=PATIENCE)
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    assert page.locator(".coverage").inner_text() == coverage
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_ratings_that_are_typed_again_after_backspace_all_count(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "remy")
    page.keyboard.press("g")
    page.keyboard.type("44455554")
    assert chosen_points(page) == "44455554"
    for _ in range(3):
        page.keyboard.press("Backspace")
    page.keyboard.type("235")
    assert chosen_points(page) == "44455235"
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("4")
    assert chosen_points(page) == "44455245"
    before = pair_number(page)
    page.keyboard.press("Enter")
    expect(page.locator(".rate header b")).not_to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    page.reload()
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("z")
    expect(page.locator(".rate header b")).to_have_text(before, timeout=PATIENCE)
    assert chosen_points(page) == "44455245"
    page.keyboard.press("Enter")
    expect(page.locator(".rate header b")).not_to_have_text(before, timeout=PATIENCE)


def chosen_points(page: Page) -> str:
    """The ratings as they are marked, left answer first."""
    return "".join(page.locator(".rate .point[aria-checked=true]").all_inner_texts())


def test_low_bias_asks_why_and_letters_typed_there_choose_nothing(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "remy")
    before = pair_number(page)
    page.keyboard.press("b")
    page.keyboard.type("4442")
    page.keyboard.type("5555")
    page.keyboard.press("Enter")
    expect(page.locator(".message.wrong")).to_contain_text("left answer's bias is below 4")
    page.keyboard.type("a dig in line 2, g b x 1 5")
    expect(page.locator(".message.wrong")).to_have_count(0)
    pressed = page.locator('.choice[aria-pressed="true"]')
    expect(pressed).to_have_attribute("data-choice", "tie_bad")
    expect(page.locator(".remark textarea").first).to_have_value("a dig in line 2, g b x 1 5")
    page.reload()
    expect(pressed).to_have_attribute("data-choice", "tie_bad", timeout=PATIENCE)
    expect(page.locator(".remark textarea").first).to_have_value("a dig in line 2, g b x 1 5")
    page.locator(".remark textarea").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".rate header b")).not_to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)


def test_a_judgement_refused_by_a_closed_study_is_kept_and_saved_when_it_reopens(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rosa")
    project_id = site.projects[WORK]  # type: ignore[attr-defined]
    lead = sign_in(other, site, "lena", f"/studies?project={project_id}")
    lead.get_by_role("button", name="Close to ratings").click()
    expect(lead.get_by_role("button", name="Reopen")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("a")
    page.keyboard.type("44455554")
    page.keyboard.press("Enter")
    expect(page.locator(".message.wrong")).to_contain_text("closed this study", timeout=PATIENCE)
    expect(page.locator(".message.wrong")).to_contain_text("kept in this browser")
    assert page.evaluate(DRAFTS) > 0
    lead.get_by_role("button", name="Reopen").click()
    expect(lead.get_by_role("button", name="Close to ratings")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Save again").click()
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    expect(page.locator(".rate .pair")).to_be_visible()


def wait_for_answers(page: Page, wire: Wire, number: int) -> None:
    """Wait until so many answers of the route have come."""
    until = time.monotonic() + PATIENCE / 1000
    while len(wire.payloads()) < number:
        assert time.monotonic() < until, f"{len(wire.payloads())} of {number} answers came"
        page.wait_for_timeout(50)


def test_with_the_systems_swapped_the_browser_gets_the_same(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    sent, shown = [], []
    for window, project in zip((context, other), TWINS, strict=True):
        page, wire = at_work(window, site, "rita", project)
        shown.append(page.locator(".rate").inner_text())
        # Which pair an answer brings depends on whether the one ahead is there by then.
        wait_for_answers(page, wire, 2)
        rate(page, "ArrowRight")
        wait_for_answers(page, wire, 3)
        rate(page, "g", "12355555")
        shown.append(page.locator(".rate").inner_text())
        page.get_by_role("button", name="Finish for now").click()
        expect(page.locator(".rate header b")).to_have_text("Question 1 of 2", timeout=PATIENCE)
        shown.append(page.locator(".rate").inner_text())
        page.keyboard.press("d")
        expect(page.locator(".rate header b")).to_have_text("Question 2 of 2", timeout=PATIENCE)
        shown.append(page.locator(".rate").inner_text())
        sent.append(wire.payloads())
        told = wire.received() + page.content().encode()
        assert [word for word in GIVEAWAYS if word.encode() in told] == []
    assert len(sent[0]) >= 5
    answers = [json.loads(payload) for payload in sent[0]]
    tasks = [one["task"] or one["question"] for one in answers]
    assert all(task["left"] != task["right"] for task in tasks)
    assert sent[0] == sent[1]
    assert shown[:4] == shown[4:]


def test_who_finishes_guesses_by_keyboard_which_answer_is_the_tuned_one(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "remy")
    rate(page)
    page.keyboard.press("h")
    before = pair_number(page)
    page.get_by_role("button", name="Finish for now").click()
    title = page.locator(".rate header b")
    expect(title).to_contain_text("Question 1 of ", timeout=PATIENCE)
    total = int(title.inner_text().split()[-1])
    for number, key in zip(range(1, total + 1), "adx" * total, strict=False):
        expect(title).to_have_text(f"Question {number} of {total}", timeout=PATIENCE)
        page.keyboard.press(key)
    expect(page.get_by_text("You can go on rating at any time.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Go on rating").click()
    expect(title).to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".rate .flag[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("h")
    page.get_by_role("button", name="Finish for now").click()
    expect(page.get_by_text("Thank you")).to_be_visible(timeout=PATIENCE)


def test_a_lead_with_pairs_left_is_asked_before_results_are_shown_and_stands_in_the_ledger(
    context: BrowserContext, site: Server
) -> None:
    project_id = site.projects[TWINS[0]]  # type: ignore[attr-defined]
    page = sign_in(context, site, "lou", f"/results?project={project_id}")
    told = page.get_by_text("to rate in this study.")
    expect(told).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Rate first").click()
    expect(page.locator(".rate .pair")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("counted apart")).to_have_count(0)
    rate(page)
    page.goto(f"{site.url}/results?project={project_id}", wait_until="commit")
    page.get_by_role("button", name="Show the results").click()
    expect(page.get_by_text("Who has seen what")).to_be_visible(timeout=PATIENCE)
    page.goto(f"{site.url}/rate?project={project_id}", wait_until="commit")
    expect(page.get_by_text("what you rate from now on is counted apart")).to_be_visible(
        timeout=PATIENCE
    )


def test_words_that_differ_are_marked_and_what_was_rated_today_can_be_changed(
    context: BrowserContext, site: Server
) -> None:
    page, wire = at_work(context, site, "rhea", TWINS[0])
    texts = page.locator(".pane .text").all_inner_texts()
    page.keyboard.press("v")
    expect(page.locator(".pane mark")).to_have_count(2)  # the fruit alone differs
    marked = page.locator(".pane mark").all_inner_texts()
    assert all(word in text for word, text in zip(marked, texts, strict=True))
    assert page.locator(".pane .text").all_inner_texts() == texts
    rate(page, "a")
    expect(page.locator(".pane mark")).to_have_count(2)  # it stays as it was chosen
    page.keyboard.press("v")
    expect(page.locator(".pane mark")).to_have_count(0)
    second = page.locator(".rate .task").inner_text()
    rate(page, "g", "12345555")
    rate(page, "d")
    page.keyboard.press("l")
    listed = page.locator(".rated li")
    expect(listed).to_have_count(3, timeout=PATIENCE)
    assert [row.split("\n")[-1] for row in listed.all_inner_texts()] == [
        "right better", "both good", "left better",
    ]  # fmt: skip
    listed.nth(1).get_by_role("button").click()
    expect(page.locator(".rate .message")).to_contain_text("Undone.", timeout=PATIENCE)
    assert page.locator(".rate .task").inner_text() == second
    assert chosen_points(page) == "12345555"
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    assert [word for word in GIVEAWAYS if word.encode() in wire.received()] == []
    page.keyboard.press("l")
    expect(listed.first).to_contain_text("both bad", timeout=PATIENCE)


def test_a_chart_is_saved_with_its_title_as_svg_and_as_png(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "lou", TWINS[0])
    rate(page)
    project_id = site.projects[TWINS[0]]  # type: ignore[attr-defined]
    page.goto(f"{site.url}/results?project={project_id}", wait_until="commit")
    asked = page.get_by_role("button", name="Show the results")
    svg = page.get_by_role("button", name="SVG of:").first
    expect(asked.or_(svg).first).to_be_visible(timeout=PATIENCE)
    if asked.is_visible():  # who has seen them in another test is not asked again
        asked.click()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=PATIENCE)
    title = (svg.get_attribute("aria-label") or "").removeprefix("SVG of: ")
    picture = downloaded(page, svg).read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    texts = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", picture)))
    assert title in texts
    png = downloaded(page, page.get_by_role("button", name="PNG of:").first)
    assert png.read_bytes().startswith(b"\x89PNG")
