"""Runs side by side: which settings differ, and what each got for what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.tuning.run import Run

# Different in every run, or the server's own.
_NOT_COMPARED = ("run_id", "name", "base_model", "library_versions", "template")


def differing_settings(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Settings by plain name of which not all runs have the same, with the value of each run; None
    where a run's method has no such setting."""
    settings = [run.spec.settings() for run in runs]
    names = list(dict.fromkeys(name for one in settings for name in one))
    found = {}
    for name in names:
        values = [one.get(name) for one in settings]
        if name not in _NOT_COMPARED and any(value != values[0] for value in values):
            found[name] = values
    return found
