"""A run that has ended: what came of it, its curves, settings and log."""

from __future__ import annotations

import streamlit as st

from core.tuning.run import Run
from core.tuning.settings import SETTINGS
from core.workflows.jobs.job_view import LiveView, live_view
from core.workflows.tuning import training
from pages.components import job_view, page, session
from pages.tuning.chosen_labels import chosen_labels
from pages.tuning.merged_model import merged_model
from pages.tuning.preference_view import learned_preferences
from pages.tuning.run_view import curves, outcome
from pages.tuning.sampled_answers import sampled_answers

# Shown by itself, or a path of the server: model_id names the base model.
HIDDEN = ("template", "library_versions", "base_model", "run_id", "name")
VIEWS = {
    "answers": ("Curves", "Validation answers", "Settings", "Merge", "Log"),
    "labels": ("Labels", "Curves", "Settings", "Log"),
    "preferences": ("Curves", "Preferences", "Validation answers", "Settings", "Merge", "Log"),
}


def settled(run: Run) -> None:
    """The run once it has ended."""
    store, actor = session.store(), session.actor()
    view = live_view(store, actor, run.job_id, notes=0)
    if run.status != "completed":
        job_view.draw(view, title=False)
    if run.metrics:
        outcome(run, run.metrics, may_download=actor.has(run.project_id, "lead"))
    views = VIEWS[run.spec.learns]
    shown = st.segmented_control("Show", views, default=views[0], required=True)
    if shown == "Curves":
        curves(training.curves_of(store, actor, run.run_id), run)
    elif shown == "Labels":
        chosen_labels(run)
    elif shown == "Preferences":
        learned_preferences(run)
    elif shown == "Validation answers":
        sampled_answers(run.run_id)
    elif shown == "Settings":
        settings(run)
    elif shown == "Merge":
        merged_model(run)
    else:
        log(live_view(store, actor, run.job_id, notes=200))


def settings(run: Run) -> None:
    """Every setting that the run was made with, and the prompt that it froze."""
    chosen = {name: one for name, one in run.spec.settings().items() if name not in HIDDEN}
    rows = [*chosen.items(), *run.spec.library_versions.items()]
    st.dataframe(
        {
            "Setting": [_label(name) for name, _ in rows],
            "Name": [name for name, _ in rows],
            "Value": [str(value) for _, value in rows],
        },
        hide_index=True,
        height="content",
    )
    prompt = run.prompt
    st.caption("Prompt: the model's chat template" if prompt.is_chat else "Prompt template")
    st.code(prompt.chat_template or run.spec.prompt.template, language=None)
    if prompt.stop_strings:
        st.caption("Answers end at " + ", ".join(f"`{s.strip()}`" for s in prompt.stop_strings))


def _label(name: str) -> str:
    return SETTINGS[name].label if name in SETTINGS else name.replace("_", " ").capitalize()


def log(view: LiveView) -> None:
    """What the worker said, line by line."""
    wanted = st.text_input("Search the log", placeholder="Any words of a line").casefold().split()
    lines = [f"{page.when(moment)}  {said}" for moment, said in view.notes]
    shown = [line for line in lines if all(word in line.casefold() for word in wanted)]
    none = "No line has these words." if lines else "The worker has said nothing yet."
    st.code("\n".join(shown) or none, language=None, wrap_lines=True)
