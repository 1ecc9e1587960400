"""The pre-flight of a run: what was looked at before it starts, line by line. Pure.

A worker makes it (core.gpu.preflight); pages and the terminal show it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from core.examples.duplicates import near_duplicates
from core.tuning.run_spec import RunSpec

Verdict = Literal["passed", "noted", "refused"]
# What a pre-flight looks at, in this order, and how people call it.
TITLES: Mapping[str, str] = {
    "model": "Base model",
    "examples": "Examples",
    "tokens": "Tokens that are learned",
    "prompt": "Prompt",
    "overlap": "Overlap of the splits",
    "memory": "Memory",
    "base": "The base's own answers",
    "cost": "Time and disk",
}
# The same for a run that learns to choose a label.
CLASSIFICATION_TITLES: Mapping[str, str] = {
    "examples": "Examples",
    "labels": "Labels that are learned",
    "model": "Base model",
    "lengths": "Tokens that are read",
    "prompt": "Prompt",
    "overlap": "Overlap of the splits",
    "memory": "Memory",
    "majority": "What there is to beat",
    "cost": "Time and disk",
}
# The same for a run that learns from preferences.
PREFERENCE_TITLES: Mapping[str, str] = {
    "model": "Base model",
    "pairs": "Preference pairs",
    "pair_tokens": "Tokens that are compared",
    "prompt": "Prompt",
    "overlap": "Overlap of the splits",
    "memory": "Memory",
    "base_preference": "The base's own preference",
    "cost": "Time and disk",
}
NOT_REACHED = "Not looked at: what stands above must be mended first."


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: `name` of the titles, and what was found, in sentences."""

    name: str
    verdict: Verdict
    text: str

    @property
    def title(self) -> str:
        """How people call it."""
        return {**PREFERENCE_TITLES, **CLASSIFICATION_TITLES, **TITLES}[self.name]


@dataclass(frozen=True)
class TokenizedExample:
    """An example as the model sees it: pieces of text in order, and whether they carry loss."""

    example_id: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Preflight:
    """All lines, some examples as tokens, and what a step was measured to need.

    `micro_batch` is the most examples at once that fit, of those asked for; `peak_bytes` and
    `step_seconds` are those of the longest effective batch; `seconds` those of the whole run.
    """

    lines: tuple[Line, ...]
    tokenized: tuple[TokenizedExample, ...] = ()
    prompt_hash: str = ""
    micro_batch: int | None = None
    gradient_accumulation: int | None = None
    peak_bytes: int | None = None
    step_seconds: float | None = None
    seconds: float | None = None
    disk_bytes: int | None = None
    base_scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when nothing was refused."""
        return all(line.verdict != "refused" for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value; `ok` beside it."""
        return {"ok": self.ok, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Preflight:
        """What `to_json` wrote."""
        known = {name: one for name, one in values.items() if name in cls.__dataclass_fields__}
        lines = tuple(Line(**line) for line in known.pop("lines"))
        tokenized = tuple(
            TokenizedExample(
                one["example_id"], tuple((text, bool(own)) for text, own in one["pieces"])
            )
            for one in known.pop("tokenized")
        )
        return cls(lines, tokenized, **known)


def with_lines_not_reached(found: Preflight, titles: Mapping[str, str] = TITLES) -> Preflight:
    """`found` with a line for everything that a refusal kept from being looked at."""
    there = {line.name for line in found.lines}
    missing = [Line(name, "noted", NOT_REACHED) for name in titles if name not in there]
    return replace(found, lines=(*found.lines, *missing))


def no_answers(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why there is nothing to learn from a training split whose outputs are all empty; else ""."""
    if any(str(row["output"] or "").strip() for row in rows):
        return ""
    return (
        f"None of the {len(rows)} training examples has an output. Freeze a version of examples "
        "with answers."
    )


def counted_fields(rows: Sequence[Mapping[str, Any]]) -> Line:
    """Empty fields and repeated examples of a training split, counted.

    Refused when no example has an answer.
    """

    def empty(name: str) -> int:
        return sum(not str(row[name] or "").strip() for row in rows)

    asked, answered = empty("instruction"), empty("output")
    texts = [(row["instruction"], row["input"] or "", row["output"]) for row in rows]
    repeated = len(texts) - len(set(texts))
    if refused := no_answers(rows):
        return Line("examples", "refused", refused)
    flaws = [
        f"{count} {what}"
        for count, what in (
            (asked, "without an instruction"),
            (answered, "without an output"),
            (repeated, "that repeat another exactly"),
        )
        if count
    ]
    if not flaws:
        return Line(
            "examples", "passed", f"All {len(rows)} parse; no field is empty, none repeats."
        )
    return Line("examples", "noted", f"Of {len(rows)}: {', '.join(flaws)}.")


def overlap(splits: Mapping[str, Sequence[Mapping[str, Any]]]) -> Line:
    """Equal and near-equal questions that stand in two of the splits, counted."""
    places = [(name, row) for name, rows in splits.items() for row in rows]
    near = near_duplicates(
        [row["instruction"] for _, row in places], [row["input"] or "" for _, row in places]
    )
    split = [name for name, _ in places]
    equal = sum(split[first] != split[k] for k, first in enumerate(near.same_as))
    alike = sum(split[a] != split[b] for a, b in zip(near.left, near.right, strict=True))
    if not equal and not alike:
        return Line("overlap", "passed", "No question of one split is near one of another.")
    return Line(
        "overlap",
        "noted",
        f"In two splits: {equal} equal questions and {alike} pairs of nearly equal ones. Scores on "
        "them say what was remembered; freeze a version that keeps them together.",
    )


@dataclass(frozen=True)
class ModelShape:
    """What a memory estimate needs to know of a model; parameters are counts, bytes are bytes."""

    weight_bytes: int
    trainable: int
    trainable_bytes: int
    hidden: int
    layers: int
    vocabulary: int
    number_bytes: int


def estimated_bytes(shape: ModelShape, spec: RunSpec, width: int, labelled: int) -> int:
    """Bytes that a step needs for a micro-batch of `width` tokens a row with `labelled` in all.

    Weights, gradients, AdamW's two moments in fp32, 34 numbers of activations a token, layer and
    hidden unit at two bytes (Korthikanti et al. 2022, "Reducing activation recomputation", eq. 2,
    without the scores that SDPA does not keep), or two with activation checkpointing, which keeps
    more only where there is room, and three
    copies of the labelled tokens' logits in fp32.
    """
    rows = spec.budget.per_device_train_batch_size
    each = (34 if spec.budget.activation_checkpointing == "off" else 2) * shape.number_bytes / 2
    activations = rows * width * shape.hidden * shape.layers * each
    logits = 3 * 4 * labelled * shape.vocabulary
    states = shape.trainable_bytes + 8 * shape.trainable
    return math.ceil(shape.weight_bytes + states + activations + logits)
