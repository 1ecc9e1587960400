"""The systems that answered a version: what each is, how many answers, and its mean scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.workflows import freezing
from pages.components import page

if TYPE_CHECKING:
    from pages.components.session import StoreType

KINDS = {"base": "base", "prompted": "prompted base", "tuned": "tuned", "imported": "imported"}
METRICS = {"token_f1": "Token F1", "rougeL": "ROUGE-L", "exact_match": "Exact match"}


def choose_version(store: StoreType, actor: Actor, project_id: str) -> str | None:
    """The dataset version whose examples are answered, or None where there is none."""
    versions = freezing.versions_of(store, actor, project_id)
    if not versions:
        page.empty(
            "There is no dataset version yet",
            "Systems answer the examples of a frozen version. Freeze one first.",
            "curation/versions.py",
            "Dataset versions",
        )
        return None
    names = {v["version_id"]: v for v in versions}
    chosen: str = st.selectbox(
        "Dataset version",
        list(names),
        format_func=lambda i: _title(names[i]),
        key=f"generate_version {project_id}",
    )
    return chosen


def _title(version: dict[str, Any]) -> str:
    total = page.number(version["counts"]["total"])
    return f"{version['number']} · {version['name']} · {total} examples"


def systems_table(systems: Sequence[dict[str, Any]]) -> None:
    """One row per system. Intervals and differences are on the results page."""
    st.dataframe(
        [_row(system) for system in systems],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in METRICS.values()
        },
        height="content",
    )


def _row(system: dict[str, Any]) -> dict[str, Any]:
    means = (system["summary"] or {}).get("metrics", {})
    return {
        "System": system["name"],
        "Kind": KINDS[system["kind"]],
        "Split": system["split"],
        "Answers": system["answers"],
        "State": _state(system),
        **{name: means.get(metric) for metric, name in METRICS.items()},
    }


def _state(system: dict[str, Any]) -> str:
    if system["summary"]:
        return "scored"
    if system["answers"]:
        return "being scored"
    return system["job_status"] or "waiting"
