"""Metrics on request on Results: BLEU, chrF and the other metrics that not every answer gets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.scoring.answer_report import AnswerReport
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.file_differences import Difference
from core.scoring.metrics import ON_REQUEST
from core.study.sentences import says_words, written
from core.workflows.evaluation import answer_reports
from core.workflows.evaluation.score_report import ScoreReport
from pages.components.errors import attempt
from pages.components.job_view import live
from pages.evaluation.label_results import left_out
from pages.evaluation.result_charts import download, metric_name

if TYPE_CHECKING:
    from pages.components.session import StoreType

USUAL = ["bleu", "chrf"]


def metrics_on_request(
    store: StoreType, actor: Actor, version_id: str, report: ScoreReport
) -> None:
    """Choose metrics; a worker computes them, and they stay until answers or settings change."""
    st.subheader("BLEU, chrF and more", anchor=False)
    names = st.multiselect(
        "Metrics", [m.name for m in ON_REQUEST], default=USUAL, format_func=metric_name,
        key=f"more_metrics {version_id}", label_visibility="collapsed", placeholder="Metrics",
    )  # fmt: skip
    if not names:
        return
    ask = partial(
        answer_reports.metrics_on_request, store, actor, version_id, report.split,
        report.baseline_id, names,
    )  # fmt: skip
    found = ask()
    if found.content is not None:
        _table(found.content, report, names)
    elif found.job_id:
        live(found.job_id)
    elif st.button("Compute", icon=":material/calculate:", key=f"compute {version_id}"):
        attempt(partial(ask, compute=True), "Queued. The numbers appear here.")


def _table(found: AnswerReport, report: ScoreReport, names: list[str]) -> None:
    if not found.examples:
        st.caption("A system was trained on or shown every example of this split.")
        return
    rows: list[dict[str, Any]] = []
    for name in sorted(names, key=[m.name for m in ON_REQUEST].index):
        corpus = (found.corpus or {}).get(name)
        if corpus:
            label = f"corpus {CORPUS_METRICS[name].title}"
            rows += _rows(label, corpus.values, corpus.differences, report, 1)
        digits = 1 if corpus else 3
        own = [one for one in found.differences if one.metric == name]
        rows += _rows(metric_name(name), (found.means or {})[name], own, report, digits)
    st.dataframe(rows, hide_index=True, height="content")
    download(rows, "metrics.csv")
    told = [
        f"Corpus {CORPUS_METRICS[name].title} ({CORPUS_METRICS[name].settings()}): "
        f"{CORPUS_METRICS[name].note}"
        for name in names
        if name in CORPUS_METRICS
    ]
    told += ["Intervals are made by near-duplicate group.", *left_out(found), *found.warnings]
    st.caption(" ".join(told))


def _rows(
    label: str, values: Any, differences: Any, report: ScoreReport, digits: int
) -> list[dict[str, Any]]:
    against: dict[str, Difference] = {one.second: one for one in differences}
    rows = []
    for scores in report.systems:
        system = scores.system
        if system.system_id not in values:
            continue
        row = {
            "Metric": label,
            "System": system.name,
            "Value (95 % interval)": written(values[system.system_id], digits),
            "Difference to baseline": "—",
            "Finding": "",
        }
        one = against.get(system.system_id)
        if system.system_id == report.baseline_id:
            row["Difference to baseline"] = "baseline"
        elif scores.is_refused:
            row["Finding"] = "not compared: asked differently"
        elif one is not None:
            row["Difference to baseline"] = written(one.difference, digits)
            row["Finding"] = says_words(one.says)
        rows.append(row)
    return rows
