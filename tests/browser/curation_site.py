"""A project to curate in a real browser, and what annotators and reviewers do again and again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from core.labels.field import LabelField
from core.workspace import Workspace
from storage.store import Store
from tests.browser.driving import PATIENCE, expect, sign_in
from tests.builders import a_project, new_database, some_examples, triples
from tests.serving import Server, serve

PROJECT = "Curation in a browser"
PEOPLE = {"cleo": "lead", "anna": "annotator", "bert": "annotator", "rita": "reviewer"}
LABELLED = "Labels in a browser"
LABELS = (
    LabelField("names", ("person", "place"), "span"),
    LabelField("clarity", kind="rating", ends=("unclear", "clear")),
    LabelField("remark", kind="text"),
)
LETTER = "🙂 Ada wrote from London."
DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('touchstone.draft.'))"
OUTBOX = "Object.keys(localStorage).filter(key => key.startsWith('touchstone.outbox.'))"


def fill(server: Server, folder: Path, examples: int = 30) -> None:
    """The project with examples, and people who have roles in it alone."""
    path = folder / "sums.jsonl"
    lines = [{"instruction": i, "input": x, "output": y} for i, x, y in triples(examples)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = server.touchstone("import", str(path), "--project", PROJECT, "--json")
    assert done.returncode == 0, done.stderr
    for name, role in PEOPLE.items():
        server.add(name, role, PROJECT)


def add_labelled(folder: Path) -> None:
    """A project with labels of every kind, before the server owns the workspace."""
    home = folder / "workspace"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(new_database(with_demo=True), Workspace(home).database)
    store = Store(home)
    project = a_project(store, LABELLED, label_schema=LABELS, guidelines="Mark each **name**.")
    some_examples(store, project.project_id, [("Who wrote?", LETTER, "Ada.")])
    store.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, with a project to curate."""
    folder = tmp_path_factory.mktemp("curation")
    add_labelled(folder)
    with serve(folder) as server:
        server.add("ada", "admin")
        fill(server, folder)
        server.add("lena", "annotator", LABELLED)
        yield server


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
    all_sent(page)
    return before


def all_sent(page: Page) -> None:
    """Wait until the server has everything that was submitted."""
    while page.evaluate(OUTBOX):  # the page's policy forbids wait_for_function
        page.wait_for_timeout(50)


def fetched_ahead(page: Page) -> None:
    """Wait until the next example lies in the browser."""
    while not page.locator(".editor").evaluate("one => one.editor?.ahead.length"):
        page.wait_for_timeout(50)


def draft_saved(page: Page) -> None:
    """Wait until the server has what was typed."""
    expect(page.locator(".editor .status")).to_have_text("Draft saved", timeout=PATIENCE)


def review_until(page: Page, text: str) -> None:
    """Accept what comes before the example with this text, until that one is open."""
    wanted = page.get_by_text(text).first
    about = page.locator(".editor .about")
    while True:
        expect(about.or_(page.locator(".editor .empty"))).to_be_visible(timeout=PATIENCE)
        if wanted.count():
            return
        before = about.inner_text()
        page.keyboard.press("a")
        expect(about).not_to_have_text(before, timeout=PATIENCE)
        all_sent(page)
