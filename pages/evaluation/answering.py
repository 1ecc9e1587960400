"""The form that lets a run's models answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.tuning.generation_config import GenerationConfig
from core.workflows.evaluation import generating
from core.workflows.tuning import training
from pages.components import page, session
from pages.components.errors import tell

if TYPE_CHECKING:
    from pages.components.session import StoreType

KINDS = {
    "base": "Base: the model as it was",
    "prompted": "Prompted base: with examples in its prompt",
    "tuned": "Tuned: with the run's adapter",
}


def generate_form(store: StoreType, actor: Actor, project_id: str, version_id: str) -> None:
    """Choose a completed run of this version and let its models answer."""
    runs = {
        run.run_id: run
        for run in training.runs_of(store, actor, project_id)
        if run.version_id == version_id and run.status == "completed"
    }
    if not runs:
        page.empty(
            "No completed run of this version",
            "Train on this version first, or import the answers of another system.",
            "tuning/launch.py",
            "Train",
        )
        return
    defaults = GenerationConfig()
    # Outside the form: which systems there are follows from the run.
    run_id = st.selectbox("Run", list(runs), format_func=lambda one: runs[one].name)
    offered = generating.kinds_of(runs[run_id])
    if len(offered) < len(KINDS):
        st.caption("Its base is an encoder, which writes no answers: only the tuned model answers.")
    elif runs[run_id].spec.classifies:
        st.caption("Its tuned model answers with a label; base and prompted base write theirs.")
    with st.form("generate", border=True, enter_to_submit=False):
        kinds = st.pills(
            "Systems", offered, selection_mode="multi", default=offered,
            format_func=KINDS.__getitem__, key=f"systems of {run_id}",
        )  # fmt: skip
        left, right = st.columns(2)
        split = left.selectbox("Split", generating.SPLITS, help="Test is what no training saw.")
        limit = right.number_input(
            "How many examples (0: all)", 0, step=10, help="A seeded sample of the split."
        )
        with st.expander("How they answer"):
            config = _config(defaults)
            perplexity = st.toggle(
                "Measure the perplexity of the references",
                help="How likely each system finds the reference answers. It takes one more pass "
                "of the model for each example.",
            )
        if st.form_submit_button("Generate answers", type="primary", icon=":material/play_arrow:"):
            _start(store, actor, run_id, kinds, split, limit or None, config, perplexity)


def _config(defaults: GenerationConfig) -> dict[str, Any]:
    return {
        "max_new_tokens": st.number_input("Max new tokens", 1, value=defaults.max_new_tokens),
        "shots": st.number_input(
            "Worked examples in the prompted base's prompt", 1, 64, defaults.shots
        ),
        "temperature": st.number_input(
            "Temperature", 0.0, 5.0, defaults.temperature, 0.1, help="0 takes the likeliest token."
        ),
        "batch_size": st.number_input("Answers at once", 1, value=defaults.batch_size),
        "seed": st.number_input("Seed", 0, value=defaults.seed),
    }


def _start(
    store: StoreType,
    actor: Actor,
    run_id: str,
    kinds: Any,
    split: str,
    limit: int | None,
    config: Any,
    perplexity: bool,
) -> None:
    form = f"generate {run_id}"
    try:
        generating.start_generation(
            store, actor, run_id, kinds=kinds, split=split, limit=limit,
            config=GenerationConfig(**config), submission_id=session.submission_id(form),
            reference_perplexity=perplexity,
        )  # fmt: skip
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    session.submitted(form)
    session.say("Queued. The answers are scored as soon as they are there.")
    st.rerun()
