"""Spans: the words of an answer that show a hallucination or bias, as a rater marked them.

A span counts Unicode code points of the answer as it was shown: text[start:end] in Python. A
browser counts UTF-16 units, so pages/evaluation/blind_pair_spans.js converts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from core.errors import InvalidInput

KINDS = ("hallucination", "bias")
MOST = 50
"""Spans in one answer."""


@dataclass(frozen=True)
class Span:
    """Code points start … end - 1 of an answer. Raises InvalidInput for another kind or none."""

    kind: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInput(f"Words are marked as {' or '.join(KINDS)}.")
        whole = type(self.start) is int and type(self.end) is int
        if not whole or not 0 <= self.start < self.end:
            raise InvalidInput("A mark holds one character at least. Remove it and mark again.")


def spans_from(given: Any) -> tuple[Span, ...]:
    """Spans as JSON has them: [{"kind", "start", "end"}], in their order. Raises InvalidInput, and
    TypeError or KeyError for what is no such list."""
    if given is None:
        return ()
    if not isinstance(given, list):
        raise TypeError(given)
    found = [Span(one["kind"], one["start"], one["end"]) for one in given]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.kind)))


def spans_json(spans: Sequence[Span]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [asdict(one) for one in spans]


def spans_of_column(value: Any) -> dict[str, tuple[Span, ...]]:
    """System id → spans, from the column of judgements; none where a release before had no such."""
    return {system: spans_from(own) for system, own in json.loads(value or "{}").items()}


def check_spans(
    side: str, spans: Sequence[Span], flags: Sequence[str], ratings: Mapping[str, int]
) -> None:
    """Raise InvalidInput for too many, for spans of a kind that overlap, and for a kind that the
    rater has not raised: the flag hallucination, a bias below 4."""
    if len(spans) > MOST:
        raise InvalidInput(f"Mark at most {MOST} passages of the {side} answer.")
    for kind in {one.kind for one in spans}:
        raised = ratings.get("bias", 5) < 4 if kind == "bias" else kind in flags
        if not raised:
            first = "rate its bias below 4" if kind == "bias" else f"flag it as {kind}"
            raise InvalidInput(f"To mark {kind} in the {side} answer, {first} first.")
        own = sorted((one.start, one.end) for one in spans if one.kind == kind)
        if any(end > start for (_, end), (start, _) in pairwise(own)):
            raise InvalidInput(f"Two marks of {kind} in the {side} answer overlap. Remove one.")


def check_within(side: str, spans: Sequence[Span], text: str) -> None:
    """Raise InvalidInput for a span that does not lie within the text that was shown."""
    if any(one.end > len(text) for one in spans):
        raise InvalidInput(f"A mark lies beyond the end of the {side} answer. Remove it.")


def marked_parts(text: str, spans: Sequence[Span]) -> list[tuple[str, tuple[str, ...]]]:
    """The text in parts, each with the kinds that it is marked as; joined they are the text."""
    ends = {0, len(text), *(min(p, len(text)) for s in spans for p in (s.start, s.end))}
    cuts = sorted(ends)
    return [
        (text[a:b], tuple(k for k in KINDS if any(_has(s, k, a, b) for s in spans)))
        for a, b in pairwise(cuts)
    ]


def _has(span: Span, kind: str, start: int, end: int) -> bool:
    return span.kind == kind and span.start <= start and end <= span.end
