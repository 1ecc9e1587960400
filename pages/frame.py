"""What stands around every page: who is signed in, the sidebar, the errors. Streamlit's script."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.actor import Actor
from core.errors import NotAllowed
from core.projects import Project
from pages import navigation
from pages.components import errors, session
from pages.navigation import Entry

MARK = str(Path(__file__).parent / "server" / "mark.svg")
INK = {"light": "#0d141b", "dark": "#e8eaec"}
PICKER = "project_picker"
# Streamlit leaves 6 rem above a page, where its header needs 3.75; indents links inside a card; and
# writes what is chosen in the primary colour, which is too dark to be read on the dark theme.
STYLE = """
<style>
[data-testid=stMainBlockContainer] { padding-top: 4rem }
[class*=st-key-station_] [data-testid=stPageLink-NavLink] { padding-left: 0 }
%s
</style>
"""
DARK = "[data-testid=stButtonGroup] [data-selected=true] * { color: #e2b54f }"
SIGN_OUT = """
<form method="post" action="/logout"><button>Sign out</button></form>
"""
# On a phone the sidebar lies over the page: it folds away once a page has been chosen.
SIGN_OUT_JS = """
let shown
export default function ({ data }) {
  const moved = shown !== undefined && shown !== data.page
  shown = data.page
  if (!moved || window.innerWidth >= 768) return
  document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
}
"""
SIGN_OUT_CSS = """
button {
  width: 100%; padding: .4rem .75rem; font: inherit; font-size: .875rem;
  color: var(--st-text-color); background: transparent; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); cursor: pointer;
}
button:hover, button:focus-visible {
  color: var(--st-primary-color); border-color: var(--st-primary-color); outline: none;
}
"""


def main() -> None:
    """Draw the frame, then the page the address names."""
    try:
        actor, project = session.actor(), session.project_or_none()
    except session.SignedOut:
        st.set_page_config(page_title="Touchstone", page_icon=MARK)
        errors.signed_out()
        return
    entries = navigation.existing()
    pages = {entry.path: _page(entry) for entry in entries}
    chosen = st.navigation(list(pages.values()), position="hidden")
    entry = next((one for one in entries if one.path == chosen.url_path), entries[0])
    st.set_page_config(page_title=f"{entry.title} · Touchstone", page_icon=MARK, layout="wide")
    st.html(STYLE % (DARK if st.context.theme.type == "dark" else ""))
    with st.sidebar:
        _sidebar(actor, project, entries, pages, entry.path)
    for message in session.said():
        st.toast(errors.escaped(message), icon=":material/check:")
    with errors.shown():
        if not entry.seen_by(actor, project.project_id if project else None):
            st.title(entry.title, anchor=False)
            needed = " or ".join(entry.roles)
            raise NotAllowed(f"This page needs the role {needed}. Ask a lead to give it to you.")
        chosen.run()


def _page(entry: Entry) -> st.Page:
    # Without an icon: Streamlit would fetch it from a font server for the tab.
    if not entry.path:
        return st.Page(entry.script, title=entry.title, default=True)
    return st.Page(entry.script, title=entry.title, url_path=entry.path)


def _sidebar(
    actor: Actor,
    project: Project | None,
    entries: list[Entry],
    pages: dict[str, st.Page],
    page: str,
) -> None:
    st.logo(_wordmark(), size="large", icon_image=MARK)
    _picker(project)
    section = ""
    with st.container(gap="xxsmall"):
        for entry in entries:
            if not entry.seen_by(actor, project.project_id if project else None):
                continue
            if entry.section != section:
                section = entry.section
                st.caption(section)
            st.page_link(pages[entry.path], icon=f":material/{entry.icon}:", width="stretch")
    st.caption(f"Signed in as {errors.escaped(actor.name)}")
    sign_out = st.components.v2.component(
        "touchstone_sign_out", html=SIGN_OUT, css=SIGN_OUT_CSS, js=SIGN_OUT_JS
    )
    sign_out(key="sign_out", data={"page": page})


def _wordmark() -> str:
    """The mark and the name, in the ink of the theme that the person uses."""
    mark = Path(MARK).read_text(encoding="utf-8").partition(">")[2].rpartition("<")[0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 172 32">{mark}'
        f'<text x="40" y="22.5" font-family="system-ui, sans-serif" font-size="18" '
        f'font-weight="600" fill="{INK[st.context.theme.type or "light"]}">Touchstone</text></svg>'
    )


def _picker(project: Project | None) -> None:
    there = session.projects()
    if project is None:
        return
    names = {one.project_id: one.name for one in there}
    session.set_widget(PICKER, project.project_id)
    st.selectbox(
        "Project",
        list(names),
        format_func=names.__getitem__,
        key=PICKER,
        on_change=lambda: session.select_project(session.widget_value(PICKER)),
    )


main()
