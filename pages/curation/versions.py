"""Dataset versions: freeze what is accepted, and look at what was frozen."""

from __future__ import annotations

import streamlit as st

from core.workflows.curation import freezing
from pages.components import page, session
from pages.components.progress import progress
from pages.curation.freeze_form import freeze_form
from pages.curation.protected_files import protected_files
from pages.curation.version_view import list_of_versions, shown_version


def main() -> None:
    """Draw what can be frozen, the version the address names, and the list."""
    page.head(
        "Dataset versions",
        "Freeze accepted examples; training and comparison use the frozen state.",
    )
    store, actor, project = session.store(), session.actor(), session.project()
    wished = st.query_params.get("version")
    if wished and progress(wished):
        return
    versions = freezing.versions_of(store, actor, project.project_id)
    ready = freezing.freezable(store, actor, project.project_id)
    page.figures(
        [
            ("Ready to freeze", page.number(ready.ready), "Accepted and not flagged"),
            ("New", page.number(ready.new), "Ready, and in no version yet"),
            ("Versions", page.number(len(versions)), None),
        ]
    )
    if actor.has(project.project_id, "lead"):
        freeze_form(project.project_id, ready, folded=bool(versions))
    elif not versions:
        page.empty("There is no version yet", "A lead freezes one when enough is accepted.")
    protected_files(project.project_id)
    if versions:
        chosen = list_of_versions(versions, wished)
        shown_version(chosen, versions)


main()
