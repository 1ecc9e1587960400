"""How the rating page looks while one works: rows in sight and level, colours that tell nothing."""

from __future__ import annotations

import io
import re
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.browser.driving import PATIENCE, expect
from tests.browser.rating_site import LONG, at_work, rate
from tests.browser.rating_site import site as site  # the fixture
from tests.serving import Server


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
    page, _ = at_work(context, site, "ruth", LONG)
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
