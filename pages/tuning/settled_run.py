"""A run that has ended: what came of it, its curves, settings and log."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.workflows.jobs.job_view import LiveView, curves_of, live_view
from pages.components import job_view, page, session
from pages.tuning.run_view import curves, outcome

Run = dict[str, Any]
# Shown by itself, or a path of the server: model_id names the base model.
HIDDEN = ("template", "library_versions", "base_model")
VIEWS = ("Curves", "Settings", "Log")


def settled(run: Run) -> None:
    """The run once it has ended."""
    store, actor = session.store(), session.actor()
    view = live_view(store, actor, run["job_id"], notes=0)
    if run["status"] != "completed":
        job_view.draw(view, title=False)
    if run["metrics"]:
        outcome(run, may_download=actor.has(run["project_id"], "lead"))
    shown = st.segmented_control("Show", VIEWS, default=VIEWS[0], required=True)
    if shown == "Curves":
        curves(curves_of(store, actor, run["job_id"]), run["name"])
    elif shown == "Settings":
        spec = {k: v for k, v in run["spec"].items() if k not in HIDDEN}
        rows = [*spec.items(), *run["spec"]["library_versions"].items()]
        st.dataframe(
            {"Setting": [name for name, _ in rows], "Value": [str(value) for _, value in rows]},
            hide_index=True,
            height="content",
        )
        st.caption("Prompt template")
        st.code(run["spec"]["template"], language=None)
    else:
        log(live_view(store, actor, run["job_id"], notes=200))


def log(view: LiveView) -> None:
    """What the worker said, line by line."""
    text = "\n".join(f"{page.when(moment)}  {said}" for moment, said in view.notes)
    st.code(text or "The worker has said nothing yet.", language=None, wrap_lines=True)
