"""What a run would be: on how much, for how many steps, where, and roughly how long."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.tuning.planning import device, expected_seconds, planned_steps
from core.tuning.preferences import PreferenceSet, held_out
from core.versions.version import DatasetVersion
from core.workflows.tuning import training
from pages.components import errors, page, session


def described(version: DatasetVersion) -> str:
    """A version as one line of the list."""
    counts = version.counts
    return f"{version.name} · {page.number(counts['train'])} training examples"


def plan(
    version: DatasetVersion,
    model_id: str,
    settings: dict[str, Any],
    pairs: PreferenceSet | None = None,
) -> None:
    """What would be trained, on what (the version's examples, or preference pairs), and roughly how
    long."""
    there, what = device(), "Training examples"
    train, validation = version.counts["train"], version.counts["validation"]
    if pairs:
        train, validation = map(len, held_out(pairs.pairs, settings["seed"]))
        what = "Training pairs"
    steps = planned_steps(train, settings)
    page.figures(
        [
            (what, page.number(train), "What the run learns from"),
            ("Validation", page.number(validation), "Watched, never learned from"),
            ("Steps", page.number(steps), "Updates of the adapter's weights"),
            ("Device", "GPU" if there.is_accelerator else "CPU", there.title),
        ]
    )
    runs = training.runs_of(session.store(), session.actor(), version.project_id)
    guess = expected_seconds(runs, model_id, settings, steps)
    pace = f"About {page.duration(guess[0])}, judging by {guess[1]}." if guess else ""
    st.caption(errors.escaped(f"Runs on {there.title}. {pace}"))
