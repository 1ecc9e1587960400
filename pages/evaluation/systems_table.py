"""The systems that answered a version: what each is, how many answers, and its mean scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.versions.version import DatasetVersion
from core.workflows.curation import freezing
from core.workflows.evaluation import systems
from pages.components import page
from pages.components.errors import attempt, escaped

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
    names = {v.version_id: v for v in versions}
    chosen: str = st.selectbox(
        "Dataset version",
        list(names),
        format_func=lambda i: _title(names[i]),
        key=f"generate_version {project_id}",
    )
    return chosen


def _title(version: DatasetVersion) -> str:
    total = page.number(version.total)
    return f"{version.number} · {version.name} · {total} examples"


def systems_table(systems: Sequence[dict[str, Any]]) -> None:
    """One row per system. Intervals and differences are on the results page."""
    st.dataframe(
        [_row(system) for system in systems],
        hide_index=True,
        column_config={
            name: st.column_config.TextColumn(alignment="right") for name in METRICS.values()
        },
        height="content",
    )


def remove_or_restore(
    store: StoreType, actor: Actor, version_id: str, there: Sequence[dict[str, Any]]
) -> None:
    """Take a system out of every list, or bring one back."""
    removed = dict(systems.removed_systems(store, actor, version_id))
    if not there and not removed:
        return
    with st.popover("Remove or bring back …", icon=":material/delete:", type="tertiary"):
        names = {s["system_id"]: s["name"] for s in there}
        if names:
            chosen = st.selectbox("System", list(names), format_func=names.__getitem__)
            st.caption("Its answers and scores go out of every list. You can bring it back.")
            if st.button("Remove it", icon=":material/delete:"):
                remove = partial(systems.remove_system, store, actor, chosen)
                attempt(remove, f"{names[chosen]} is removed.")
        for system_id, name in removed.items():
            if st.button(f"Bring back {escaped(name)}", key=system_id, icon=":material/undo:"):
                restore = partial(systems.restore_system, store, actor, system_id)
                attempt(restore, f"{name} is back.")


def _row(system: dict[str, Any]) -> dict[str, Any]:
    means = (system["summary"] or {}).get("metrics", {})
    return {
        "System": system["name"],
        # Beside the name, as a phone shows the first columns only.
        **{name: page.number(means.get(metric), 3) for metric, name in METRICS.items()},
        "Answers": system["answers"],
        "State": _state(system),
        "Kind": KINDS[system["kind"]],
        "Split": system["split"],
    }


def _state(system: dict[str, Any]) -> str:
    if system["summary"]:
        return "scored"
    if system["answers"]:
        return "being scored"
    return system["job_status"] or "waiting"
