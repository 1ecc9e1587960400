"""Runs: every training of the project, and the live page of one."""

from __future__ import annotations

import streamlit as st

from core.workflows.jobs.job_view import live_view
from core.workflows.tuning import training
from pages.components import errors, job_view, page, session
from pages.tuning.run_comparison import compare
from pages.tuning.run_view import curves, facts, figures
from pages.tuning.sampled_answers import sampled_answers
from pages.tuning.settled_run import settled


def main() -> None:
    """Choose a run, then watch it or read what came of it."""
    page.head("Runs", "Watch a run while it trains, and see what came of it.")
    store, actor, project = session.store(), session.actor(), session.project()
    runs = training.runs_of(store, actor, project.project_id)
    if not runs:
        how = "A run teaches a base model your task, from a frozen version."
        page.empty("No runs yet", how, "tuning/launch.py", "Launch one")
        return
    by_id = {run.run_id: run for run in runs}
    wished = st.query_params.get("run")
    if wished and wished not in by_id:
        errors.tell("No such run", "The address names a run that is not in this project.")
    chosen = st.selectbox(
        "Run",
        list(by_id),
        index=list(by_id).index(wished) if wished in by_id else 0,
        format_func=lambda one: f"{by_id[one].name} · {page.when(by_id[one].created_at)}",
    )
    if chosen != wished:
        st.query_params["run"] = chosen
    run = by_id[chosen]
    if live_view(store, actor, run.job_id).moves:
        followed(chosen)
    else:
        settled(run)
    if len(runs) > 1:
        compare(runs)
        st.subheader("All runs", anchor=False)
        st.dataframe(facts(runs), hide_index=True)


@st.fragment(run_every=1.5)
def followed(run_id: str) -> None:
    """The run while it moves, every second and a half; then the page once more."""
    store, actor = session.store(), session.actor()
    run = training.get_run(store, actor, run_id)
    view = live_view(store, actor, run.job_id, notes=3)
    if not view.moves:
        st.rerun()
    job_view.draw(view, title=False)
    known = training.curves_of(store, actor, run_id)
    figures(view, known, run)
    curves(known, run)
    if not run.spec.classifies:
        sampled_answers(run_id)


main()
