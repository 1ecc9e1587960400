"""Curate in a real browser: a check, its findings, mends, and the way to the examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.driving import PATIENCE, expect, expect_to_fit_a_phone, sign_in
from tests.builders import triples
from tests.check_builders import DAMAGED
from tests.serving import Server, serve

PROJECT = "Checks in a browser"
TRUSTED = [
    {"instruction": f"Name the {k} largest towns of Norway.", "output": f"{k} towns."}
    for k in (3, 4)
]


@pytest.fixture(scope="module")
def checked_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, with a project whose first example and some others have flaws."""
    folder = tmp_path_factory.mktemp("curate")
    first = {"instruction": "Where was it?", "input": "Menu", "output": f"😀 {DAMAGED}"}
    rows = [first] + [
        {"instruction": i, "input": x, "output": f"{y} {DAMAGED if k < 2 else ''}".strip()}
        for k, (i, x, y) in enumerate(triples(30))
    ]
    path = folder / "menus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with serve(folder) as server:
        server.add("ada", "admin")
        done = server.touchstone("import", str(path), "--project", PROJECT, "--json")
        assert done.returncode == 0, done.stderr
        trusted = folder / "trusted.jsonl"
        trusted.write_text("".join(json.dumps(row) + "\n" for row in TRUSTED))
        done = server.touchstone("import", str(trusted), "--project", PROJECT, "--accept", "--json")
        assert done.returncode == 0, done.stderr
        server.add("cleo", "lead", PROJECT)
        yield server


def test_a_lead_checks_mends_undoes_and_follows_a_finding_into_the_text(
    context: BrowserContext, checked_site: Server
) -> None:
    page = sign_in(context, checked_site, "cleo", "/curate")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text(re.compile("Example 1$")).first).to_be_visible(timeout=PATIENCE)
    mend = page.get_by_role("button", name="Apply all 3 safe mends")
    mend.click()
    page.get_by_role("dialog").get_by_role("button", name="Apply to 3 examples").click()
    undo = page.get_by_role("button", name=re.compile("^Undo"))
    expect(undo).to_be_visible(timeout=PATIENCE)
    undo.click()
    expect(mend).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)
    page.get_by_role("link", name=re.compile("on the Examples page")).click()
    expect(page.get_by_role("button", name="More filters (1)")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1–3 of 3 examples")).to_be_visible(timeout=PATIENCE)
    page.goto(f"{checked_site.url}/annotate")
    found = page.locator(".findings li.high")
    expect(found).to_contain_text("Encoding damage", timeout=PATIENCE)
    expect(page.locator(".backdrop .found.high")).to_have_text("fÃ©")
    found.get_by_role("button").click()
    area = page.locator("textarea#output")
    expect(area).to_be_focused()
    selected = area.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)")
    assert selected == "fÃ©"
    area.fill("No damage any more.")
    expect(page.locator(".backdrop .found.high")).to_have_count(0)
    found.get_by_role("button").click()
    expect(page.get_by_text("You have changed this place")).to_be_visible()
    expect_to_fit_a_phone(page)


def test_a_point_of_the_topic_map_opens_its_example(
    context: BrowserContext, checked_site: Server
) -> None:
    page = sign_in(context, checked_site, "cleo", "/curate?part=Health")
    point = page.locator(".scatterlayer .point").first
    expect(point).to_be_visible(timeout=PATIENCE)
    point.click(force=True)
    expect(page.get_by_role("link", name=re.compile("^Open example"))).to_be_visible(
        timeout=PATIENCE
    )
    page.get_by_role("link", name=re.compile("All examples of this topic")).click()
    expect(page.get_by_role("button", name="More filters (1)")).to_be_visible(timeout=PATIENCE)


def test_a_lead_proposes_paraphrases_and_goes_from_one_to_its_source_and_back(
    context: BrowserContext, checked_site: Server
) -> None:
    page = sign_in(context, checked_site, "cleo", "/curate?part=Proposals")
    page.get_by_role("button", name="Preview").click(timeout=PATIENCE)
    expect(page.get_by_text("2 accepted examples can be a source.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The first 2:")).to_be_visible()
    page.get_by_role("button", name="Make proposals").click()
    expect(page.get_by_text("2 waiting for a review")).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)
    page.get_by_role("link", name="Synthetic examples").click()
    expect(page.get_by_text("1–2 of 2 examples")).to_be_visible(timeout=PATIENCE)
    page.locator(".list").get_by_role("button").first.click()
    page.get_by_role("link", name=re.compile("^Source: example")).click()
    expect(page.get_by_role("heading", name="Made of it")).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)


def test_a_lead_says_by_keyboard_which_proposed_answers_are_worse_and_takes_one_back(
    context: BrowserContext, checked_site: Server
) -> None:
    page = sign_in(context, checked_site, "cleo", "/curate?part=Proposals&proposals=Negatives")
    page.get_by_role("button", name="Make proposals").click(timeout=PATIENCE)
    for key, said in (
        ("", "2 to decide on"),
        ("w", "1 to decide on"),
        ("n", "No negative waits for a decision"),
        ("u", "1 to decide on"),
    ):
        if key:  # a key is heard once the page is drawn
            app = page.get_by_test_id("stApp")
            expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
            page.keyboard.press(key)
        expect(page.get_by_text(said)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1 waiting for a person, 1 confirmed as worse")).to_be_visible()
    expect_to_fit_a_phone(page)
