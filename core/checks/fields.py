"""The fields that duplicates are looked for in: one list, which checks, terminal and pages read."""

from __future__ import annotations

from typing import Literal

Over = Literal["prompt", "instruction", "input", "output", "all"]
OVER_LABELS: dict[Over, str] = {
    "prompt": "Instruction and input",
    "instruction": "Instruction",
    "input": "Input",
    "output": "Output",
    "all": "All three fields",
}
