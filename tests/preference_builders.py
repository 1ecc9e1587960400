"""Preference pairs for tests: of the tiny model's examples, and of real studies.

rows = some_pairs(24)          # the short record is preferred to a sentence
"""

from __future__ import annotations

from typing import Any

from tests.tiny_model import some_rows


def some_pairs(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Preference pairs as a worker reads them: the record is preferred to a sentence about it."""
    return [
        {
            "example_id": f"{seed}-{k}",
            "revision_id": f"r{seed}-{k}",
            "split": "train",
            "group_id": f"{seed}-{k}",
            "instruction": row["instruction"],
            "input": row["input"],
            "output": row["output"],
            "rejected": f"I met {row['input'].split()[0]} in a town, and we talked for long.",
            "rejected_cut": False,
            "source": "verdict",
            "study_id": "s",
            "pair_id": f"p{seed}-{k}",
            "judgement_id": f"j{seed}-{k}",
        }
        for k, row in enumerate(some_rows(count, seed=seed))
    ]
