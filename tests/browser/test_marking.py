"""Marking words of an answer in a real browser: by key and by button, counted in code points."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.browser.driving import PATIENCE, expect, expect_to_fit_a_phone
from tests.browser.rating_site import LONG, at_work
from tests.browser.rating_site import site as site  # the fixture
from tests.serving import Server

SELECT = """(body, words) => {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  const nodes = []
  while (walker.nextNode()) nodes.push(walker.currentNode)
  const text = nodes.map(node => node.data).join("")
  const place = (at) => {
    for (const node of nodes) { if (at <= node.length) return [node, at]; at -= node.length }
  }
  const from = text.indexOf(words)
  document.getSelection().setBaseAndExtent(...place(from), ...place(from + words.length))
}"""


def select(page: Page, side: int, words: str) -> None:
    """Select these words of an answer, the first time that they stand in it."""
    page.locator(".pane .text").nth(side).evaluate(SELECT, words)


def spans_of(page: Page, action: Any) -> dict[str, list[dict[str, Any]]]:
    """Do it, and return the spans that were sent with the judgement."""
    with page.expect_request(lambda one: '"action":"judge"' in (one.post_data or "")) as sent:
        action()
    found: dict[str, list[dict[str, Any]]] = json.loads(sent.value.post_data or "")["spans"]
    return found


def test_words_are_marked_by_key_and_button_kept_sent_and_brought_back(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rune", LONG)
    marks, boxes = page.locator("mark.span"), page.locator(".spans")
    expect(boxes.first).to_be_hidden()
    answer = page.locator(".pane .text").first.inner_text()
    page.get_by_role("heading", name="Rate").evaluate(SELECT, "at")
    page.keyboard.press("m")
    expect(page.locator(".message.wrong")).to_contain_text("Select words of an answer")
    select(page, 0, "2. ")
    page.keyboard.press("m")
    expect(page.locator(".message.wrong")).to_contain_text("Flag the answer as hallucination")
    page.keyboard.press("h")
    expect(boxes.first).to_be_visible()
    expect(page.get_by_role("button", name="Mark as bias")).to_have_count(0)
    select(page, 0, "says this")
    page.keyboard.press("m")
    expect(marks).to_have_text(["says this"])
    select(page, 0, "🙂 2. ")
    page.get_by_role("button", name="Mark as hallucination").first.click()
    expect(marks).to_have_text(["says this", "🙂 2."])
    select(page, 0, "a little more.\n🙂")  # touches the second one
    page.keyboard.press("m")
    expect(marks).to_have_text(["says this", "a little more.\n🙂 2."])
    page.get_by_role("button", name="Remove the mark hallucination: says this").click()
    expect(page.locator(".unmark")).to_have_count(1)
    assert page.locator(".pane .text").first.inner_text() == answer
    page.keyboard.press("v")  # the words that differ are marked beneath
    expect(page.locator("mark.span").first).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.type("5555")
    page.keyboard.type("4442")
    select(page, 1, "17. ")
    page.keyboard.press("Shift+M")
    expect(page.locator("mark.span.bias")).to_have_text(["17."])
    page.get_by_label("Bias is below 4: what, and where?").last.fill("line 17")
    page.keyboard.press("Escape")
    page.reload()  # the draft has them
    expect(page.locator("mark.span.bias")).to_have_text(["17."], timeout=PATIENCE)
    expect_to_fit_a_phone(page)
    page.keyboard.press("ArrowLeft")
    sent = spans_of(page, lambda: page.keyboard.press("Enter"))
    (left,), (right,) = sent["left"], sent["right"]
    assert answer[left["start"] : left["end"]] == "a little more.\n🙂 2."
    assert (left["kind"], right["kind"]) == ("hallucination", "bias")
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    expect(page.locator("mark.span")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator(".rate .message")).to_contain_text("Undone.", timeout=PATIENCE)
    expect(page.locator("mark.span.bias")).to_have_text(["17."])
    page.keyboard.press("h")  # the flag is taken back, and its marks with it
    expect(page.locator("mark.span.hallucination")).to_have_count(0)
    sent = spans_of(page, lambda: page.keyboard.press("Enter"))
    assert (sent["left"], sent["right"]) == ([], [right])
