"""The systems of a version: what each has answered and how it scored; removing and restoring."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.scoring.metrics import METRICS, Metric
from core.study.system import VersionSystem
from core.versions.version import DatasetVersion
from core.wording import begun
from core.workflows.curation import freezing
from core.workflows.evaluation import scoring, systems
from pages.components import page
from pages.components.errors import attempt, escaped

if TYPE_CHECKING:
    from pages.components.session import StoreType

KINDS = {"base": "base", "prompted": "prompted base", "tuned": "tuned", "imported": "imported"}


def names_of(metrics: Sequence[Metric]) -> dict[str, str]:
    """Name → label, as a heading."""
    return {m.name: begun(m.label) for m in metrics}


SHOWN = names_of(METRICS)
NOT_ASKED = "Not asked: prompt too long"
SPEEDS = ("Tokens/s", "Seconds per answer")


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


def systems_table(systems: Sequence[VersionSystem], has_references: bool) -> None:
    """One row per system. Intervals and differences are on the results page."""
    st.dataframe(
        [_row(system, has_references, any(s.unasked for s in systems)) for system in systems],
        hide_index=True,
        column_config={
            "System": st.column_config.TextColumn(width=210),
            "State": st.column_config.TextColumn(width=100),
            **{
                name: st.column_config.TextColumn(alignment="right")
                for name in (*SHOWN.values(), *SPEEDS)
            },
        },
        height="content",
    )


def older_settings(store: StoreType, actor: Actor, version_id: str) -> None:
    """Say which scores were made under older settings, and offer to score again."""
    old = scoring.outdated(store, actor, version_id)
    if not old:
        return
    names = ", ".join(escaped(s.name) for s in old)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"⚠ Scored under older settings: {names}. The project's fields, label or metrics "
            "have changed since."
        )
        may = actor.has(old[0].system.project_id, "lead")
        if may and st.button("Score again", icon=":material/refresh:", key=f"again {version_id}"):
            attempt(lambda: scoring.score_again(store, actor, version_id), "Queued. Scores follow.")


def remove_or_restore(
    store: StoreType, actor: Actor, project_id: str, there: Sequence[VersionSystem]
) -> None:
    """Take a system out of every list, or bring one back."""
    removed = systems.removed_systems(store, actor, project_id)
    if not there and not removed:
        return
    with st.popover("Remove or restore …", icon=":material/delete:", type="tertiary"):
        names = {s.system_id: s.name for s in there}
        if names:
            chosen = st.selectbox("System", list(names), format_func=names.__getitem__)
            st.caption("Its answers and scores go out of every list. You can restore it.")
            if st.button("Remove", icon=":material/delete:"):
                remove = partial(systems.remove_system, store, actor, chosen)
                attempt(remove, f"{names[chosen]} is removed.")
        for system in removed:
            label = f"Restore {escaped(system.name)}"
            if st.button(label, key=system.system_id, icon=":material/undo:"):
                restore = partial(systems.restore_system, store, actor, system.system_id)
                attempt(restore, f"{system.name} is back.")


def _row(system: VersionSystem, has_references: bool, told_unasked: bool) -> dict[str, Any]:
    means, speed = system.summary.get("metrics", {}), system.speed
    return {
        "System": system.name,
        # Beside the name, as a phone shows the first columns only.
        **{label: page.number(means.get(name), 3) for name, label in SHOWN.items()},
        "Answers": system.answers - system.unasked,
        **({NOT_ASKED: system.unasked} if told_unasked else {}),
        SPEEDS[0]: page.number(speed.tokens_per_second if speed else None, 0),
        SPEEDS[1]: page.number(speed.seconds_per_answer if speed else None, 2),
        "At the length cap": system.capped,
        "Cut at a stop string": system.cut,
        "State": _state(system, has_references),
        "Kind": KINDS[system.kind],
        "Split": system.split,
    }


def _state(system: VersionSystem, has_references: bool) -> str:
    if system.scored:
        return "scored"
    if system.answers:
        return "being scored" if has_references else "answered"
    return system.job_status or "waiting"
