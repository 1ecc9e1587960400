"""Runs side by side: which settings differ, and what each got for what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.prompts import PromptTemplate
from core.tuning.run import Run

# Different in every run, or the server's own.
_NOT_COMPARED = ("run_id", "name", "base_model", "library_versions")


def cautions(runs: Sequence[Run]) -> list[str]:
    """Why the losses of these runs do not compare, in sentences; none where they do."""
    told = []
    learn = {run.spec.learns for run in runs}
    if len({run.version_id for run in runs}) > 1:
        told.append(
            "These runs learned from different dataset versions: their validation losses are not "
            "of the same examples."
        )
    if len(learn) > 1:
        told.append(
            "These runs do not learn the same: a loss per token, one per label and one per "
            "preference pair do not compare."
        )
    if learn == {"answers"} and len({run.model_id for run in runs}) > 1:
        told.append(
            "These runs have different base models: where these cut a text into other tokens, a "
            "loss per token does not compare. Compare the scores of their answers instead."
        )
    if len({_limit(run) for run in runs}) > 1:
        told.append(
            "These runs do not take the same examples for over-long: where some were left out or "
            "cut, their validation losses are not of the same texts."
        )
    return told


def _limit(run: Run) -> tuple[str, int]:
    """How a run treats over-long examples, and from how many tokens on; where it refuses them,
    those of a completed one are all whole."""
    data = run.spec.data
    return data.overlong, 0 if data.overlong == "refuse" else data.max_length


def differing_settings(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Settings by plain name of which not all runs have the same, with the value of each run; None
    where a run's method has no such setting. Of the prompt template it is the hash."""
    settings = [
        {**run.spec.settings(), "template": PromptTemplate(run.spec.prompt.template).hash[:12]}
        for run in runs
    ]
    names = list(dict.fromkeys(name for one in settings for name in one))
    found = {}
    for name in names:
        values = [one.get(name) for one in settings]
        if name not in _NOT_COMPARED and any(value != values[0] for value in values):
            found[name] = values
    return found
