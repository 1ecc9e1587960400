"""Answers as they are read side by side, with the example that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.study.spans import Span


@dataclass(frozen=True)
class Answer:
    """What one system answered. `finish`: stop, stop_string, length, too_long or imported; `cut` is
    what stood behind a stop string, `score` the metric asked for."""

    system_id: str
    text: str
    finish: str
    cut: str
    score: float | None


@dataclass(frozen=True)
class AnsweredExample:
    """An example with the answers of several systems, by their ids."""

    example_id: str
    instruction: str
    input: str
    output: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class StudyPair:
    """A pair of a study as a lead reads it: who answered what, and what was said.

    A verdict is the id of the preferred system, or the outcome without a preference; `set_apart`
    are those of people who had seen results or names, `again` those of a pair that came back.
    `spans`: system id → the words that anybody marked in its answer; `risk_reasons`: why its output
    is among the riskiest (`core.study.risk.SIGNALS`), where it is.
    """

    pair_id: str
    number: int
    example_id: str
    stratum: str
    instruction: str
    input: str
    reference: str
    answers: Mapping[str, str]
    verdicts: tuple[str, ...]
    comments: tuple[str, ...]
    set_apart: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    risk_reasons: tuple[str, ...] = ()
