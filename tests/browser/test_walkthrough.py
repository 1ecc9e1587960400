"""The README's walk-through on real data, in a real browser, as a lead would do it.

Skipped where ../shared is absent. TOUCHSTONE_SHOTS=docs/walkthrough keeps the screenshots.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.driving import expect, expect_heading, sign_in
from tests.serving import ROOT, Server, serve

DATA = ROOT.parent / "shared" / "data"
TASKS = DATA / "self-instruct" / "user_oriented_instructions.jsonl"
ANSWERS = {
    "davinci": DATA / "self-instruct" / "base_davinci_predictions.jsonl",
    "davinci tuned": DATA / "self-instruct" / "tuned_davinci-self-instruct_predictions.jsonl",
}
GSM8K = DATA / "gsm8k" / "train.jsonl"
LONG = 1_200_000
WHY = "Both were published for comparison; how they were asked is not known."

pytestmark = [
    pytest.mark.slow,
    pytest.mark.shared,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(not TASKS.exists(), reason="the real data is not beside this checkout"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, with one admin."""
    with serve(tmp_path_factory.mktemp("walkthrough")) as server:
        server.add("ada", "admin")
        yield server


def shot(page: Page, name: str) -> None:
    """Keep a screenshot where TOUCHSTONE_SHOTS says."""
    folder = os.environ.get("TOUCHSTONE_SHOTS")
    if folder:
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement?.blur()")
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(page.get_by_test_id("stToast")).to_have_count(0)
        page.wait_for_timeout(1500)
        target = Path(folder) / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target)
        assert target.stat().st_size < 300_000


def open_page(page: Page, site: Server, path: str, heading: str) -> None:
    page.goto(site.url + path, wait_until="commit")
    expect_heading(page, heading)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()


def make_project(page: Page, site: Server, name: str) -> None:
    open_page(page, site, "/projects", "Projects")
    page.get_by_text("New project", exact=True).click()
    box = page.get_by_label("Name", exact=True)
    expect(page.get_by_role("button", name="Create project")).to_be_visible()
    expect(box).to_have_count(1)
    box.fill(name)
    box.press("Tab")
    press(page, "Create project")
    expect(page.get_by_text(f"What waits for you in {name}")).to_be_visible()


def import_file(page: Page, site: Server, path: Path) -> None:
    open_page(page, site, "/import", "Import")
    page.locator("input[type=file]").set_input_files(path)
    button = page.get_by_role("button", name="Import")
    expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    shot(page, "import-preview")
    button.filter(has_text="examples").click()
    expect(page.get_by_text("Import result")).to_be_visible(timeout=LONG)


def accept_everything(page: Page, site: Server, why: str) -> None:
    open_page(page, site, "/review", "Review")
    page.get_by_role("button", name="untouched ones too").click()
    page.get_by_label("Why is that right?").fill(why)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="Undo: take the")).to_be_visible(timeout=LONG)


def freeze(page: Page, site: Server, name: str, *, evaluation_only: bool = False) -> None:
    open_page(page, site, "/versions", "Dataset versions")
    page.get_by_label("Name", exact=True).fill(name)
    if evaluation_only:
        page.get_by_text("For evaluation only").click()
    press(page, "Freeze")
    expect(page.get_by_text("Content hash")).to_be_visible(timeout=LONG)


def import_answers(page: Page, site: Server, name: str, path: Path) -> None:
    open_page(page, site, "/generate", "Generate")
    page.get_by_test_id("stButtonGroup").get_by_text("Import answers", exact=True).click()
    page.get_by_label("Name of the system").fill(name)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("button", name=f"Remove {path.name}")).to_be_visible()
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    joined = page.get_by_text(f"✓ {name}: 252 of 252 examples have an answer.")
    expect(joined).to_be_visible(timeout=LONG)


def rate_pairs(page: Page, site: Server, count: int, choice: str, ratings: str) -> None:
    page.goto(site.url + "/rate", wait_until="commit")
    for _ in range(count):
        header = page.locator(".rate header b")
        expect(header).to_be_visible()
        before = header.inner_text()
        page.keyboard.press(choice)
        page.keyboard.type(ratings)
        page.keyboard.press("Enter")
        expect(header).not_to_have_text(before)
        expect(page.locator(".rate .message")).to_have_text("Saved.")


def count_the_verdict(page: Page, site: Server, why: str) -> None:
    """What a lead does for a study that is not blind."""
    open_page(page, site, "/studies", "Studies")
    page.get_by_label("The verdict is withheld").fill(why)
    press(page, "Count the verdict")
    # The reason alone also stands in the field until the click has been answered.
    expect(page.get_by_label("The verdict is withheld")).to_have_count(0)
    expect(page.get_by_text(why)).to_be_visible()


