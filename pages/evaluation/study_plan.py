"""The plan of a new study: which two systems, how many pairs, what the scan says; opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.workflows.evaluation import studies
from pages.components import page, session
from pages.components.errors import tell
from pages.evaluation.leak_findings import show_findings

if TYPE_CHECKING:
    from pages.components.session import StoreType

OPENED = "study opened"
MARGINS = {None: "No margin asked for", 0.1: "±10 points", 0.07: "±7 points", 0.05: "±5 points"}


def study_plan(
    store: StoreType, actor: Actor, project_id: str, versions: dict[str, list[dict[str, Any]]]
) -> None:
    """Draw the plan; `versions` maps a version's name to the systems that answered it."""
    if not versions:
        page.empty(
            "No two systems have answered the same version",
            "Generate with another system, or import its answers.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    chosen = _choose_systems(versions)
    if chosen is None:
        return
    baseline, candidate = chosen
    try:
        outputs = len(studies.shared_outputs(store, actor, project_id, baseline, candidate))
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    if not outputs:
        st.info("These two share no answered example. Choose two that answered one split.")
        return
    plan = _choose_size(outputs)
    _scan(store, actor, project_id, baseline, candidate)
    label = f"Open a study of {page.number(plan['size'])} pairs"
    if st.button(label, type="primary", icon=":material/science:"):
        _open(store, actor, project_id, baseline, candidate, plan)


def _choose_systems(versions: dict[str, list[dict[str, Any]]]) -> tuple[str, str] | None:
    version = st.selectbox("Dataset version", list(versions))
    names = {system["system_id"]: system["name"] for system in versions[version]}
    kinds = {system["system_id"]: system["kind"] for system in versions[version]}
    ids = list(names)
    left, right = st.columns(2)
    first = next((k for k, i in enumerate(ids) if kinds[i] == "base"), 0)
    baseline = left.selectbox(
        "Baseline", ids, index=first, format_func=names.__getitem__,
        help="What the other one is compared with.",
    )  # fmt: skip
    others = [i for i in ids if i != baseline]
    tuned = [k for k, i in enumerate(others) if kinds[i] == "tuned"]
    candidate = right.selectbox(
        "Candidate", others, index=(tuned or [len(others) - 1])[-1],
        format_func=names.__getitem__,
    )  # fmt: skip
    return (baseline, candidate) if baseline and candidate else None


def _choose_size(outputs: int) -> dict[str, Any]:
    least = studies.plan_size(outputs)
    left, right = st.columns(2)
    margin = left.selectbox(
        "How exact the win rate shall be", list(MARGINS), format_func=MARGINS.__getitem__,
        help="Half the width of a 95 % interval when every pair is decided.",
    )  # fmt: skip
    wanted = studies.plan_size(outputs, margin)
    # The key carries what the value depends on, so that another margin proposes its own size.
    size = right.number_input(
        f"Pairs (at least {least} of {page.number(outputs)}: the 10 % rule)", least, outputs,
        wanted, key=f"pairs {outputs} {margin}",
    )  # fmt: skip
    name = st.text_input("Name", max_chars=80, placeholder=f"Study of {size} pairs")
    with st.expander("More settings"):
        overlap = st.slider(
            "Share of pairs that two people rate", 0, 100, round(100 * studies.OVERLAP), 5,
            format="%d %%", help="Only these show how far people agree; 20 % is usual.",
        )  # fmt: skip
        reference = st.toggle("Raters see the reference answer")
        seed = st.number_input("Seed of sample, order and sides", 0, value=42)
    return {
        "size": int(size),
        "name": name,
        "overlap": overlap / 100,
        "show_reference": reference,
        "seed": int(seed),
    }


def _scan(store: StoreType, actor: Actor, project_id: str, baseline: str, candidate: str) -> None:
    kept = f"scan {baseline} {candidate}"
    if st.button("Scan for what tells them apart", icon=":material/search:"):
        session.remember(kept, studies.scan_leaks(store, actor, project_id, baseline, candidate))
    if leaks := session.recall(kept):
        show_findings(leaks)
    else:
        st.caption("The scan also runs when the study opens, and marks one that is not blind.")


def _open(
    store: StoreType,
    actor: Actor,
    project_id: str,
    baseline: str,
    candidate: str,
    plan: dict[str, Any],
) -> None:
    form = f"study {project_id}"
    try:
        studies.open_study(
            store, actor, project_id, baseline_id=baseline, candidate_id=candidate,
            study_id=f"stu_{session.submission_id(form)}", **plan,
        )  # fmt: skip
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    session.submitted(form)
    session.say("The study is open: its pairs wait under Rate.")
    session.remember(OPENED, project_id)
    st.rerun()
