"""The plan of a new study: which systems, on what, how many pairs; opening it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.study.repeats import SHARE
from core.study.system import VersionSystem
from core.versions.version import DatasetVersion
from core.workflows.evaluation import studies
from core.workflows.evaluation.studies import Prospect
from pages.components import page, session
from pages.components.errors import tell
from pages.evaluation.caveats import show_differences

if TYPE_CHECKING:
    from pages.components.session import StoreType

OPENED = "study opened"
MARGINS = {None: "No margin asked for", 0.1: "±10 points", 0.07: "±7 points", 0.05: "±5 points"}
SPLITS = {"test": "Test", "validation": "Validation", "train": "Train", "all": "All splits"}
Answered = Sequence[tuple[DatasetVersion, Sequence[VersionSystem]]]


def study_plan(store: StoreType, actor: Actor, project_id: str, answered: Answered) -> None:
    """Draw the plan; `answered` are the versions that two systems or more have answered."""
    if not answered:
        page.empty(
            "No two systems have answered the same version",
            "Generate with another system, or import its answers.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    chosen = _choose_systems(answered)
    if chosen is None:
        st.caption("Choose at least one candidate.")
        return
    try:
        seen = studies.prospect(store, actor, project_id, **chosen)
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    _tell_prospect(seen)
    if not seen.outputs:
        return
    plan = chosen | _choose_size(seen, len(chosen["candidate_ids"]))
    plan["reason"] = _reason(seen)
    pairs = plan["size"] * len(plan["candidate_ids"])
    label = f"Open a study of {page.counted(pairs, 'pair')}"
    if st.button(label, type="primary", icon=":material/science:"):
        _open(store, actor, project_id, plan)
    st.caption(
        "A worker draws the pairs and scans the answers for what tells the systems apart; a study "
        "that is not blind says so."
    )


def _choose_systems(answered: Answered) -> dict[str, Any] | None:
    versions = {v.version_id: (f"{v.number} · {v.name}", systems) for v, systems in answered}
    left, right = st.columns(2)
    version_id = left.selectbox(
        "Dataset version", list(versions), format_func=lambda i: versions[i][0]
    )
    split = right.selectbox(
        "Split", list(SPLITS), format_func=SPLITS.__getitem__,
        help="Test is what no training saw. Examples that a system was trained on are left out.",
    )  # fmt: skip
    systems = {s.system_id: s for s in versions[version_id][1]}
    ids = list(systems)
    left, right = st.columns(2)
    first = next((k for k, i in enumerate(ids) if systems[i].kind == "base"), 0)
    baseline = left.selectbox(
        "Baseline", ids, index=first, format_func=lambda i: systems[i].name,
        help="What the candidates are compared with.",
    )  # fmt: skip
    others = [i for i in ids if i != baseline]
    tuned = [i for i in others if systems[i].kind == "tuned"] or others
    candidates = right.multiselect(
        "Candidate", others, default=tuned[-1:], format_func=lambda i: systems[i].name,
        key=f"candidates {version_id} {baseline}",
        help="Usually one. With several, each is compared with the baseline.",
    )  # fmt: skip
    if not candidates:
        return None
    return {
        "version_id": version_id,
        "split": split,
        "baseline_id": baseline,
        "candidate_ids": candidates,
    }


def _tell_prospect(seen: Prospect) -> None:
    if seen.left_out:
        st.info(
            f"{page.counted(seen.left_out, 'shared example')} left out: a system was trained on "
            "them, or was shown them in its prompt.",
            icon=":material/filter_alt_off:",
        )
    if not seen.outputs:
        st.warning(
            "No example is left that all of them answered. Choose another split, or generate for "
            "one split with all of them.",
            icon=":material/error:",
        )


def _choose_size(seen: Prospect, candidates: int) -> dict[str, Any]:
    outputs, least = seen.outputs, studies.plan_size(seen.outputs)
    left, right = st.columns(2)
    margin = left.selectbox(
        "Margin of error of the win rate", list(MARGINS), format_func=MARGINS.__getitem__,
        help="Half the width of a 95 % interval when every pair is decided.",
    )  # fmt: skip
    wanted = studies.plan_size(outputs, margin)
    what = "Pairs" if candidates == 1 else f"Examples (each makes {candidates} pairs)"
    # The key carries what the value depends on, so that another margin proposes its own size.
    size = right.number_input(
        f"{what} · at least {least} of {page.number(outputs)}, the 10 % rule", least, outputs,
        wanted, key=f"pairs {outputs} {margin}",
    )  # fmt: skip
    name = st.text_input("Name", max_chars=80, placeholder=f"Study of {size} pairs")
    with st.expander("More settings"):
        overlap = st.slider(
            "Share of pairs that two people rate", 0, 100, round(100 * studies.OVERLAP), 5,
            format="%d %%", help="Only these show how far people agree; 20 % is usual.",
        )  # fmt: skip
        again = st.toggle(
            f"Show {page.percent(SHARE)} of each person's pairs again", value=True,
            help="Sides swapped, at least 30 pairs later: how far people agree with themselves.",
        )  # fmt: skip
        reference = st.toggle("Raters see the reference answer")
    return {
        "size": int(size),
        "name": name,
        "overlap": overlap / 100,
        "repeats": SHARE if again else 0.0,
        "show_reference": reference,
    }


def _reason(seen: Prospect) -> str:
    """Name what differs; a lead writes why that may be, where it was not meant to."""
    if not seen.differences:
        return ""
    show_differences(seen.differences)
    if not seen.needs_reason:
        return ""
    return st.text_area(
        "These answers were not made alike. If they should be compared all the same, write why; "
        "the reason stays in the results",
        max_chars=2000, height=80,
    )  # fmt: skip


def _open(store: StoreType, actor: Actor, project_id: str, plan: dict[str, Any]) -> None:
    form = f"study {project_id}"
    try:
        studies.open_study(
            store, actor, project_id, study_id=f"stu_{session.submission_id(form)}", **plan
        )
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    session.submitted(form)
    session.say("The study is being drawn; it opens in a moment.")
    session.remember(OPENED, project_id)
    st.rerun()
