"""The plan of a new study: which systems, on what, how many pairs; opening it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.statistics.anytime import half_width
from core.study.forecast import Assumptions, forecast, size_for_margin
from core.study.gold import gold_wanted
from core.study.pairing import meetings
from core.study.repeats import SHARE
from core.study.risk import SIGNALS, signals_words
from core.study.study import TUNING_SPLITS
from core.study.system import VersionSystem
from core.versions.version import DatasetVersion
from core.workflows.evaluation import forecasting, studies
from core.workflows.evaluation.forecasting import Pace
from core.workflows.evaluation.studies import Prospect
from pages.components import page, session
from pages.components.errors import tell
from pages.evaluation.caveats import show_differences
from pages.evaluation.forecast_view import choose_assumptions, show_forecast

if TYPE_CHECKING:
    from pages.components.session import StoreType

OPENED = "study opened"
MARGINS = {
    None: "None asked for", 0.3: "±30 points", 0.2: "±20 points", 0.15: "±15 points",
    0.1: "±10 points",
}  # fmt: skip
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
        chosen["for_tuning"] = _for_tuning(chosen["split"])
        seen = studies.prospect(store, actor, project_id, **chosen)
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    _tell_prospect(seen)
    if not seen.outputs:
        return
    pace = forecasting.pace_of(store, actor, project_id)
    plan = chosen | _choose_size(seen, pace, len(chosen["candidate_ids"]))
    plan["reason"] = _reason(seen)
    pairs = plan["size"] * len(meetings(1 + len(plan["candidate_ids"]), plan["among"]))
    label = f"Open a study of {page.counted(pairs, 'pair')}"
    label += ", and the riskiest" if plan["risk"] and plan["size"] < seen.outputs else ""
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


def _for_tuning(split: str) -> bool:
    """Whether the study serves preference tuning; asked where that is possible."""
    return split in TUNING_SPLITS and st.toggle(
        "For preference tuning: no verdict, and examples that a system was trained on too",
        help="What people prefer and correct here can be learned from on Train (DPO), once the "
        "study is closed. The test split stays untouched.",
    )


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


def _choose_size(seen: Prospect, pace: Pace, candidates: int) -> dict[str, Any]:
    """How many pairs, by whom, and what they can show: what is assumed decides the size that a
    margin needs, so it is asked first although it stands last."""
    above, settings, told = st.container(), st.container(), st.container(border=True)
    with settings:
        name = st.text_input("Name", max_chars=80, placeholder="Study of … pairs")
        with st.expander("More settings"):
            overlap = st.slider(
                "Share of pairs that two people rate", 0, 100, round(100 * studies.OVERLAP), 5,
                format="%d %%", help="Only these show how far people agree; 20 % is usual.",
            )  # fmt: skip
            risk = st.number_input(
                "Riskiest outputs beside the sample", 0, seen.outputs, 0, 5,
                help=f"Those of the highest risk: {signals_words(tuple(SIGNALS))}. Each counts "
                "as much as the others; confidence needs answers that were generated here, and "
                "findings a check of the data. They are rated last, reported beside the verdict, "
                "and never enter it.",
            )  # fmt: skip
            among = candidates > 1 and st.toggle(
                "Candidates meet each other too",
                help="Each example makes a pair of every two systems. The order of all systems "
                "then rests on them too; the verdicts stay those against the baseline.",
            )  # fmt: skip
            again = st.toggle(
                f"Show {page.percent(SHARE)} of each person's pairs again", value=True,
                help="Sides swapped, 30 pairs later at least: do people agree with themselves?",
            )  # fmt: skip
            reference = seen.references and st.toggle("Raters see the reference answer")
            gold = st.slider(
                "Gold pairs beside the sample", 0, 20, 0, 5, format="%d %%",
                disabled=reference or not seen.references,
                help="For each hundred pairs of the sample so many more, whose right answer is "
                "known: an example’s reference against that of another example. They show leads "
                "whether raters look, and enter nothing else. Not where raters see the reference: "
                "they would know them.",
            )  # fmt: skip
    with told:
        shown = st.container()
        assumed, hourly_rate = choose_assumptions(pace, overlap / 100, seen.claims)
    with above:
        each = len(meetings(1 + candidates, among))
        size = _choose_pairs(seen, assumed, each)
    beside = candidates * min(risk, seen.outputs - size) + gold_wanted(gold / 100, each * size)
    with shown:
        found = forecast(size, assumed, each, beside)
        show_forecast(found, assumed, seen.outputs, hourly_rate)
    return {
        "size": size,
        "name": name,
        "overlap": overlap / 100,
        "risk": risk,
        "among": among,
        "repeats": SHARE if again else 0.0,
        "show_reference": reference,
        "gold": 0.0 if reference else gold / 100,
    }


def _choose_pairs(seen: Prospect, assumed: Assumptions, each: int) -> int:
    outputs = seen.outputs
    left, right = st.columns(2)
    margin = left.selectbox(
        "Interval of the net preference", list(MARGINS), format_func=MARGINS.__getitem__,
        help="The net preference is the share of pairs won less the share lost. ±20 points of it "
        "are ±10 points of the share won. The size is for the interval that Results shows, which "
        "holds however often somebody looks.",
    )  # fmt: skip
    enough = size_for_margin(margin, outputs, assumed) if margin else 0
    wanted, least = seen.size(outputs if enough is None else enough), seen.size()
    what = "Pairs" if each == 1 else f"Examples (each makes {each} pairs)"
    # The key carries what the value depends on, so that another margin proposes its own size.
    size = right.number_input(
        f"{what} · {page.number(least)} to {page.number(outputs)}", least, outputs, wanted,
        key=f"pairs {least} {outputs} {margin} {wanted}",
        help=f"10 % of the {page.number(seen.split_size)} examples of the frozen split are "
        f"{page.number(seen.least)}; {page.number(outputs)} have answers of all systems.",
    )  # fmt: skip
    if margin and enough is None:
        widest = half_width(outputs, assumed.ties, assumed.level)
        st.warning(
            f"All {page.number(outputs)} outputs give an interval of ±{100 * widest:.0f} points, "
            f"not {MARGINS[margin]}.",
            icon=":material/straighten:",
        )
    if outputs < seen.least:
        _tell_too_few(seen)
    return int(size)


def _tell_too_few(seen: Prospect) -> None:
    st.warning(
        f"The 10 % rule cannot be met: {page.number(seen.least)} of the frozen split’s "
        f"{page.number(seen.split_size)} examples have to be reviewed, and only "
        f"{page.number(seen.outputs)} have an answer of every system. Generate for the rest of the "
        "split with every system, then open the study.",
        icon=":material/rule:",
    )
    st.page_link("evaluation/generate.py", label="Generate", icon=":material/arrow_forward:")


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
