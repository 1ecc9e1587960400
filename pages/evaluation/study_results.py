"""What the raters of one study said: the finding first, then how sure one can be of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.findings import Comparison
from core.study.register import level_of
from core.study.sentences import compared, says_words, written, written_p
from core.study.verdicts import set_apart_words
from core.workflows.evaluation import results, studies
from core.workflows.evaluation.results import StudyResult
from pages.components import page, session
from pages.components.job_view import live
from pages.evaluation import result_charts
from pages.evaluation.blinding_results import show_blinding
from pages.evaluation.caveats import measured, show_differences, show_reason
from pages.evaluation.costs_view import costs_view
from pages.evaluation.evidence_view import (
    ranking_view,
    sensitivity_view,
    slices_view,
    trust_view,
)
from pages.evaluation.forecast_view import told_outlook
from pages.evaluation.gate_view import gate_view, report_view
from pages.evaluation.judgements_export import export_judgements
from pages.evaluation.rater_results import agreement_view, figures_view, gold_view, pace_view
from pages.evaluation.risk_view import show_risk
from pages.evaluation.unblinding import may_see, show_ledger

if TYPE_CHECKING:
    from pages.components.session import StoreType


def study_results(store: StoreType, actor: Actor, study_id: str) -> None:
    """Draw one study's results."""
    if not may_see(store, actor, study_id, "results"):
        return
    report = session.kept(
        f"study {study_id}",
        results.study_stamp(store, actor, study_id),
        lambda: results.study_report(store, actor, study_id),
    )
    result = report.content
    if result is None:
        session.forget(f"study {study_id}")
        live(report.job_id)
        return
    if not result.found.made:
        page.empty(
            "Nobody has rated yet", "The pairs wait under Rate.", "evaluation/rate.py", "Rate"
        )
        return
    for comparison in result.found.comparisons:
        _comparison(result, comparison)
        _register(store, actor, result, comparison)
        if not result.withheld:
            sensitivity_view(comparison, result.evidence.of(comparison.candidate_id).sensitivity)
    ranking_view(result)
    figures_view(result)
    lead = actor.has(result.study.project_id, "lead")
    agreement_view(result, lead=lead)
    if lead:
        gold_view(results.gold_of(store, actor, study_id))
    for comparison in result.found.comparisons:
        trust_view(result, comparison)
        if not result.withheld:
            slices_view(store, actor, result, comparison)
        costs_view(store, actor, result, comparison)
        gate_view(store, actor, result, comparison)
    report_view(store, actor, study_id)
    pace_view(result)
    if lead:
        show_ledger(store, actor, study_id)
        export_judgements(store, actor, study_id)


def _comparison(result: StudyResult, found: Comparison) -> None:
    names = {
        "baseline": result.study.baseline.name,
        "candidate": result.study.name_of(found.candidate_id),
    }
    headline = result.headline(found)
    if found.net.low is not None and not result.withheld:
        result_charts.net_chart(headline, found, names)
    else:
        st.markdown(f"**{headline}**")
    st.text(f"Candidate: {names['candidate']}\nBaseline: {names['baseline']}")
    _reservations(result, found)
    if apart := set_apart_words(found.set_apart, found.only_set_apart):
        st.text(apart)
    if not found.judged:
        return
    result_charts.verdicts_chart(_decided(found), found, names)
    show_risk(result, found)
    if result.withheld:
        return
    result_charts.criteria_chart(_criteria_title(found, names), found, names)
    rows = [
        {
            "Criterion": result_charts.criterion_name(c.criterion),
            names["baseline"]: written(c.baseline),
            names["candidate"] + " ": written(c.candidate),
            "Difference": written(c.difference),
            **({} if c.p is None else {"p (Holm)": written_p(c.p)}),
            "Finding": says_words(c.says),
        }
        for c in found.criteria
    ]
    st.dataframe(rows, hide_index=True, height="content")
    st.caption(_how_criteria_are_claimed(found))
    _flags(found, names)
    if found.blinding:
        show_blinding(found.blinding)


def _flags(found: Comparison, names: dict[str, str]) -> None:
    if found.flags:
        title = "Flags raised per pair, with exact intervals"
        result_charts.flags_chart(title, found, names)
    else:
        highest = results.none_in(found.judged)
        st.caption(
            f"No flag was raised in {page.counted(found.judged, 'pair')}; the true share "
            f"may still be up to {page.percent(highest.high, 1)}."
        )


