"""A contamination check as it is kept: which base model, which examples, what was found."""

from __future__ import annotations

from dataclasses import dataclass

from core.scoring.contamination import Contamination


@dataclass(frozen=True)
class ContaminationCheck:
    """One check of a base model on a split (or "all") of a version. `controls_version_id`: the
    version whose examples the model cannot have seen, None without controls."""

    check_id: str
    project_id: str
    version_id: str
    split: str
    model_id: str
    base_model_hash: str
    controls_version_id: str | None
    result: Contamination

    def covers(self, split: str) -> bool:
        """Whether it looked at every example of a split."""
        return self.split in (split, "all")


@dataclass(frozen=True)
class SuspectExample:
    """An example that a base model completes nearly word for word; values as in `Probe`."""

    example_id: str
    completion: float
    min_k: float
    perplexity: float | None
    instruction: str
    input: str
    output: str
