"""Rating in a real browser: by keyboard alone, one round trip each, nothing lost, nothing told."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from storage.store import Store
from tests.browser.driving import PATIENCE, Complaints, sign_in
from tests.builders import a_project, a_store, an_actor
from tests.serving import Server, serve
from tests.study_builders import a_study, a_system, a_version, example_ids, two_systems

WORK = "Work"
TWINS = ("Twin one", "Twin two")
LONG = "Long answers"
PEOPLE = {"rita": (WORK, *TWINS), "remy": (WORK,), "rosa": (WORK,), "rolf": (LONG,)}
IDS = re.compile(r"[a-z]+_[0-9a-f]{12}_[0-9a-f]{12}|[0-9a-f]{32}")
GIVEAWAYS = ("Model one", "Run two", "sys_", "run_", "baseline_left", "candidate", "generations")
DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('touchstone.rate.')).length"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a project to rate in, and twins whose systems have changed places."""
    folder = tmp_path_factory.mktemp("rating")
    store = a_store(folder / "workspace")
    for name, shifts in ((WORK, (0, 5)), (TWINS[0], (0, 5)), (TWINS[1], (5, 0))):
        project_id = a_project(store, name).project_id
        lead = an_actor(project_id)
        base, tuned = two_systems(store, project_id, a_version(store, project_id, 24), shifts)
        a_study(store, lead, project_id, base, tuned, size=12)
        if name == TWINS[1]:
            # The same texts on the same sides again: what still differs would tell the systems.
            store.database.execute(
                "UPDATE pair_sides SET baseline_left = NOT baseline_left WHERE study_id IN "
                "(SELECT study_id FROM studies WHERE project_id = ?)",
                [project_id],
            )
    project_id = a_project(store, LONG).project_id
    version_id = a_version(store, project_id, 24)
    base, tuned = (
        a_system(store, project_id, version_id, name, long_answers(store, version_id, name), kind)
        for name, kind in (("Model one", "base"), ("Run two", "tuned"))
    )
    a_study(store, an_actor(project_id), project_id, base, tuned, size=12)
    projects = {p.name: p.project_id for p in store.projects.all()}
    store.close()
    with serve(folder) as server:
        for person, names in PEOPLE.items():
            for name in names:
                server.add(person, "reviewer", name)
        server.add("lena", "lead", WORK)
        server.projects = projects  # type: ignore[attr-defined]
        yield server


def long_answers(store: Store, version_id: str, name: str) -> dict[str, str]:
    """Eighteen lines for each example, so that the criteria begin below a laptop's screen."""
    return {
        example_id: "\n".join(
            f"{k + 1}. {name[0]} says this, and a little more." for k in range(18)
        )
        for example_id in example_ids(store, version_id)
    }


class Wire:
    """What went over a page's WebSocket."""

    def __init__(self, page: Page) -> None:
        self.sent = 0
        self.received: list[bytes] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framesent", lambda _: self._count())
        socket.on("framereceived", lambda data: self.received.append(_bytes(data)))

    def _count(self) -> None:
        self.sent += 1

    def payloads(self) -> list[str]:
        """The component's data in every frame, ids masked."""
        found = []
        for frame in self.received:
            text = frame.decode("utf-8", "replace")
            for match in re.finditer(r'\{"person": ', text):
                data, _ = json.JSONDecoder().raw_decode(text[match.start() :])
                found.append(IDS.sub("ID", json.dumps(data)))
        return found


def _bytes(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode()


def at_work(
    context: BrowserContext, site: Server, name: str, project: str = WORK
) -> tuple[Page, Wire]:
    """Signed in with a pair before one's eyes."""
    page = sign_in(context, site, name, "/login?nothing")
    wire = Wire(page)
    project_id = site.projects[project]  # type: ignore[attr-defined]
    page.goto(f"{site.url}/rate?project={project_id}", wait_until="commit")
    expect(page.locator(".rate .pair")).to_be_visible(timeout=PATIENCE)
    return page, wire


def pair_number(page: Page) -> str:
    return page.locator(".rate header b").inner_text()


def rate(page: Page, choice: str = "ArrowLeft", ratings: str = "44455554") -> None:
    """Judge the pair that is shown, with keys alone, and wait until the server has it."""
    before = pair_number(page)
    page.keyboard.press(choice)
    page.keyboard.type(ratings)
    page.keyboard.press("Enter")
    expect(page.locator(".rate header b")).not_to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)


def test_pairs_are_rated_by_keyboard_with_one_round_trip_each(
    context: BrowserContext, site: Server
) -> None:
    page, wire = at_work(context, site, "rita")
    complaints = Complaints(page, site)
    expect(page.locator(".coverage")).to_contain_text("0 of 12 pairs rated · 10 % rule met at 3")
    for done, choice in enumerate(("ArrowLeft", "d", "g"), start=1):
        page.wait_for_timeout(300)
        before = wire.sent
        rate(page, choice)
        assert wire.sent == before + 1
        expect(page.locator(".coverage")).to_contain_text(f"{done} of 12 pairs rated")
    expect(page.locator(".coverage")).to_contain_text("10 % rule met: 3 of 24 answers needed")
    assert pair_number(page) == "Pair 4 of 12"
    page.reload()
    expect(page.locator(".rate header b")).to_have_text("Pair 4 of 12", timeout=PATIENCE)
    assert page.evaluate(DRAFTS) == 0
    assert complaints.blocked == complaints.outside == []


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
    expect(page.locator(".rate .message")).to_contain_text("Taken back.", timeout=PATIENCE)
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


