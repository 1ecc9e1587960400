"""Disagreement of the people who annotated one example, as one number that a queue is ordered by.

    disagreement(annotations, ("topic", "tone"))     # 0 where all say the same, at most 1

The observed disagreement of one unit in Krippendorff's alpha (Krippendorff 2011, "Computing
Krippendorff's Alpha-Reliability"): the mean distance over all pairs of its annotators. As in
Braylan, Alonso and Lease 2022 ("Measuring Annotator Agreement Generally across Complex Structured,
Multi-object, and Free-text Annotation Tasks") the distance may be any in 0..1; here the mean of

- labels: the share of the schema's questions that the two answer unequally (nominal distance), and
- texts: the normalised Indel distance of the field in which the two differ most,

or the texts' alone in a project without labels. Quality marks are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from core.examples.example import FIELDS
from core.examples.overlap import PersonAnnotation, label_values

MOST_COMPARED = 20_000
"""Characters of a text: the distance of two far longer ones would hold up the save that asks."""


def disagreement(annotations: Sequence[PersonAnnotation], questions: Sequence[str]) -> float:
    """0..1, 0 for fewer than two annotations; `questions` names the labels of the schema."""
    pairs = list(combinations(annotations, 2))
    if not pairs:
        return 0.0
    return sum(_distance(one, other, questions) for one, other in pairs) / len(pairs)


def _distance(one: PersonAnnotation, other: PersonAnnotation, questions: Sequence[str]) -> float:
    texts = max(_text_distance(one.fields[name], other.fields[name]) for name in FIELDS)
    if not questions:
        return texts
    left, right = dict(label_values(one.labels)), dict(label_values(other.labels))
    unequal = sum(left.get(name) != right.get(name) for name in questions)
    return (unequal / len(questions) + texts) / 2


def _text_distance(one: str, other: str) -> float:
    """Normalised Indel distance but for white space: characters to delete and insert, over both
    lengths."""
    left, right = (" ".join(text.split()) for text in (one, other))
    if left == right:
        return 0.0
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_distance(left[:MOST_COMPARED], right[:MOST_COMPARED]))
