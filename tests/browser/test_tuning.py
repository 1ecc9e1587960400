"""Home, Projects, Train, Runs and Jobs in a real browser: a run outlives its tab and its server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

from core.projects import ProjectSettings
from core.workflows.team.projects import create_project
from tests.browser.driving import (
    Complaints,
    downloaded,
    expect,
    expect_heading,
    expect_to_fit_a_phone,
    sign_in,
)
from tests.builders import a_store, an_admin, some_examples
from tests.serving import Server, launch, serve, wait_until_up
from tests.tuning.test_training_workflow import a_version

PROJECT = "Notes *one*"
LONG = 150_000


@pytest.fixture(scope="module")
def tuning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, since it is restarted; a project with a frozen version."""
    folder = tmp_path_factory.mktemp("tuning")
    store = a_store(folder / "workspace")
    settings = ProjectSettings(name=PROJECT, guidelines="Copy names as they are written.")
    project = create_project(store, an_admin(), settings)
    a_version(store, project.project_id)
    some_examples(store, project.project_id, 3)
    store.close()
    with serve(folder) as server:
        server.add("ada", "admin")
        server.add("lea", "lead", PROJECT)
        server.add("ann", "annotator", PROJECT)
        yield server
        if server.process.poll() is None:
            server.stop()


def spin(page: Page, label: str, value: str) -> None:
    """Type a number and wait until the page has taken it."""
    field = page.get_by_role("spinbutton", name=label)
    field.fill(value)
    field.press("Enter")


def badge(page: Page, word: str) -> Locator:
    """The status of a job: an icon and its word."""
    return page.locator(".stMarkdownBadge").filter(has_text=word)


def start_a_run(page: Page, name: str, steps: int) -> None:
    page.get_by_role("textbox", name="Run name").fill(name)
    page.get_by_text("More settings").click()
    spin(page, "Max steps", str(steps))
    expect(page.get_by_test_id("stMetric").filter(has_text="Steps")).to_contain_text(str(steps))
    spin(page, "Eval steps", "10")
    spin(page, "Early stopping patience", "0")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs\?run=run_"))


def test_a_setting_that_cannot_be_used_is_refused_and_stays_typed(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "lea", "/train")
    page.get_by_role("textbox", name="Run name").fill("Too strong")
    spin(page, "Learning rate", "7")
    expect(page.get_by_text("Learning rate must be above 0 and at most 1")).to_be_visible()
    expect_to_fit_a_phone(page)
    start = page.get_by_role("button", name="Start run")
    expect(start).to_be_disabled()
    expect(page.get_by_role("textbox", name="Run name")).to_have_value("Too strong")
    kept = page.get_by_role("spinbutton", name="Learning rate")
    expect(kept).to_have_value(re.compile(r"^7(\.0+)?$"))
    spin(page, "Learning rate", "0.01")
    expect(start).to_be_enabled()
    spin(page, "LoRA rank", "0")
    expect(page.get_by_text("LoRA rank must be a whole number from 1 to 1024")).to_be_visible()
    expect(start).to_be_disabled()
    spin(page, "Batch size", "2")
    spin(page, "Gradient accumulation", "3")
    expect(page.get_by_text("Effective batch size: 6")).to_be_visible()
    page.get_by_text("More settings").click()
    spin(page, "Max sequence length", "1")
    page.get_by_text("More settings").click()
    expect(page.get_by_text("Max sequence length must be a whole number")).to_be_visible()
    start_from_the_defaults(page)


# How many fields with this label the page ever showed at one moment.
MOST_AT_ONCE = """label => {
    const fields = () => [...document.querySelectorAll(`input[aria-label="${label}"]`)];
    const count = () => fields().filter(one => one.offsetParent).length;
    window.mostAtOnce = count();
    new MutationObserver(() => { mostAtOnce = Math.max(mostAtOnce, count()); })
        .observe(document.body, { childList: true, subtree: true });
}"""


def start_from_the_defaults(page: Page, *, again: bool = True) -> None:
    """Throw away what the form kept, in the page as it is or opened `again`."""
    if again:
        page.reload()
    page.get_by_role("button", name="Start from the defaults").click()
    expect(page.get_by_text("This form is as you left it.")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Run name")).to_have_value("")


def test_what_was_chosen_on_train_survives_a_reload_until_it_is_thrown_away(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "lea", "/train")
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="rsLoRA").click()
    # Another method is another form: what is typed before it is there goes nowhere.
    expect(page.get_by_role("spinbutton", name="LoRA rank")).to_have_value("32")
    spin(page, "Learning rate", "7")
    expect(page.get_by_text("Learning rate must be above 0 and at most 1")).to_be_visible()
    spin(page, "LoRA rank", "24")
    page.get_by_role("textbox", name="Run name").fill("Typed *before* the reload")
    page.get_by_role("textbox", name="Run name").press("Enter")
    spin(page, "Batch size", "2")
    expect(page.get_by_text("Effective batch size: 2")).to_be_visible()

    page.reload()
    expect(page.get_by_text("This form is as you left it.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Run name")).to_have_value("Typed *before* the reload")
    expect(page.get_by_role("spinbutton", name="LoRA rank")).to_have_value("24")
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value("7")
    expect(page.get_by_text("Learning rate must be above 0 and at most 1")).to_be_visible()
    expect(page.get_by_text("Effective batch size: 2")).to_be_visible()
    expect_to_fit_a_phone(page)
    page.evaluate(MOST_AT_ONCE, "LoRA rank")
    start_from_the_defaults(page, again=False)
    expect(page.locator("input[aria-label='LoRA rank'][value='16']")).to_have_count(1)
    assert page.evaluate("mostAtOnce") == 1, "the form as it was stood beneath the emptied one"
    expect(page.get_by_role("spinbutton", name="LoRA rank")).to_have_value("16")
    expect(page.get_by_role("button", name="Start run")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("spinbutton", name="LoRA rank")).to_have_value("16")
    expect(page.get_by_text("This form is as you left it.")).to_have_count(0)


