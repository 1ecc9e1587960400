"""Checks of the whole set: unusual lengths, contradictory answers, unbalanced groups.

All is decided from columns of facts, in milliseconds for 50,000 examples.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.findings.facts import FEMALE, MALE, SetFacts
from core.findings.finding import Finding, Severity
from core.findings.kinds import KINDS, kinds_on
from core.findings.settings import FindingSettings
from core.wording import figure, percent

_LEAST_EXAMPLES = 30
# Of normally distributed logarithms one in two million is farther out; at least a factor of four.
_FAR = 5.0
_LEAST_FACTOR = 4.0
_MAD_TO_SD = 1.4826
_LABEL_RATIO, _GENDER_RATIO = 10.0, 3.0
_RATE_GAP, _RATE_SDS = 0.1, 3.3
_SHOWN = 3


@dataclass(frozen=True)
class SetRemark:
    """A finding about the set as a whole; `counts` are groups and how many examples each has."""

    kind: str
    severity: Severity
    explanation: str
    counts: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "explanation": self.explanation,
            "counts": self.counts,
        }


@dataclass(frozen=True)
class SetFindings:
    """Findings of single examples that only the set shows, as (id, finding), and set remarks."""

    findings: list[tuple[str, Finding]]
    remarks: list[SetRemark]


def check_set(facts: SetFacts, settings: FindingSettings) -> SetFindings:
    """Findings of all kinds of scope "set" that are on."""
    on = {kind.name for kind in kinds_on(settings) if kind.scope == "set"}
    findings: list[tuple[str, Finding]] = []
    if "length_outlier" in on and not settings.output_labels:
        findings += _length_outliers(facts)
    if "contradictory_answers" in on:
        findings += _contradictions(facts)
    remarks = list(_unbalanced(facts)) if "unbalanced_groups" in on else []
    return SetFindings(findings, remarks)


def _finding(kind: str, explanation: str) -> Finding:
    return Finding(kind, KINDS[kind].severity, "output", None, None, explanation)


def _length_outliers(facts: SetFacts) -> list[tuple[str, Finding]]:
    """Outputs whose logarithm of length is far from the median, in robust standard deviations."""
    length = facts.columns["length"]
    given = length[length > 0]
    if len(given) < _LEAST_EXAMPLES:
        return []
    logs = np.log(given)
    middle = float(np.median(logs))
    spread = _MAD_TO_SD * float(np.median(np.abs(logs - middle)))
    reach = max(_FAR * spread, math.log(_LEAST_FACTOR))
    low, high = math.exp(middle - reach), math.exp(middle + reach)
    found = []
    for place in np.flatnonzero((length > 0) & ((length < low) | (length > high))):
        much = int(length[place])
        than = "shorter" if much < low else "longer"
        text = (
            f"The output has {figure(much)} characters, far {than} than the usual "
            f"{figure(round(math.exp(middle)))}."
        )
        found.append((facts.ids[place], _finding("length_outlier", text)))
    return found


def _contradictions(facts: SetFacts) -> list[tuple[str, Finding]]:
    """Examples that ask the same, folded, and come to different final answers."""
    question, answer = facts.columns["question"], facts.columns["answer"]
    judged = np.flatnonzero(answer)
    if len(judged) < 2:
        return []
    order = judged[np.argsort(question[judged], kind="stable")]
    asked = question[order]
    again = np.append(asked[1:] == asked[:-1], False) | np.append(False, asked[1:] == asked[:-1])
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place in order[again]:
        groups[int(question[place])].append(int(place))
    found = []
    for places in groups.values():
        if len({int(answer[place]) for place in places}) > 1:
            found += [_contradicted(facts, place, places) for place in places]
    return found


def _contradicted(facts: SetFacts, place: int, places: list[int]) -> tuple[str, Finding]:
    answer = facts.columns["answer"]
    others = [facts.ids[one] for one in places if answer[one] != answer[place]]
    shown = ", ".join(others[:_SHOWN]) + (", …" if len(others) > _SHOWN else "")
    text = f"The same question has another answer in {shown}."
    return facts.ids[place], _finding("contradictory_answers", text)


def _unbalanced(facts: SetFacts) -> Iterator[SetRemark]:
    labels = Counter(label for label in facts.labels if label)
    if labels.total() >= _LEAST_EXAMPLES and len(labels) > 1:
        (most, many), (least, few) = labels.most_common()[0], labels.most_common()[-1]
        if many >= _LABEL_RATIO * few:
            yield _remark(
                f"“{most}” is the label of {figure(many)} examples, “{least}” of {figure(few)}.",
                dict(labels),
            )
    gender = facts.columns["gender"]
    men, women = int((gender == MALE).sum()), int((gender == FEMALE).sum())
    if men + women >= _LEAST_EXAMPLES and max(men, women) >= _GENDER_RATIO * min(men, women):
        yield _remark(
            f"{figure(men)} examples speak of men only, {figure(women)} of women only.",
            {"men": men, "women": women},
        )
    yield from _labels_by_gender(facts, labels)


def _labels_by_gender(facts: SetFacts, labels: Counter[str]) -> Iterator[SetRemark]:
    """A label that men have far more often than women, or the reverse: two proportions, pooled."""
    gender = facts.columns["gender"]
    of = {
        group: Counter(facts.labels[place] for place in np.flatnonzero(gender == group))
        for group in (MALE, FEMALE)
    }
    men, women = of[MALE].total(), of[FEMALE].total()
    if min(men, women) < _LEAST_EXAMPLES:
        return
    for label in labels:
        here, there = of[MALE][label], of[FEMALE][label]
        pooled = (here + there) / (men + women)
        error = math.sqrt(pooled * (1 - pooled) * (1 / men + 1 / women))
        gap = here / men - there / women
        if abs(gap) >= _RATE_GAP and abs(gap) >= _RATE_SDS * error:
            yield _remark(
                f"“{label}” is the label of {percent(here / men)} of the examples that speak of "
                f"men only, and of {percent(there / women)} of those that speak of women only.",
                {"men": here, "women": there},
            )


def _remark(explanation: str, counts: dict[str, int]) -> SetRemark:
    return SetRemark("unbalanced_groups", KINDS["unbalanced_groups"].severity, explanation, counts)
