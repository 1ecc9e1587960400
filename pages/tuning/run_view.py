"""What the page of a run is made of: its curves, its figures, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.tuning.classification import Classification
from core.tuning.curves import Curves
from core.tuning.outcome import headline
from core.tuning.run import Run, RunMetrics
from core.tuning.run_spec import Learned
from core.workflows.jobs.job_view import LiveView
from core.workflows.tuning import training
from pages.components import charts, errors, job_view, page, session
from pages.tuning.preference_view import preference_curves, preference_figures, right_figures

CHECKS = {
    "base_equals_fresh_base": "Without the adapter it answers as the base does",
    "tuned_differs_from_base": "With the adapter it answers differently",
    "reloaded_equals_trained": "The saved adapter answers as the trained one did",
    "saved_weights_equal_trained": "The saved weights are the trained ones, bit by bit",
}


ENDED_BY = {
    "patience": "the validation loss had stopped improving",
    "time": "its minutes were used up",
    "rivals": "it was behind the median of the runs that it was compared with",
}
NOT_LEARNED = "completed, did not learn"
UNITS: dict[Learned, str] = {
    "answers": "nats per token",
    "labels": "nats per example",
    "preferences": "nats per pair",
}


def figures(view: LiveView, known: Curves, run: Run) -> None:
    """Loss, validation loss, speed and learning rate as they are now; of a run that learns
    preferences, how the held-out pairs stand."""
    if run.spec.prefers:
        preference_figures(known)
        return
    best = known.best
    page.figures(
        [
            (
                "Loss",
                page.number(known.loss[-1][1], 3) if known.loss else "—",
                f"Mean over the last steps, in {UNITS[run.spec.learns]}; 0 would be certainty.",
            ),
            (
                "Best validation loss",
                page.number(best[1], 3) if best else "—",
                "The same over the validation split, which is never learned from.",
            ),
            ("Tokens per second", page.number(known.speed), "Prompt and answer tokens"),
            (
                "Learning rate",
                f"{known.learning_rate[-1][1]:.1e}" if known.learning_rate else "—",
                "How far a step moves the weights now.",
            ),
        ]
    )


def curves(known: Curves, run: Run) -> None:
    """Loss and validation loss over the steps, on a log axis."""
    if not known.loss and not known.validation:
        st.caption("The curves appear with the first logged steps.")
        return
    fig = charts.figure(headline(known), x="step", y=f"loss ({UNITS[run.spec.learns]})")
    last = [points[-1][1] for points in (known.loss, known.validation) if points]
    places = ("top right", "bottom right") if last[0] >= last[-1] else ("bottom right", "top right")
    if known.loss:
        steps, values = zip(*known.loss, strict=True)
        charts.lines(fig, steps, values, name="training", colour=charts.BASELINE, label=places[0])
    if known.validation:
        steps, values = zip(*known.validation, strict=True)
        look: dict[str, Any] = {"colour": charts.CANDIDATE, "dash": "dot", "markers": True}
        charts.lines(fig, steps, values, name="validation", label=places[1], **look)
    charts.log_axis(fig, [value for _, value in (*known.loss, *known.validation)])
    if known.turned:
        assert known.best is not None
        fig.add_vline(x=known.best[0], line_dash="dash", line_width=1, opacity=0.6)
        fig.add_annotation(
            x=known.best[0], y=1, yref="paper", yanchor="bottom", showarrow=False,
            text=f"validation turned at step {known.best[0]}",
        )  # fmt: skip
    fig.update_layout(margin={"r": 84})  # the names stand behind the lines' ends
    rates = dict(known.learning_rate)
    rows = [
        {"step": step, "loss": value, "learning_rate": rates.get(step)}
        for step, value in known.loss
    ]
    rows += [{"step": step, "validation_loss": value} for step, value in known.validation]
    charts.show(fig, sorted(rows, key=lambda row: row["step"] or 0), "loss.csv", key="loss")
    if known.thinned:
        st.caption(
            f"Drawn from {page.number(len(known.loss))} of {page.number(known.logged)} logged and "
            f"{page.number(len(known.validation))} of {page.number(known.evaluated)} validation "
            "losses; the lowest is over all of them."
        )
    preference_curves(known)


def outcome(run: Run, metrics: RunMetrics, *, may_download: bool) -> None:
    """What a completed run measured, what was proven of it, and where to go next."""
    trainable, total = metrics.trainable_parameters, metrics.total_parameters
    best = metrics.best_validation_loss
    if run.learned:
        job_view.badge(run.status)
    else:
        st.badge(NOT_LEARNED, icon=":material/warning:", color="orange")
    for warning in metrics.warnings:
        st.warning(errors.escaped(warning), icon=":material/warning:")
    loss = ("Best validation loss", page.number(best, 3), f"At step {metrics.best_step}")
    took = ("Training took", page.duration(metrics.seconds), None)
    share, parameters = page.percent(trainable / total, 1), _of(trainable, total)
    steps = _of(metrics.steps, metrics.total_steps)
    if metrics.preferences:
        page.figures([*right_figures(metrics.preferences), loss, took])
        st.caption(f"Trained {parameters} parameters in {steps} steps.")
    elif metrics.classification:
        page.figures([*_right(metrics.classification), loss, took])
        alone = page.percent(metrics.classification.majority, 1)
        st.caption(
            f"Always giving the commonest label would be right in {alone}. Trained {parameters} "
            f"parameters in {steps} steps."
        )
    else:
        page.figures(
            [
                loss,
                ("Trained parameters", share, parameters),
                took,
                ("Steps", page.number(metrics.steps), f"Of {page.number(metrics.total_steps)}"),
            ]
        )
    if metrics.stopped_early:
        st.caption(f"It ended early: {ENDED_BY.get(metrics.ended_by, ENDED_BY['patience'])}.")
    st.caption(
        "  \n".join(
            _proof(text, metrics.checks[name])
            for name, text in CHECKS.items()
            if name in metrics.checks
        )
    )
    # Packed when it is clicked, in a request of its own, which has no session state to ask.
    store, actor = session.store(), session.actor()
    with st.container(horizontal=True):
        if may_download:
            if st.button("Generate answers", type="primary", icon=":material/arrow_forward:"):
                st.switch_page("evaluation/generate.py", query_params={"run": run.run_id})
            st.download_button(
                "Download adapter" if run.spec.method.peft_config() else "Download model",
                lambda: training.adapter_zip(store, actor, run.run_id),
                file_name=f"{run.run_id}.zip",
                mime="application/zip",
                icon=":material/download:",
                on_click="ignore",
            )


def _right(found: Classification) -> list[tuple[str, str, str | None]]:
    share = f"Of {page.number(found.n)} validation examples"
    return [
        ("Validation accuracy", page.percent(found.accuracy, 1), share),
        ("Macro F1", page.number(found.macro_f1, 3), "Mean of F1 over the labels"),
    ]


def _of(some: int, every: int) -> str:
    return f"{page.number(some)} of {page.number(every)}"


def _proof(text: str, check: Mapping[str, Any]) -> str:
    mark = ":material/check_circle:" if check["ok"] else ":material/error:"
    gap = check.get("largest_difference")
    return f"{mark} {text}" + (
        "." if gap is None else f" (largest difference between logits {gap:.2g})."
    )


def facts(runs: Sequence[Run]) -> dict[str, list[str]]:
    """The runs as columns of a table, newest first."""
    best = [run.metrics.best_validation_loss if run.metrics else None for run in runs]
    seconds = [run.metrics.seconds if run.metrics else None for run in runs]
    return {
        "Status": [
            job_view.word(run.status) if run.learned else f"⚠ {NOT_LEARNED}" for run in runs
        ],
        "Run": [run.name for run in runs],
        "Best validation loss": [page.number(loss, 3) for loss in best],
        "Learns": [run.spec.learns for run in runs],
        "Method": [run.spec.method.label for run in runs],
        "Learning rate": [f"{run.spec.optimiser.learning_rate:g}" for run in runs],
        "Steps": [page.number(run.step) for run in runs],
        "Took": [page.duration(took) for took in seconds],
        "By": [run.person for run in runs],
        "Started": [page.when(run.created_at) for run in runs],
    }
