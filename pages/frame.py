"""What stands around every page: who is signed in, the sidebar, the errors. Streamlit's script."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.actor import Actor, any_of
from core.errors import NotAllowed
from core.projects import Project
from pages import navigation
from pages.components import errors, session
from pages.components.assets import asset
from pages.navigation import Entry

HERE = Path(__file__).parent
MARK = str(HERE / "server" / "mark.svg")
INK = {"light": "#0d141b", "dark": "#e8eaec"}
PICKER = "project_picker"
# What is chosen, and a bare button in use, are written in the primary colour or a darker one: too
# dark to be read on the dark theme.
DARK = """<style>
[data-testid=stButtonGroup] [data-selected=true] *,
button[kind=tertiary]:is(:hover, :focus-visible, :active, [aria-expanded=true]):not(:disabled)
{ color: #e2b54f }
</style>"""
SIDEBAR_FOOT = """
<label>Theme <select><option>System<option>Light<option>Dark</select></label>
<form method="post" action="/logout"><button>Sign out</button></form>
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
    st.html(HERE / "frame.css")
    if st.context.theme.type == "dark":
        st.html(DARK)
    with st.sidebar:
        _sidebar(actor, project, entries, pages, entry.path)
    for message in session.said():
        st.toast(errors.escaped(message), icon=":material/check:")
    with errors.shown():
        if not entry.seen_by(actor, project.project_id if project else None):
            with st.container(key="page_head"):
                st.title(entry.title, anchor=False)
            needed = any_of(entry.roles)
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
    foot = st.components.v2.component(
        "touchstone_sidebar_foot",
        html=SIDEBAR_FOOT,
        css=asset("sidebar.css"),
        js=asset("sidebar.js"),
    )
    foot(key="sidebar_foot", data={"page": page})


def _wordmark() -> str:
    """The mark and the name, in the ink of the theme that the person uses."""
    ink = INK[st.context.theme.type or "light"]
    return asset("server/wordmark.svg").replace("currentColor", ink)


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
