"""Contamination on Results: which examples a base model may have seen, and the scores without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.scoring.contamination_check import ContaminationCheck
from core.study.sentences import says_words, written
from core.workflows.curation import freezing
from core.workflows.evaluation import contamination
from core.workflows.evaluation.score_report import ScoreReport
from core.workflows.jobs import jobs
from pages.components import page, session
from pages.components.errors import attempt, escaped
from pages.components.job_view import live
from pages.evaluation.result_charts import download, metric_name

if TYPE_CHECKING:
    from pages.components.session import StoreType

NO_CONTROLS = ""
MOST_SHOWN = 200


def contamination_view(
    store: StoreType, actor: Actor, version_id: str, report: ScoreReport, metric: str
) -> None:
    """Draw the checks of a split, the scores without suspect examples, and the form of a check."""
    st.subheader("Contamination", anchor=False)
    project_id = session.project().project_id
    _running(store, actor, project_id, version_id)
    checks = contamination.checks_of(store, actor, version_id, report.split)
    if not checks:
        st.caption(
            "Not checked yet: whether a base model has seen these examples before. A model that "
            "completes an example word for word has read it, and its score says less."
        )
    titles: dict[str, str] = {}
    if actor.has(project_id, "lead"):
        models = contamination.models_to_check(store, actor, version_id)
        titles = {one.model_id: one.title for one in models}
    for check in checks:
        _check(store, actor, check, titles.get(check.model_id, check.model_id))
    if report.suspects:
        _without(report, metric)
    if titles:
        _form(store, actor, version_id, report.split, titles, first=not checks)


def _running(store: StoreType, actor: Actor, project_id: str, version_id: str) -> None:
    recent = jobs.jobs_of(store, actor, project_id, ("contamination",), limit=10)
    own = [job for job in recent if job.detail.get("version_id") == version_id]
    for job in own:
        if not job.taken_in or (job is own[0] and job.status in ("failed", "lost")):
            live(job.job_id)


def _check(store: StoreType, actor: Actor, check: ContaminationCheck, title: str) -> None:
    count = len(check.result.suspects)
    told = page.counted(count, "suspect example") if count else "no suspect example"
    st.markdown(f"**{escaped(title)}: {told}**")
    st.write(" ".join(check.result.sentences))
    if not count:
        return
    with st.expander(f"Which ({page.number(count)})"):
        rows = [
            {
                "Completed": f"{one.completion:.0%}",
                "Instruction": one.instruction,
                "Input": one.input,
                "Reference": one.output,
                "Min-K%": round(one.min_k, 2),
                "Id": one.example_id,
            }
            for one in contamination.suspects_of(store, actor, check)
        ]
        st.dataframe(rows[:MOST_SHOWN], hide_index=True, height="content")
        if count > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN}; the file has all.")
        download(rows, f"suspects-{check.check_id}.csv")


def _without(report: ScoreReport, metric: str) -> None:
    """The scores with and without suspects: on the page of one metric, in the file of every one."""
    examples = page.counted(report.suspects, "suspect example")
    st.markdown(f"**Scores without the {examples}: {escaped(metric_name(metric))}**")
    rows = _rows_without(report)
    shown = [row for row in rows if row["Metric"] == metric_name(metric)]
    st.dataframe(
        [{name: one for name, one in row.items() if name != "Metric"} for row in shown],
        hide_index=True,
        height="content",
    )
    download(rows, "scores-without-suspects.csv")
    st.caption("Choose another metric above; the file has every one.")


def _rows_without(report: ScoreReport) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for metric in report.metrics:
        for scores in report.systems:
            if metric not in scores.means_without:
                continue
            row = {
                "Metric": metric_name(metric),
                "System": scores.system.name,
                "Mean of all": written(scores.means[metric].mean, 3),
                "Mean without": written(scores.means_without[metric].mean, 3),
                "Difference without": "—",
                "Finding without": "",
            }
            if scores.system.system_id == report.baseline_id:
                row["Difference without"] = "baseline"
            elif scores.is_refused:
                row["Finding without"] = "not compared: asked differently"
            elif metric in scores.without_suspects:
                one = scores.without_suspects[metric]
                row["Difference without"] = written(one.difference, 3)
                row["Finding without"] = one.note or says_words(one.says)
            rows.append(row)
    return rows


def _form(
    store: StoreType,
    actor: Actor,
    version_id: str,
    split: str,
    titles: dict[str, str],
    *,
    first: bool,
) -> None:
    project_id = session.project().project_id
    controls = {NO_CONTROLS: "none"} | {
        v.version_id: f"{v.number} · {v.name}"
        for v in freezing.versions_of(store, actor, project_id)
    }
    with (
        st.expander("Check contamination", icon=":material/troubleshoot:", expanded=first),
        st.form(f"contamination {version_id} {split}", border=False),
    ):
        left, right = st.columns(2)
        model_id = left.selectbox("Base model", list(titles), format_func=titles.__getitem__)
        chosen = right.selectbox(
            "Controls", list(controls), format_func=controls.__getitem__,
            help="A dataset version whose examples the model cannot have seen, such as such that "
            "were written after it was made. Without controls likelihoods say nothing.",
        )  # fmt: skip
        if st.form_submit_button("Check contamination", icon=":material/play_arrow:"):
            form = f"contamination {version_id} {split} {model_id} {chosen}"

            def start() -> None:
                contamination.start_check(
                    store, actor, version_id, model_id=model_id, split=split,
                    controls_version_id=chosen or None,
                    submission_id=session.submission_id(form),
                )  # fmt: skip
                session.submitted(form)

            attempt(start, "Queued. What it finds is shown here.")