def _reservations(result: StudyResult, found: Comparison) -> None:
    """Why what was seen is not the last word: withheld, not blind, asked differently, interim."""
    study = result.study
    if result.withheld:
        st.warning(result.withheld, icon=":material/visibility:")
        st.page_link(
            "evaluation/studies.py", label="What the scan found", icon=":material/arrow_forward:"
        )
    elif not study.blind and (note := studies.counts_because(study)):
        with st.container(border=True):
            st.badge("not blind", icon=":material/visibility:", color="orange")
            st.text(f"Raters could tell the systems apart: {measured(study.leaks)}.")
            show_reason(note, "lets it count")
    if study.differences:
        with st.container(border=True):
            show_differences(study.differences)
            if reason := studies.compared_because(study):
                show_reason(reason, "compares them all the same")
    if study.plan.changes:
        st.text(study.plan.changed_words)
    for said in study.added:
        st.caption(said)
    if study.plan.left_out:
        st.caption(
            f"{page.counted(study.plan.left_out, 'example')} left out that a system was trained "
            "on or shown."
        )
    if result.found.judged < result.pairs:
        st.info(
            f"Interim: {page.number(result.found.judged)} of {page.number(result.pairs)} pairs are "
            "rated. The intervals of the preference and of the criteria's differences hold however "
            "often you look; those of single means, flags and agreement hold for one look.\n\n"
            f"{told_outlook(result, found)}",
            icon=":material/hourglass_top:",
        )


def _decided(found: Comparison) -> str:
    note = f"; two raters differ on {page.number(found.split)}" if found.split else ""
    pairs = page.counted(found.judged, "pair")
    return f"How {pairs} {'was' if found.judged == 1 else 'were'} first judged{note}"


def _how_criteria_are_claimed(found: Comparison) -> str:
    if any(c.p is not None for c in found.criteria):
        return (
            "All pairs are judged: a difference is claimed where its p, corrected by Holm for the "
            "number of criteria, and for the comparisons that share one chance of a false claim, "
            "is at most 0.05. One judgement per pair counts, the first."
        )
    return (
        "The differences' intervals hold for all criteria together and however often you look. "
        "One judgement per pair counts, the first."
    )


def _criteria_title(found: Comparison, names: dict[str, str]) -> str:
    told = [c for c in found.criteria if c.says != "not shown"]
    if not told:
        rated = max((c.difference.n for c in found.criteria), default=0)
        return f"No criterion is shown to differ (n = {page.counted(rated, 'pair')})"
    return " · ".join(
        compared(names["candidate"], names["baseline"], c.criterion, c.difference, c.says)
        for c in told
    )


def _register(store: StoreType, actor: Actor, result: StudyResult, found: Comparison) -> None:
    """All studies of these two systems, where this is not the only one."""
    if found.net.level == level_of(1):  # known without a look at anybody's judgements
        return
    register = results.register_of(store, actor, result.study.study_id, found.candidate_id)
    several = any(one.claims > 1 for one in register.studies)
    st.subheader("All studies of these two systems", anchor=False)
    rows = [
        {
            "Study": one.name,
            "Opened": f"{page.when(one.created_at)}, {one.person}",
            "State": "closed" if one.closed else "open",
            **({"Candidates": page.number(one.claims)} if several else {}),
            "Pairs judged": page.number(one.judged),
            "Won": page.number(one.won),
            "Lost": page.number(one.lost),
            "e-value": "—" if one.e_value is None else f"{one.e_value:.2g}",
        }
        for one in register.studies
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, f"studies-{found.candidate_id}.csv")
    average = register.combined if len(rows) > 1 else None
    combined = "" if average is None else f" Their average is {average:.2g}."
    st.caption(
        f"The more comparisons, the likelier one of them favours a system by chance. So each of "
        f"the {register.claims} claims at {page.percent(0.05)} / {register.claims}, that is from "
        f"an e-value of {40 * register.claims} on; studies that were given up count, and each "
        f"candidate of a study. An e-value says how many times "
        f"the stake a bet on the candidate has won; if it is no better, 1 is expected.{combined}"
    )
