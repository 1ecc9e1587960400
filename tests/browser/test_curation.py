"""Import, bulk acceptance, freezing and the list in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.browser.curation_site import at_work
from tests.browser.curation_site import site as site  # the fixture
from tests.browser.driving import (
    PATIENCE,
    downloaded,
    expect,
    expect_heading,
    expect_to_fit_a_phone,
    sign_in,
)
from tests.serving import Server

INJECTION = "<img src=x onerror=document.title='pwned'> **bold** $x$"


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
    rejected = downloaded(page, page.get_by_role("button", name="Download 2 rejected records"))
    assert rejected.read_text().splitlines()[1].startswith("3,")
    page.get_by_role("button", name="Import another file").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Import 2 examples").click()
    expect(page.get_by_text("Nothing was added")).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)
    page.get_by_role("button", name="Import another file").click()
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    page.locator("input[type=file]").set_input_files(tmp_path / "picture.csv")
    expect(page.get_by_text("This is a PNG image")).to_be_visible(timeout=PATIENCE)
    assert page.title() != "pwned"


def test_a_bulk_button_whose_number_has_changed_since_takes_the_first_click(
    context: BrowserContext, other: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "cleo", "/review")
    button = page.get_by_role("button", name="untouched ones too")
    number = button.inner_text(timeout=PATIENCE)
    at_work(other, site, "anna")  # what she holds is not accepted in bulk
    button.click()
    expect(page.get_by_role("dialog")).to_contain_text("Accept many examples", timeout=PATIENCE)
    expect(button).not_to_have_text(number)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)


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
    expect_to_fit_a_phone(page)
    page.goto(f"{site.url}/versions")
    expect_heading(page, "Dataset versions")
    page.get_by_label("Name").fill("first cut")
    page.get_by_role("button", name=re.compile(r"^Freeze \d+ examples$")).click()
    expect(page.get_by_text("Content hash")).to_be_visible(timeout=PATIENCE)
    expect_to_fit_a_phone(page)
    page.get_by_role("button", name="Export as JSONL").click()
    exported = downloaded(page, page.get_by_role("button", name="all.jsonl"))
    lines = exported.read_text().splitlines()
    assert len(lines) > 20
    assert {json.loads(line)["split"] for line in lines} == {"train", "validation", "test"}