def test_self_instruct_answers_are_joined_scanned_rated_and_their_verdict_withheld(
    context: BrowserContext, site: Server
) -> None:
    page = sign_in(context, site, "ada")
    make_project(page, site, "Self-instruct evaluation")
    import_file(page, site, TASKS)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("252")
    shot(page, "import-result")
    accept_everything(page, site, "A published evaluation set, taken as it is.")
    freeze(page, site, "252 user-oriented tasks", evaluation_only=True)
    shot(page, "version-evaluation-only")

    for name, path in ANSWERS.items():
        import_answers(page, site, name, path)
    expect(page.get_by_role("link", name="Look at the scores")).to_be_visible(timeout=LONG)
    shot(page, "answers-joined")

    open_page(page, site, "/studies", "Studies")
    expect(page.get_by_text("Not known to be asked alike:")).to_be_visible()
    press(page, "Open a study of 26 pairs")
    expect(page.get_by_text("These systems were not asked alike.")).to_be_visible()
    page.get_by_label("These answers were not made alike").fill(WHY)
    press(page, "Open a study of 26 pairs")
    expect(page.get_by_text("0 of 26 pairs rated")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("not blind").first).to_be_visible()
    told = "Length alone tells the systems apart: in 97\u202f% of the pairs the same one is longer."
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.get_by_text(WHY)).to_be_visible()
    shot(page, "leak-scan")

    rate_pairs(page, site, 10, "g", "44445555")
    shot(page, "rate")
    open_page(page, site, "/results", "Results")
    expect(page.get_by_text("You still have 16 pairs to rate in this study.")).to_be_visible()
    press(page, "Show the results")
    expect(page.get_by_text("The verdict is withheld: this study is not blind.")).to_be_visible()
    expect(
        page.get_by_text("davinci tuned: 0 won, 0 lost, 10 tied of 10 judged pairs.")
    ).to_be_visible()
    shot(page, "results-withheld")
    page.get_by_text("Automatic scores", exact=True).click()
    expect(page.get_by_text("davinci tuned was not known to be asked alike:")).to_be_visible(
        timeout=LONG
    )
    page.get_by_label("Not compared.").fill(WHY)
    press(page, "Compare")
    better = page.get_by_text("davinci tuned is better than davinci on token F1").first
    expect(better).to_be_visible(timeout=LONG)
    shot(page, "results-scores")


def test_gsm8k_on_the_demo_base_is_not_shown_to_be_better(
    context: BrowserContext, site: Server
) -> None:
    done = site.touchstone("import", str(GSM8K), "--project", "GSM8K", "--json")
    assert done.returncode == 0, done.stderr
    assert '"accepted": 7473' in done.stdout
    page = sign_in(context, site, "ada")
    page.get_by_role("combobox", name="Project").click()
    page.get_by_role("option", name="GSM8K").click()
    expect(page.get_by_text("What waits for you in GSM8K")).to_be_visible()
    shot(page, "home")
    accept_everything(page, site, "A published training set, taken as it is.")
    freeze(page, site, "7,473 problems")
    expect(page.get_by_test_id("stMetricValue").first).not_to_have_text("0")
    shot(page, "version")

    open_page(page, site, "/train", "Train")
    page.get_by_label("Run name", exact=True).fill("60 steps")
    page.get_by_text("More settings").click()
    page.get_by_label("Max steps", exact=True).fill("60")
    page.get_by_label("Max steps", exact=True).press("Tab")
    expect(page.get_by_test_id("stMetric").filter(has_text="Steps")).to_contain_text("60")
    shot(page, "train")
    press(page, "Start run")
    page.wait_for_url(re.compile(r"/runs\?run=run_"))
    expect(page.get_by_text("Trained parameters")).to_be_visible(timeout=LONG)
    shot(page, "run")

    open_page(page, site, "/generate", "Generate")
    page.get_by_label("How many examples (0: all)", exact=True).fill("50")
    page.get_by_label("How many examples (0: all)", exact=True).press("Tab")
    page.get_by_text("How they answer").click()
    page.get_by_label("Max new tokens", exact=True).fill("96")
    page.get_by_label("Max new tokens", exact=True).press("Tab")
    press(page, "Generate answers")
    expect(page.get_by_text("Open a blind study")).to_be_visible(timeout=LONG)

    open_page(page, site, "/studies", "Studies")
    press(page, "Open a study of 50 pairs")
    expect(page.get_by_text("0 of 50").first).to_be_visible(timeout=LONG)
    rate_pairs(page, site, 4, "b", "22252225")
    open_page(page, site, "/results", "Results")
    press(page, "Show the results")
    verdict = page.get_by_text("60 steps is not shown to be better than")
    withheld = page.get_by_text("The verdict is withheld: this study is not blind.")
    expect(verdict.or_(withheld)).to_be_visible()
    if withheld.is_visible():  # what a toy model babbles has another length on another machine
        count_the_verdict(page, site, "Neither answers; length gives nothing away.")
        open_page(page, site, "/results", "Results")
    expect(verdict).to_be_visible()
    shot(page, "results-not-shown")
    page.get_by_label("Why; not shown yet").fill("Four pairs are too few to release on.")
    press(page, "Sign")
    expect(page.get_by_text("held back")).to_be_visible()
    shot(page, "decision")

    open_page(page, site, "/studies", "Studies")
    page.get_by_text("New study", exact=True).click()
    press(page, "Open a study of 50 pairs")
    expect(page.get_by_text("of 50 pairs rated")).to_have_count(2, timeout=LONG)
