"""The versions of a project's guidelines, newest first, each with what it changed."""

from __future__ import annotations

import streamlit as st

from core.examples.example import word_diff
from core.examples.phrases import in_phrases
from core.workflows.team import guidelines
from pages.components import page, session
from pages.components.difference import difference


def guidelines_versions(project_id: str) -> None:
    """Who changed the guidelines when, and the difference to the version before."""
    found = guidelines.versions(session.store(), session.actor(), project_id)
    if len(found) < 2:
        return
    with st.expander(f"Guidelines, {page.counted(len(found), 'version')}"):
        chosen = st.selectbox(
            "Version", range(len(found) - 1, -1, -1),
            format_func=lambda k: (
                f"Version {found[k].number} · {page.when(found[k].created_at)} · {found[k].person}"
            ),
            key=f"guidelines of {project_id}",
        )  # fmt: skip
        before = found[chosen - 1].text if chosen else ""
        changes = in_phrases(word_diff(before, found[chosen].text)) if chosen else []
        said = f"What version {found[chosen].number} changed" if chosen else "The first version"
        shown = changes or [("same", found[chosen].text)]
        difference({said: shown}, key=f"guidelines {project_id} {chosen}")
