"""Train: choose a version and a base model, set what matters, start a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import TouchstoneError
from core.tuning.base_models import BaseModel
from core.workflows.curation import freezing
from core.workflows.tuning import specs, training
from core.workflows.tuning.run_drafts import RunDraft
from pages.components import errors, page, session
from pages.tuning.model_download import add_model
from pages.tuning.preference_view import preference_pairs
from pages.tuning.preflight_view import preflight_section
from pages.tuning.run_draft import (
    forget_draft,
    form_key,
    found_draft,
    keep_draft,
    offer_the_defaults,
)
from pages.tuning.run_form import run_settings, what_is_learned
from pages.tuning.run_plan import described, plan

FORM = "launch"


def main() -> None:
    """Draw the form with what it would lead to beside it."""
    page.head("Train", "Fine-tune a base model on a dataset version.")
    store, actor, project = session.store(), session.actor(), session.project()
    versions = freezing.versions_of(store, actor, project.project_id)
    models = specs.models_for(store, actor, project.project_id)
    if not versions:
        how = "A run trains on a frozen version. Accept examples, then freeze them."
        page.empty("There is no dataset version yet", how, "curation/versions.py", "Freeze one")
        return
    by_version = {version.version_id: version for version in versions}
    by_model = {model.id: model for model in models if not model.problem}
    if not by_model:
        page.empty("There is no base model here", _where())
        unusable(models)
        add_model()
        return
    draft, key = found_draft(), form_key()
    offer_the_defaults()
    left, right = st.columns(2)
    version_id = left.selectbox(
        "Dataset version",
        list(by_version),
        _place(draft.version_id, by_version),
        key=f"{key} version",
        format_func=lambda one: described(by_version[one]),
        help="The frozen examples to learn from; the test split is never trained on.",
    )
    model_id = right.selectbox(
        "Base model",
        list(by_model),
        _place(draft.model_id, by_model),
        key=f"{key} model",
        format_func=lambda one: by_model[one].title,
        help=f"The model to start from; its own weights stay as they are. {_where()}",
    )
    unusable(models)
    add_model()
    name = st.text_input(
        "Run name",
        draft.name,
        key=f"{key} name",
        placeholder=f"{project.name} {by_version[version_id].name}",
        max_chars=80,
        help="How the run is called in lists and charts; left empty, project and version.",
    )
    form, writes = f"{key} {model_id}", by_model[model_id].writes
    draft = draft if draft.model_id == model_id else RunDraft()
    learned = what_is_learned(draft, writes=writes, key=form)
    start = draft.settings.get("pair_sources")
    pairs = preference_pairs(version_id, start, form) if learned == "preferences" else None
    if learned == "preferences" and pairs is None:
        return
    chosen = run_settings(model_id, learned, key=form, draft=draft)
    settings, fit = chosen.settings, chosen.fit
    if pairs:
        settings["pair_sources"] = pairs.sources
    keep_draft(RunDraft(version_id, model_id, name, chosen.preset, dict(settings)))
    if fit:
        plan(by_version[version_id], model_id, settings, pairs)
        fit = preflight_section(version_id, model_id, settings, learned)
    else:
        st.caption("Correct the settings marked with :material/error: to start the run.")
    if st.button("Start run", type="primary", icon=":material/rocket_launch:", disabled=not fit):
        launch(version_id, model_id, name, settings)


def _place(chosen: str, options: Mapping[str, object]) -> int:
    return list(options).index(chosen) if chosen in options else 0


def unusable(models: Sequence[BaseModel]) -> None:
    """The folders that hold no model one can train on, and why."""
    wrong = [model for model in models if model.problem]
    if not wrong:
        return
    with st.expander(f"Not usable as base models: {len(wrong)}", icon=":material/error:"):
        for model in wrong:
            st.markdown(f"**{errors.escaped(model.title)}**: {errors.escaped(model.problem)}")


def _where() -> str:
    folder = session.workspace().models
    return f"Put a model's folder (safetensors) into {folder}; the demo base is always there."


def launch(version_id: str, model_id: str, name: str, settings: dict[str, Any]) -> None:
    """Start the run and go to its page; a refusal is shown and what was typed stays."""
    try:
        run_id = training.start_run(
            session.store(),
            session.actor(),
            version_id,
            model_id=model_id,
            name=name,
            settings=settings,
            submission_id=session.submission_id(FORM),
        )
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(FORM)
    forget_draft()
    st.switch_page("tuning/runs.py", query_params={"run": run_id})


main()
