"""The release gate of a candidate, the lead's signature, and the report to hand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.decision.decision import Decision, Outcome
from core.decision.gate import Check, GatePlan, is_open
from core.scoring.metrics import METRICS
from core.study.findings import Comparison
from core.workflows.evaluation import deciding, gating, reporting
from core.workflows.evaluation.results import StudyResult
from pages.components import page, session
from pages.components.errors import attempt, escaped
from pages.evaluation.result_charts import download, metric_name

if TYPE_CHECKING:
    from pages.components.session import StoreType

STATES = {"passed": "✓ passed", "failed": "✗ failed", "not known": "? not known"}
OUTCOMES: dict[Outcome, str] = {"release": "Release", "hold": "Hold back"}


def gate_view(store: StoreType, actor: Actor, result: StudyResult, found: Comparison) -> None:
    """The gate with its evidence, decisions so far, and signing."""
    study_id, candidate_id = result.study.study_id, found.candidate_id
    st.subheader("Release gate", anchor=False)
    stamp = gating.gate_stamp(store, actor, result)
    checks = session.kept(
        f"gate {candidate_id} {study_id}",
        stamp,
        lambda: gating.gate_checks(store, actor, result, candidate_id),
    )
    passed = sum(check.state == "passed" for check in checks)
    if is_open(checks):
        st.success("Every criterion is shown.", icon=":material/verified:")
    else:
        st.write(f"{passed} of {page.counted(len(checks), 'criterion', 'criteria')} shown.")
    rows = [
        {
            "Criterion": check.label,
            "State": STATES[check.state],
            "Seen": check.seen,
            "Needed": check.needed,
        }
        for check in checks
    ]
    wrapping = [{name: escaped(text) for name, text in row.items()} for row in rows]
    st.table(wrapping, border="horizontal", hide_index=True)
    download(rows, f"gate-{candidate_id}.csv")
    is_lead = actor.has(result.study.project_id, "lead")
    if is_lead:
        _thresholds(store, actor, study_id, candidate_id)
    decisions = [
        one
        for one in deciding.decisions_of(store, actor, study_id)
        if one.candidate_id == candidate_id
    ]
    for decision in decisions:
        _decision(store, actor, decision)
    if is_lead:
        _sign(store, actor, result, candidate_id, checks, stamp)


def _thresholds(store: StoreType, actor: Actor, study_id: str, candidate_id: str) -> None:
    plan, changed_at = gating.gate_plan(store, actor, study_id)
    with st.expander("Change the thresholds", icon=":material/tune:"):
        if changed_at is not None:
            st.caption(
                f"Last changed when there were {page.counted(changed_at, 'judgement')}; the report "
                "says so."
            )
        with st.form(f"gate {candidate_id}", border=False):
            typed = _typed(plan)
            if st.form_submit_button("Save", icon=":material/save:"):
                attempt(lambda: gating.change_gate(store, actor, study_id, typed), "Saved.")


def _typed(plan: GatePlan) -> GatePlan:
    names = [m.name for m in METRICS]
    left, right = st.columns(2)
    with left:
        reviewed = st.number_input(
            "Reviewed by people, % of the split", 10.0, 100.0, 100 * plan.reviewed, 1.0
        )
        metric = st.selectbox(
            "Automatic metric", names, names.index(plan.metric) if plan.metric in names else 0,
            format_func=metric_name,
        )  # fmt: skip
        gain = st.number_input(
            "Gain over the baseline, %", 0.0, 1000.0, 100 * plan.metric_gain, 1.0
        )
        floor = st.number_input("Gain at least", 0.0, 1.0, plan.metric_floor, 0.01)
    with right:
        margin = st.number_input("A criterion may be worse by", 0.05, 4.0, plan.margin, 0.05)
        fewest = st.number_input("Pairs that a criterion needs", 5, 100_000, plan.fewest)
        agreement = st.number_input("Agreement (AC1) at least", -1.0, 1.0, plan.agreement, 0.05)
    return GatePlan(
        reviewed=reviewed / 100,
        metric=metric,
        metric_gain=gain / 100,
        metric_floor=floor,
        margin=margin,
        fewest=int(fewest),
        agreement=agreement,
    )


def _decision(store: StoreType, actor: Actor, decision: Decision) -> None:
    released = decision.outcome == "release"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(
                "released" if released else "held back",
                icon=":material/rocket_launch:" if released else ":material/pan_tool:",
                color="green" if released else "orange",
            )
            st.markdown(
                f"{escaped(decision.person)}, {page.when(decision.created_at)}, on report "
                f"`{decision.report_hash[:12]}`",
                width="content",
            )
        if decision.reason:
            page.plain(decision.reason)
        st.download_button(
            "Signed report, JSON",
            lambda: deciding.signed_report(store, actor, decision.study_id, decision.decision_id),
            f"report-{decision.report_hash[:12]}.json", "application/json",
            key=f"signed {decision.decision_id}", icon=":material/download:", type="tertiary",
            on_click="ignore",
        )  # fmt: skip


def _sign(
    store: StoreType,
    actor: Actor,
    result: StudyResult,
    candidate_id: str,
    checks: tuple[Check, ...],
    stamp: str,
) -> None:
    study_id, form = result.study.study_id, f"sign {candidate_id}"
    read = session.recall(f"{form} stamp", stamp)  # what stood there when “Sign” was pressed
    session.remember(f"{form} stamp", stamp)
    missing = [check.label for check in checks if check.state != "passed"]
    with st.form(form, border=True, enter_to_submit=False):
        st.markdown(f"**Decide on {escaped(result.study.name_of(candidate_id))}**")
        outcome: Outcome = st.segmented_control(
            "Decision", list(OUTCOMES), format_func=OUTCOMES.__getitem__, default="hold",
            required=True, key=f"{form} outcome", label_visibility="collapsed",
        ) or "hold"  # fmt: skip
        reason = st.text_area(
            "Why" if not missing else f"Why; not shown yet: {', '.join(missing)}",
            max_chars=2000, height=80,
            key=f"reason {session.submission_id(form)}",  # empty again once it is signed
        )  # fmt: skip
        st.caption("Your signature keeps the report as it stands now, with its hash.")
        if st.form_submit_button("Sign", type="primary", icon=":material/signature:"):
            attempt(
                lambda: _signed(store, actor, study_id, candidate_id, form, outcome, reason, read),
                "Signed.",
            )


def _signed(
    store: StoreType,
    actor: Actor,
    study_id: str,
    candidate_id: str,
    form: str,
    outcome: Outcome,
    reason: str,
    stamp: str,
) -> None:
    deciding.decide(
        store, actor, study_id, candidate_id, decision_id=session.submission_id(form),
        outcome=outcome, reason=reason, stamp=stamp,
    )  # fmt: skip
    session.submitted(form)


def report_view(store: StoreType, actor: Actor, study_id: str) -> None:
    """The report as a page and as JSON."""
    st.subheader("Report", anchor=False)
    st.caption(
        "Finding, gate, evidence and hashes in one file: the page prints on A4 and loads nothing; "
        "the JSON holds every judgement, and `touchstone verify` counts again."
    )
    with st.container(horizontal=True):
        for label, kind, media in (
            ("Report as a page", "html", "text/html"),
            ("Report as JSON", "json", "application/json"),
        ):
            st.download_button(
                label,
                lambda k=kind: reporting.report_files(store, actor, study_id)[k],  # type: ignore[misc]
                f"report.{kind}", media, key=f"report {kind} {study_id}",
                icon=":material/description:", on_click="ignore",
            )  # fmt: skip
