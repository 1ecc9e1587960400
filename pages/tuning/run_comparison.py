"""Runs side by side: their validation losses in one chart, what differs, and what each cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.tuning.comparing import cautions, differing_settings
from core.tuning.run import Run, RunMetrics
from core.tuning.settings import SETTINGS
from core.workflows.tuning import training
from pages.components import charts, page, session
from pages.tuning.run_view import UNITS

MOST = 5
COLOURS = (charts.BASELINE, charts.CANDIDATE, "#8a63d2", "#b08800", "#6e7781")


def compare(runs: Sequence[Run]) -> None:
    """Choose some of the runs, and see them beside each other."""
    st.subheader("Compare runs", anchor=False)
    by_id = {run.run_id: run for run in runs}
    chosen = st.multiselect(
        "Runs",
        list(by_id),
        default=[run.run_id for run in runs[:2]],
        format_func=lambda one: f"{by_id[one].name} · {page.when(by_id[one].created_at)}",
        max_selections=MOST,
        help="Runs of one dataset version have the same validation split, so their losses compare.",
    )
    picked = [by_id[one] for one in chosen]
    if len(picked) < 2:
        st.caption("Choose two runs or more.")
        return
    for caution in cautions(picked):
        st.warning(caution, icon=":material/warning:")
    labels = _labels(picked)
    _curves(picked, labels)
    st.dataframe(_costs(picked, labels), hide_index=True)
    differing = differing_settings(picked)
    if not differing:
        st.caption("All their settings are the same.")
        return
    rows: dict[str, list[str]] = {
        "Setting": [SETTINGS[name].label if name in SETTINGS else name for name in differing]
    }
    for place, label in enumerate(labels):
        rows[label] = [_written(values[place]) for values in differing.values()]
    st.dataframe(rows, hide_index=True, height="content")


def _labels(runs: Sequence[Run]) -> list[str]:
    """A name a run, numbered where two have the same."""
    names = [run.name for run in runs]
    return [
        f"{name} ({names[: k + 1].count(name)})" if names.count(name) > 1 else name
        for k, name in enumerate(names)
    ]


def _curves(runs: Sequence[Run], labels: Sequence[str]) -> None:
    store, actor = session.store(), session.actor()
    known = [training.curves_of(store, actor, run.run_id) for run in runs]
    best = [
        (one.best[1], label)
        for one, label in zip(known, labels, strict=True)
        if one.best is not None
    ]
    if not best:
        st.caption("None of them has been evaluated yet.")
        return
    fig = charts.figure(
        f"Lowest validation loss: {min(best)[1]}, {min(best)[0]:.3f}",
        x="step",
        y=f"validation loss ({UNITS[runs[0].spec.learns]})",
    )
    rows: list[Mapping[str, Any]] = []
    for one, label, colour in zip(known, labels, COLOURS, strict=False):
        if one.validation:
            steps, losses = zip(*one.validation, strict=True)
            charts.lines(fig, steps, losses, name=label, colour=colour, markers=True, label="")
            rows += [{"run": label, "step": step, "loss": loss} for step, loss in one.validation]
    charts.legend(fig)
    charts.log_axis(fig, [row["loss"] for row in rows])
    charts.show(fig, rows, "runs.csv", key="compared")


def _costs(runs: Sequence[Run], labels: Sequence[str]) -> dict[str, list[str]]:
    known = [run.metrics for run in runs]
    return {
        "Run": list(labels),
        "Method": [run.spec.method.label for run in runs],
        "Best validation loss": [
            page.number(m.best_validation_loss if m else None, 3) for m in known
        ],
        **_accuracy(known),
        "Training time": [page.duration(m.seconds if m else None) for m in known],
        "Peak memory": [_size(m.peak_memory_bytes if m else None) for m in known],
        "Size of the result": [_size(m.result_bytes if m else None) for m in known],
        "Tokens per second": [page.number(m.tokens_per_second if m else None) for m in known],
    }


def _accuracy(known: Sequence[RunMetrics | None]) -> dict[str, list[str]]:
    """Of runs that choose labels, where there are some."""
    found = [one.classification if one else None for one in known]
    shares = [page.percent(one.accuracy, 1) if one else "—" for one in found]
    return {"Validation accuracy": shares} if any(found) else {}


def _size(count: int | None) -> str:
    return "—" if count is None else page.size(count)


def _written(value: Any) -> str:
    return "—" if value is None or value == "" else str(value)