def test_home_leads_each_person_to_their_own_next_step(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "ann")
    expect(page.get_by_role("button", name="Annotate examples")).to_be_visible()
    expect(page.get_by_text("Waiting for you: 3 examples.")).to_be_visible()
    assert page.get_by_role("link", name="Decide").count() == 0
    expect_to_fit_a_phone(page)
    page.get_by_role("button", name="Annotate examples").click()
    expect_heading(page, "Annotate")


def test_a_project_is_made_edited_deleted_and_brought_back(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "ada", "/projects")
    page.get_by_text("New project", exact=True).click()
    name = page.get_by_role("textbox", name="Name")
    expect(name).to_have_value("")
    expect(page.get_by_role("button", name="Create project")).to_be_disabled()
    page.get_by_role("textbox", name="Guidelines").fill("Be kind.")
    page.get_by_role("textbox", name="Guidelines").blur()
    name.fill("Letters")
    template = page.get_by_role("textbox", name="Prompt template")
    template.fill("Q: {instruction}\n\n{input}\n\nA:")
    template.blur()
    expect(page.get_by_text("Q: Say hello to the person named.")).to_be_visible()
    page.get_by_role("button", name="Create project").click()
    expect_heading(page, "My work")
    expect(page.get_by_text("What waits for you in Letters")).to_be_visible()
    page.goto(f"{tuning.url}/projects")
    expect(page.get_by_role("textbox", name="Guidelines")).to_have_value("Be kind.")
    expect_to_fit_a_phone(page)
    name.fill("")
    name.blur()
    expect(page.get_by_text("A project needs a name of 1 to 80 characters")).to_be_visible()
    name.fill("Letters")
    name.blur()
    expect(page.get_by_text("A project needs a name of 1 to 80 characters")).to_be_hidden()
    page.get_by_role("button", name="Delete project").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Letters is deleted.")).to_be_visible()
    page.get_by_text("All projects", exact=True).click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Letters is restored.")).to_be_visible()


@pytest.mark.timeout(400)
def test_a_run_is_watched_live_and_ends_in_a_proven_adapter(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "lea")
    complaints = Complaints(page, tuning)
    page.get_by_role("button", name="Start a run").click()
    expect_heading(page, "Train")
    start_a_run(page, "Short run", 12)
    expect(page.get_by_text("Trained parameters")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("The saved adapter answers as the trained one did")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    adapter = downloaded(page, page.get_by_role("button", name="Download adapter"))
    assert adapter.read_bytes().startswith(b"PK")
    assert complaints.blocked == complaints.outside == []
    expect_to_fit_a_phone(page)
    page.goto(f"{tuning.url}/jobs")
    expect(badge(page, "completed")).to_be_visible()
    expect_to_fit_a_phone(page)


# The last one, since it restarts the server.
@pytest.mark.timeout(400)
def test_a_run_outlives_its_tab_and_the_server_and_is_stopped_resumed_and_cancelled(
    context: BrowserContext, other: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "lea", "/train")
    start_a_run(page, "Long run", 900)
    expect(page.get_by_text(re.compile(r"Step \d+ of 900"))).to_be_visible(timeout=LONG)
    address = page.url.removeprefix(tuning.url)
    page.close()
    tuning.stop()
    tuning.process = launch(tuning.home, tuning.log, tuning.port).process
    wait_until_up(tuning)
    page = sign_in(other, tuning, "lea", address)
    page.get_by_role("button", name="Stop, to resume later").click(timeout=LONG)
    page.get_by_role("button", name=re.compile("Resume$")).click(timeout=LONG)
    expect(page.get_by_text("Goes on from the checkpoint")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("button", name="Cancel for good").click()
    expect(badge(page, "cancelled")).to_be_visible(timeout=LONG)


def test_what_a_lead_typed_into_a_project_is_there_after_a_reload(
    context: BrowserContext, tuning: Server
) -> None:
    page = sign_in(context, tuning, "ada", "/projects")
    guidelines = page.get_by_role("textbox", name="Guidelines")
    expect(guidelines).not_to_have_value("")  # a text area is empty when it is first drawn
    before = guidelines.input_value()
    guidelines.fill("Half a thought")
    guidelines.blur()
    expect(page.get_by_text("Unsaved changes", exact=True)).to_be_visible()
    page.reload()
    expect(guidelines).to_have_value("Half a thought")
    expect(page.get_by_text("Unsaved changes from earlier")).to_be_visible()
    page.get_by_role("button", name="Discard changes").click()
    expect(guidelines).to_have_value(before)
    page.reload()
    expect(guidelines).to_have_value(before)
