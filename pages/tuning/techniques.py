"""Compare techniques: several methods on one dataset version, within a budget of minutes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import InvalidInput, TouchstoneError
from core.tuning.methods import METHODS
from core.tuning.settings import SETTINGS
from core.workflows.curation import freezing
from core.workflows.tuning import specs, techniques
from core.workflows.tuning.techniques import Contender, TechniqueComparison
from pages.components import charts, errors, job_view, page, session

SECONDS = 2.0
FORM = "compare techniques"
GRID = ("learning_rate", "lora_r", "num_train_epochs", "per_device_train_batch_size")
USUAL = ("lora", "ia3", "prompt_tuning")


def main() -> None:
    """Start a comparison, or look at one."""
    page.head("Compare techniques", "Train several ways on one version, and keep what is best.")
    store, actor, project = session.store(), session.actor(), session.project()
    versions = [
        one
        for one in freezing.versions_of(store, actor, project.project_id)
        if one.counts["train"] and one.counts["validation"]
    ]
    if not versions:
        how = "A comparison trains on a frozen version. Accept examples, then freeze them."
        page.empty("There is no dataset version yet", how, "curation/versions.py", "Freeze one")
        return
    known = techniques.comparisons_of(store, actor, project.project_id)
    with st.expander("New comparison", expanded=not known, icon=":material/add:"):
        _form({version.version_id: version.name for version in versions})
    if not known:
        return
    by_id = {one.comparison_id: one for one in known}
    chosen = st.selectbox(
        "Comparison",
        list(by_id),
        format_func=lambda one: f"{by_id[one].name} · {page.when(by_id[one].created_at)}",
    )
    if by_id[chosen].settled:
        _drawn(by_id[chosen])
    else:
        _followed(chosen)


def _form(versions: dict[str, str]) -> None:
    store, actor, project = session.store(), session.actor(), session.project()
    models = specs.models_for(store, actor, project.project_id)
    by_model = {model.id: model.title for model in models if not model.problem}
    if not by_model:
        st.caption("There is no base model here yet. The Train page says where to put one.")
        return
    left, right = st.columns(2)
    version_id = left.selectbox("Dataset version", list(versions), format_func=versions.__getitem__)
    model_id = right.selectbox("Base model", list(by_model), format_func=by_model.__getitem__)
    methods = st.multiselect(
        "Methods", list(METHODS), list(USUAL), format_func=lambda one: METHODS[one].label
    )
    left, middle, right = st.columns(3)
    name = left.selectbox(
        "Also vary",
        ["", *GRID],
        format_func=lambda one: SETTINGS[one].label if one else "Nothing",
        help="Each method that has this setting is trained once with each value.",
    )
    typed = middle.text_input("Values, with commas", disabled=not name, placeholder="8, 16")
    minutes = right.number_input(
        "Minutes of training", 1.0, 10_000.0, 15.0, 1.0, help="Shared equally by all contenders."
    )
    try:
        grid = {name: _values(typed, name)} if name else {}
        contenders = techniques.techniques(model_id, methods, grid)
    except TouchstoneError as error:
        st.caption(f":material/info: {errors.escaped(error.message)}")
        contenders = []
    if contenders:
        st.caption(_plan(len(contenders), minutes))
    if st.button("Start comparison", type="primary", disabled=not contenders):
        try:
            techniques.start_comparison(
                store, actor, version_id, model_id=model_id, contenders=contenders, minutes=minutes
            )
        except TouchstoneError as error:
            errors.show(error)
        else:
            st.rerun()


def _plan(contenders: int, minutes: float) -> str:
    """What a comparison will do."""
    each = (
        f"{page.counted(contenders, 'contender')}, {round(minutes / contenders, 1):g} minutes each"
    )
    return (
        f"{each}; one that falls behind the median of the earlier ones is stopped early. Each then "
        "answers the test split, beside the base and the prompted base."
    )


def _values(typed: str, name: str) -> list[Any]:
    parts = [part.strip() for part in typed.split(",") if part.strip()]
    kind = type(specs.default_settings("")[name])
    try:
        return [kind(part) for part in parts]
    except ValueError:
        raise InvalidInput(f"{SETTINGS[name].rule} Write numbers with commas.") from None


@st.fragment(run_every=SECONDS)
def _followed(comparison_id: str) -> None:
    store, actor, project = session.store(), session.actor(), session.project()
    known = techniques.comparisons_of(store, actor, project.project_id)
    found = next(one for one in known if one.comparison_id == comparison_id)
    if found.settled:
        st.rerun()
    _drawn(found)


def _drawn(comparison: TechniqueComparison) -> None:
    rows = techniques.contenders_of(session.store(), session.actor(), comparison)
    _chart(rows)
    st.dataframe(_table(rows), hide_index=True, height="content")
    st.caption(
        "Means over the test split. They say which technique to look at, not that it is better: "
        "open a study of the best two."
    )


def _table(rows: list[Contender]) -> dict[str, list[str]]:
    metrics = [row.run.metrics if row.run else None for row in rows]
    return {
        "Technique": [row.name for row in rows],
        "Status": [_status(row) for row in rows],
        "ROUGE-L": [page.number(row.rouge_l, 3) for row in rows],
        "Token F1": [page.number(row.token_f1, 3) for row in rows],
        "Validation loss": [page.number(m.best_validation_loss if m else None, 3) for m in metrics],
        "Minutes": [page.number(m.seconds / 60 if m else None, 1) for m in metrics],
        "Peak memory": [
            page.size(m.peak_memory_bytes) if m and m.peak_memory_bytes else "—" for m in metrics
        ],
        "Size": [page.size(m.result_bytes) if m and m.result_bytes else "—" for m in metrics],
        "Steps": [page.number(m.steps if m else None) for m in metrics],
    }


def _status(row: Contender) -> str:
    if row.run is None:
        return "not trained"
    early = row.run.metrics.ended_by if row.run.metrics else ""
    word = job_view.word(row.run.status)
    return f"{word}, ended early" if early in ("rivals", "time") else word


def _chart(rows: list[Contender]) -> None:
    scored = [row for row in rows if row.rouge_l is not None]
    trained = [row for row in scored if row.run and row.run.metrics]
    if not trained:
        st.caption("The chart appears with the first scored answers.")
        return
    best = max(scored, key=lambda row: row.rouge_l or 0)
    fig = charts.figure(
        f"Highest ROUGE-L: {best.name}, {best.rouge_l:.3f}",
        x="minutes of training",
        y="ROUGE-L (0 to 1)",
    )
    for row in scored:
        spent = row.run.metrics.seconds / 60 if row.run and row.run.metrics else 0.0
        colour = charts.CANDIDATE if row.run else charts.BASELINE
        # To the inside of the chart: the untrained stand at its left edge.
        label = "middle left" if row.run else "middle right"
        charts.lines(
            fig,
            [spent],
            [row.rouge_l or 0],
            name=row.name,
            colour=colour,
            markers=True,
            label=label,
        )
    fig.update_xaxes(rangemode="tozero")
    data = [
        {"technique": row.name, "rouge_l": row.rouge_l, "token_f1": row.token_f1} for row in scored
    ]
    charts.show(fig, data, "techniques.csv", key="techniques")


main()
