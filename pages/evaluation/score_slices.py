"""Slices on Results: one metric in each part of a split, by topic, length, source or label."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from core.actor import Actor
from core.scoring.answer_report import AnswerReport
from core.scoring.metrics import METRICS
from core.scoring.slices import FEWEST_IN_A_SLICE, SliceBy, SliceDifference
from core.study.sentences import says_words, written, written_p
from core.workflows.evaluation import answer_reports
from core.workflows.evaluation.score_report import ScoreReport, SystemScores
from pages.components import page
from pages.components.errors import attempt
from pages.components.job_view import live
from pages.evaluation.label_results import left_out
from pages.evaluation.result_charts import download, metric_name

if TYPE_CHECKING:
    from pages.components.session import StoreType

BY: dict[SliceBy, str] = {
    "topic": "Topic",
    "length": "Length of the reference",
    "source": "Source",
    "label": "Label",
}
assert set(BY) == set(get_args(SliceBy))


def score_slices(
    store: StoreType, actor: Actor, version_id: str, report: ScoreReport, metric: str
) -> None:
    """Choose what to slice by; a worker computes it, and it stays until scores change."""
    st.subheader("Where is a system better or worse?", anchor=False)
    if metric not in {m.name for m in METRICS}:
        metric = METRICS[0].name
    there = [one for one in BY if one != "label" or answer_reports.has_labels(
        store, actor, version_id)]  # fmt: skip
    by = st.segmented_control(
        "By", there, default="topic", format_func=BY.__getitem__, required=True,
        key=f"slices_by {version_id}", label_visibility="collapsed",
    )  # fmt: skip
    ask = partial(
        answer_reports.scores_by_slice, store, actor, version_id, report.split,
        report.baseline_id, metric, by or "topic",
    )  # fmt: skip
    found = ask()
    if found.content is not None:
        _table(found.content, report, metric)
    elif found.job_id:
        live(found.job_id)
    elif st.button(
        f"Compute {metric_name(metric)} by {BY[by or 'topic'].lower()}",
        icon=":material/calculate:", key=f"slices {version_id}",
    ):  # fmt: skip
        attempt(partial(ask, compute=True), "Queued. The slices appear here.")


def _table(found: AnswerReport, report: ScoreReport, metric: str) -> None:
    if found.slices is None:
        st.caption("A system was trained on or shown every example of this split.")
        return
    rows: list[dict[str, Any]] = []
    for part in found.slices.slices:
        against = {one.difference.second: one for one in part.differences}
        for scores in report.systems:
            system_id = scores.system.system_id
            if system_id in part.means[metric]:
                one = against.get(system_id)
                row = _against(scores, report, one)
                mean = written(part.means[metric][system_id], 3)
                rows.append(
                    {
                        "Part": part.name,
                        "System": scores.system.name,
                        "Finding": row["Finding"],
                        "Mean": mean,
                        "Difference to baseline": row["Difference to baseline"],
                    }
                )
    st.dataframe(rows, hide_index=True, height="content")
    download(rows, f"slices-{found.slices.by}.csv")
    tests = page.counted(found.slices.corrected_for, "test")
    told = [
        f"Of {metric_name(metric)}: p is corrected (Holm) for {tests}; below "
        f"{FEWEST_IN_A_SLICE} independent examples a part is too small to say more. The intervals "
        "are not corrected.",
        *left_out(found),
    ]
    if found.slices.by == "topic":
        told.append("Topics are clusters of the questions, named by their most telling words.")
    st.caption(" ".join(told))


def _against(
    scores: SystemScores, report: ScoreReport, one: SliceDifference | None
) -> dict[str, str]:
    if scores.system.system_id == report.baseline_id:
        return {"Difference to baseline": "baseline", "Finding": ""}
    if scores.is_refused:
        words = "not compared: asked differently"
        return {"Difference to baseline": "—", "Finding": words}
    if one is None:
        return {"Difference to baseline": "—", "Finding": ""}
    return {
        "Difference to baseline": written(one.difference.difference, 3),
        "Finding": "too small"
        if one.p is None or one.says == "too small"
        else f"{says_words(one.says)} (p {written_p(one.p)})",
    }
