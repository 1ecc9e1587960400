"""What the browser tests themselves rely on."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from tests.browser.driving import WATCH_CLICKS

# The first press moves the button away, before it is let go.
MOVES = """<button style="position: absolute; top: 0"
    onmousedown="this.style.top = '300px'; this.onmousedown = null"
    onclick="this.textContent = 'clicked'">press</button>"""


def test_a_click_that_lands_beside_a_button_that_moved_is_made_again(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    page.set_content(MOVES)
    page.evaluate(WATCH_CLICKS)
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("clicked")
    page.close()


def test_a_press_of_the_right_button_which_clicks_nothing_is_made_once(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    page.set_content(
        """<button oncontextmenu="this.textContent += '!'; return false">menu</button>"""
    )
    page.evaluate(WATCH_CLICKS)
    page.get_by_role("button").click(button="right")
    expect(page.get_by_role("button")).to_have_text("menu!")
    page.close()
