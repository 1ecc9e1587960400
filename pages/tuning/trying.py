"""Try a model: one question for the base and the tuned model, and their answers side by side."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.conversation import readable
from core.errors import TouchstoneError
from core.tuning.generation_config import GenerationConfig
from core.tuning.run import Run
from core.workflows.jobs import control
from core.workflows.tuning import training, trying
from pages.components import errors, job_view, page, session

SECONDS = 0.7
SHOWN = 20


def main() -> None:
    """Choose a run, load it, ask, and read."""
    page.head("Try a model", "Ask the base and the tuned model the same question.")
    store, actor, project = session.store(), session.actor(), session.project()
    runs = [run for run in training.runs_of(store, actor, project.project_id) if run.metrics]
    if not runs:
        how = "Only a completed run has a model that can be asked."
        page.empty("There is no model to try yet", how, "tuning/launch.py", "Launch a run")
        return
    by_id = {run.run_id: run for run in runs}
    wished = st.query_params.get("run")
    run_id = st.selectbox(
        "Run",
        list(by_id),
        index=list(by_id).index(wished) if wished in by_id else 0,
        format_func=lambda one: f"{by_id[one].name} · {page.when(by_id[one].created_at)}",
    )
    job = trying.latest_trial(store, actor, run_id)
    if job is None or job.is_terminal:
        st.caption(
            "A worker loads both, answers what is asked, and gives the memory back after five "
            "minutes without a question. It waits while a training or a generation works."
        )
        if st.button("Load the model", type="primary", icon=":material/memory:"):
            _do(lambda: trying.start_trying(store, actor, run_id))
    elif job.status == "running":
        _form(job.job_id)
    if job is not None:
        if not job.is_terminal:
            _followed(job.job_id, run_id, job.status)
        else:
            _conversation(job.job_id, by_id[run_id])


def _form(job_id: str) -> None:
    with st.form(f"ask {job_id}", clear_on_submit=False):
        instruction = st.text_area("Instruction", height=100)
        given = st.text_area("Input", height=100, help="Left empty where there is none.")
        longest = st.slider("Longest answer (tokens)", 16, 512, 128, 16)
        asked = st.form_submit_button(
            "Ask both", type="primary", icon=":material/send:", shortcut="Ctrl+Enter"
        )
    if asked:
        config = GenerationConfig(max_new_tokens=longest)
        _do(
            lambda: trying.ask(session.store(), session.actor(), job_id, instruction, given, config)
        )


@st.fragment(run_every=SECONDS)
def _followed(job_id: str, run_id: str, status: str) -> None:
    store, actor = session.store(), session.actor()
    job = trying.latest_trial(store, actor, run_id)
    if job is None or job.job_id != job_id or job.status != status:
        st.rerun()
    if status != "running":
        job_view.draw(job_view.view_of(job_id))
        return
    st.button(
        "Unload the model",
        icon=":material/eject:",
        key=f"unload {job_id}",
        help="Gives its memory back now, not after five minutes without a question.",
        on_click=lambda: control.stop_job(store, actor, job_id),
    )
    _conversation(job_id, training.get_run(store, actor, run_id))


def _conversation(job_id: str, run: Run) -> None:
    """The newest questions first, each with both answers and what can be done with them."""
    asked = trying.conversation(session.store(), session.actor(), job_id)
    for one in reversed(asked[-SHOWN:]):
        with st.container(border=True):
            page.plain(one.instruction)
            if one.input:
                page.plain(readable(one.input))
            if one.base is None or one.tuned is None:
                st.caption("Being answered …")
                continue
            places = zip(st.columns(2), (("base", "Base"), ("tuned", run.name)), strict=True)
            for place, (which, title) in places:
                with place.container(border=True):
                    st.markdown(f"**{errors.escaped(title)}**")
                    page.plain(one.base if which == "base" else one.tuned)
                    _proposals(job_id, one.question_id, which)
            st.caption(f"Both answered in {page.duration(one.seconds)}.")


def _proposals(job_id: str, question_id: str, which: str) -> None:
    choices = ((True, "thumb_up", "Good"), (False, "thumb_down", "To be corrected"))
    with st.container(horizontal=True):
        for good, icon, text in choices:
            if st.button(
                text,
                icon=f":material/{icon}:",
                key=f"propose {question_id} {which} {good}",
                help="Sends question and answer to the annotation queue, as a proposal.",
                type="tertiary",
            ):
                _propose(job_id, question_id, which, good=good)


def _propose(job_id: str, question_id: str, which: str, *, good: bool) -> None:
    try:
        added = trying.propose(
            session.store(), session.actor(), job_id, question_id,
            "base" if which == "base" else "tuned", good=good,
        )  # fmt: skip
    except TouchstoneError as error:
        st.toast(error.message, icon=":material/error:")
    else:
        st.toast(f"Example {page.number(added.position)} waits in the annotation queue.")


def _do(action: Callable[[], object]) -> None:
    try:
        action()
    except TouchstoneError as error:
        errors.show(error)
    else:
        st.rerun()


main()
