"""Curate: what the checks find in a project's examples, and what a lead does about it."""

from __future__ import annotations

import streamlit as st

from core.checks.check import Check
from core.projects import Project
from core.workflows.curation import browsing, checks
from pages.components import page, session
from pages.components.job_view import live
from pages.curation.curate_duplicates import duplicates
from pages.curation.curate_findings import findings
from pages.curation.curate_form import check_form
from pages.curation.curate_health import health
from pages.curation.curate_proposals import proposals

PART = "part"
PARTS = {"Findings": findings, "Duplicates": duplicates, "Health": health}
PROPOSALS = "Proposals"


def main() -> None:
    """Draw one part of what a check found, or the proposals of further examples."""
    page.head("Curate", "Find what is wrong with examples, mend it, and propose more of them.")
    store, actor, project = session.store(), session.actor(), session.project()
    project_id = project.project_id
    counts = browsing.counts(store, actor, project_id)
    if counts["total"] == counts["set_aside"]:
        page.empty(
            "There is nothing to check yet",
            "Import examples first. Then a check finds flaws, personal data and duplicates.",
            "curation/importing.py",
            "Import examples",
        )
        return
    part = st.segmented_control(
        "Part", [*PARTS, PROPOSALS], key=PART, bind="query-params", default="Findings",
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    if part == PROPOSALS:
        proposals(project)
    else:
        checked(project, part or "Findings")


def checked(project: Project, part: str) -> None:
    """The check that runs, the form that asks for one, and one part of what was found."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    job = checks.job_under_way(store, actor, project_id)
    if job is not None:
        live(job.job_id)
    check = checks.newest_check(store, actor, project_id)
    if check is None:
        if job is None:
            first(project_id)
        return
    standing(check)
    if job is None:
        check_form(project, folded=True)
    PARTS[part](project, check)


def first(project_id: str) -> None:
    """Before the first check: the last one's fate, and the form."""
    last = checks.last_job(session.store(), session.actor(), project_id)
    if last is not None and last.status != "completed":
        live(last.job_id)
    if session.actor().has(project_id, "lead"):
        page.empty(
            "Not checked yet",
            "A check looks at every example: damaged and empty texts, leftover markup, refusals, "
            "personal data, labels, duplicates. Nothing is changed until you decide.",
        )
        check_form(session.project(), folded=False)
    else:
        page.empty("Not checked yet", "A lead starts a check. What it finds is shown here.")


def standing(check: Check) -> None:
    """When the check looked, and what changed since; few changes are checked again now."""
    store, actor = session.store(), session.actor()
    again = checks.refresh(store, actor, check.project_id)
    looked = f"{page.counted(check.result.examples, 'example')} checked"
    said = f"{looked} on {page.when(check.created_at)}, asked for by {check.person}."
    if again.checked:
        said += f" {page.counted(again.checked, 'changed example')} checked again just now."
    st.text(said)
    if again.waiting:
        st.warning(
            f"{page.counted(again.waiting, 'example')} changed since. Their findings are not "
            "shown; check again to see them.",
            icon=":material/update:",
        )


main()