def test_the_row_that_a_key_or_a_refusal_names_comes_out_from_behind_the_footer(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rolf", LONG)
    here = page.locator(".row.here")
    assert top(page, ".rate header") > 0
    assert hidden_below(page) > 0
    page.keyboard.press("ArrowLeft")
    assert hidden_below(page) > 0
    for key in "44":
        page.keyboard.press(key)
        assert hidden_below(page) <= 0
    page.locator(".rate header").scroll_into_view_if_needed()
    page.keyboard.press("Enter")
    expect(page.locator(".message.wrong")).to_have_text("Rate the fluency of the left answer.")
    assert hidden_below(page) <= 0
    expect(here).to_contain_text("Fluency")
    page.keyboard.type("444444")
    page.keyboard.press("Enter")
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    assert top(page, ".rate header") > 0
    assert hidden_below(page) > 0


def top(page: Page, what: str) -> float:
    """Pixels from the window's upper edge."""
    box = page.locator(what).first.bounding_box()
    assert box
    return box["y"]


def hidden_below(page: Page) -> float:
    """How many pixels of the row with the cursor lie behind the footer, or below it."""
    box = page.locator(".row.here").bounding_box()
    assert box
    return box["y"] + box["height"] - top(page, ".rate footer")


def levels(parts: Locator) -> list[float]:
    return [box["y"] for one in parts.all() if (box := one.bounding_box())]


def test_the_rows_of_both_answers_stay_level_while_one_side_asks_about_bias(
    context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rolf", LONG)
    for side in (0, 1):
        panes = page.locator(".pane")
        panes.nth(side).get_by_role("radio", name=re.compile("^2:")).last.click()
        expect(panes.nth(side).locator(".remark")).to_be_visible()
        expect(panes.nth(1 - side).locator(".remark")).to_be_hidden()
        for part in (".row .name", ".flags"):
            left, right = (pane.locator(part) for pane in panes.all())
            assert levels(left) == pytest.approx(levels(right), abs=0.5)
        panes.nth(side).get_by_role("radio", name=re.compile("^5:")).last.click()
        expect(panes.nth(side).locator(".remark")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bar_shows_how_little_is_done_and_saving_looks_primary(
    browser: Browser, site: Server, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        page, _ = at_work(context, site, "rolf", LONG)
        rate(page)
        bar = Image.open(io.BytesIO(page.locator(".rate progress").screenshot())).convert("L")
        paper = Image.open(io.BytesIO(page.locator(".coverage span").screenshot())).convert("L")
        middle = bar.height // 2
        filled, track = (
            float(bar.getpixel((x, middle)))  # type: ignore[arg-type]
            for x in (3, bar.width - 4)
        )
        background = float(paper.getpixel((paper.width - 1, 0)))  # type: ignore[arg-type]
        assert 8 < abs(track - background) < abs(track - filled) / 4
        colour, wanted = page.locator(".save").evaluate(
            "one => { const probe = document.createElement('i');"
            " probe.style.color = getComputedStyle(one).getPropertyValue('--st-primary-color');"
            " document.body.append(probe);"
            " return [getComputedStyle(one).backgroundColor, getComputedStyle(probe).color] }"
        )
        assert colour == wanted
        for name in (".pane", ".choice"):
            looks = page.locator(name).evaluate_all(
                "all => [...new Set(all.map(one => getComputedStyle(one).backgroundColor))]"
            )
            assert len(looks) == 1


def test_the_bias_row_says_that_five_means_none_and_is_no_taller_for_it_on_a_phone(
    browser: Browser, site: Server
) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page, _ = at_work(context, site, "rolf", LONG)
        names = page.locator(".pane").first.locator(".row .name")
        expect(names).to_have_text(["Relevance", "Coherence", "Fluency", "Bias (5: none)"])
        rows = page.locator(".pane").first.locator(".row").all()
        heights = [box["height"] for one in rows if (box := one.bounding_box())]
        assert max(heights) - min(heights) <= 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_judgement_refused_by_a_closed_study_is_kept_and_saved_when_it_reopens(
    browser: Browser, context: BrowserContext, site: Server
) -> None:
    page, _ = at_work(context, site, "rosa")
    project_id = site.projects[WORK]  # type: ignore[attr-defined]
    with browser.new_context() as leads:
        lead = sign_in(leads, site, "lena", f"/studies?project={project_id}")
        lead.get_by_role("button", name="Close to ratings").click()
        expect(lead.get_by_role("button", name="Reopen")).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("a")
        page.keyboard.type("44455554")
        page.keyboard.press("Enter")
        expect(page.locator(".message.wrong")).to_contain_text(
            "closed this study", timeout=PATIENCE
        )
        expect(page.locator(".message.wrong")).to_contain_text("kept in this browser")
        assert page.evaluate(DRAFTS) > 0
        lead.get_by_role("button", name="Reopen").click()
        expect(lead.get_by_role("button", name="Close to ratings")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Save again").click()
    expect(page.locator(".rate .message")).to_have_text("Saved.", timeout=PATIENCE)
    expect(page.locator(".rate .pair")).to_be_visible()


def test_with_the_systems_swapped_the_browser_gets_the_same(browser: Browser, site: Server) -> None:
    sent, shown = [], []
    for project in TWINS:
        with browser.new_context() as context:
            page, wire = at_work(context, site, "rita", project)
            shown.append(page.locator(".rate").inner_text())
            rate(page, "ArrowRight")
            rate(page, "g", "12355555")
            shown.append(page.locator(".rate").inner_text())
            sent.append(wire.payloads())
            told = b"".join(wire.received) + page.content().encode()
            assert [word for word in GIVEAWAYS if word.encode() in told] == []
    assert len(sent[0]) >= 3
    queues = [json.loads(payload)["queue"] for payload in sent[0]]
    assert all(pair["left"] != pair["right"] for queue in queues for pair in queue)
    assert sent[0] == sent[1]
    assert shown[:2] == shown[2:]
