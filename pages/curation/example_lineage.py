"""The lineage of an example: versions that hold it, runs that trained on it, studies of it."""

from __future__ import annotations

import streamlit as st

from core.workflows.curation import describing
from pages.components import page, session
from pages.components.errors import escaped

USED = {"train": "trained on it", "validation": "was chosen by it"}


def example_lineage(project_id: str, example_id: str) -> None:
    """Draw where the example went."""
    found = describing.lineage(session.store(), session.actor(), project_id, example_id)
    st.subheader("Where it went", anchor=False)
    if not found.versions:
        st.caption("In no dataset version yet.")
        return
    for version in found.versions:
        st.page_link(
            "curation/versions.py",
            label=escaped(
                f"Version {version.number} · {version.name}: {version.split}, "
                f"revision {version.revision}"
            ),
            icon=":material/layers:",
            query_params={"version": version.version_id},
        )
    for run in found.runs:
        st.page_link(
            "tuning/runs.py",
            label=escaped(
                f"Run {run.name} ({run.status}) {USED[run.split]}, in version {run.version_number}"
            ),
            icon=":material/monitoring:",
            query_params={"run": run.run_id},
        )
    for study in found.studies or ():
        judged = page.counted(study.judgements, "judgement")
        state = f"closed {page.when(study.closed_at)}" if study.closed_at else "open"
        # No link: who opens the results of a study is not blind in it any more.
        st.text(f"Study {study.name} ({state}): {judged} of it")
