"""Health of a set of examples: lengths, labels, and how many examples a task needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.labels.field import LabelField
from core.labels.values import choices_in
from core.wording import figure

BARS = 20
# 1, 2, 5, 10, 20, …
_ROUND = tuple(step * 10**power for power in range(10) for step in (1, 2, 5))
MOST_LABELS = 30
"""Outputs with more different texts than this are no labels."""
LABEL_SHARE = 0.05
"""Nor are outputs of which more than this share differ."""


@dataclass(frozen=True)
class Thumb:
    """A rule of thumb: with at least so many examples, what the set is enough for."""

    least: int
    enough_for: str


THUMBS: tuple[Thumb, ...] = (
    Thumb(500, "a simple task"),
    Thumb(1_000, "an adapter (LoRA)"),
    Thumb(5_000, "a complex task"),
    Thumb(10_000, "a complex task with many cases"),
)


def size_sentence(count: int) -> str:
    """What a number of examples is enough for, and how many the next rule of thumb asks for."""
    reached = [one for one in THUMBS if count >= one.least]
    ahead = [one for one in THUMBS if count < one.least]
    wants = f"{ahead[0].enough_for} wants {figure(ahead[0].least)} or more" if ahead else ""
    if not reached:
        return f"too few; {wants}."
    said = f"enough for {reached[-1].enough_for}"
    return f"{said}; {wants}." if wants else f"{said}."


@dataclass(frozen=True)
class Lengths:
    """Lengths of one field in characters. Bar k counts those from `edges[k]` below `edges[k + 1]`;
    empty fields are in no bar. `median` and `p95` are of the others."""

    edges: list[int]
    counts: list[int]
    empty: int
    median: float
    p95: float

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values."""
        return asdict(self)


def lengths_of(texts: Sequence[str]) -> Lengths:
    """Lengths of texts in at most 20 bars of equal width, but for the last one: it holds the
    longest hundredth too, so that a few long texts do not press all others into one bar."""
    every = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    given = every[every > 0]
    if not len(given):
        return Lengths([], [], len(texts), 0.0, 0.0)
    low, high = int(given.min()), int(given.max()) + 1
    usual = int(np.percentile(given, 99, method="higher")) + 1
    width = next(w for w in _ROUND if usual // w - low // w < BARS)
    edges = np.arange(low // width, -(-usual // width) + 1) * width
    edges[0], edges[-1] = max(1, edges[0]), max(edges[-1], high)
    counts, _ = np.histogram(given, bins=edges)
    middle, far = np.percentile(given, (50, 95))
    return Lengths(
        edges.tolist(), counts.tolist(), int(len(texts) - len(given)), float(middle), float(far)
    )


def label_counts(
    outputs: Sequence[str],
    labels: Sequence[Mapping[str, Any]],
    schema: Sequence[LabelField] = (),
) -> dict[str, dict[str, int]]:
    """Label field → option → examples, and “output” where the outputs are few different texts. A
    rating counts by its points, marks by their options, a free text of the schema as “written”."""
    found: dict[str, Counter[str]] = {}
    texts = {one.name for one in schema if one.kind == "text"}
    for given in labels:
        for name, chosen in given.items():
            options = choices_in(chosen, written=name in texts)
            found.setdefault(name, Counter()).update(options)
    short = Counter(text.strip() for text in outputs if text.strip())
    if 2 <= len(short) <= min(MOST_LABELS, LABEL_SHARE * max(1, short.total())):
        found.setdefault("output", Counter()).update(short)
    return {name: dict(counts.most_common(MOST_LABELS)) for name, counts in found.items()}
