"""Slices: how the candidate does on each part of the examples, the worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.statistics.estimates import Better, Estimate, says_better
from core.study.pairs import Judgement
from core.study.sensitivity import PairFacts
from core.study.verdicts import first_of_each_pair, net_preference, verdict_of

FEWEST = 5
"""Pairs below which a slice is not shown by itself."""
LEVEL = 0.95


@dataclass(frozen=True)
class Slice:
    """The examples of which `name` is `value`. `net`: its net preference, -1 to 1, with an interval
    that holds for all slices of the list together; `lost`: examples on which the candidate lost."""

    name: str
    value: str
    net: Estimate
    won: int
    lost: int
    lost_examples: tuple[str, ...]

    @property
    def says(self) -> Better:
        """Whether the candidate is shown to be better or worse there."""
        return says_better(self.net)


def slices(
    judgements: Sequence[Judgement], baseline_id: str, facts: Mapping[str, PairFacts]
) -> tuple[Slice, ...]:
    """Every slice with pairs enough, the lowest net preference first.

    The intervals share the chance of a false claim (Bonferroni over the slices).
    """
    members: dict[tuple[str, str], list[Judgement]] = {}
    for judgement in first_of_each_pair(judgements):
        for part in facts[judgement.pair_id].slices if judgement.pair_id in facts else ():
            members.setdefault(part, []).append(judgement)
    values: dict[str, int] = {}
    for name, _ in members:
        values[name] = values.get(name, 0) + 1
    shown = {
        part: own for part, own in members.items() if values[part[0]] > 1 and len(own) >= FEWEST
    }
    level = 1 - (1 - LEVEL) / max(1, len(shown))
    found = [_slice(*part, own, baseline_id, level) for part, own in shown.items()]
    return tuple(sorted(found, key=lambda one: (one.net.value or 0.0, one.name, one.value)))


def _slice(
    name: str, value: str, judgements: Sequence[Judgement], baseline_id: str, level: float
) -> Slice:
    verdicts = [verdict_of(j, baseline_id) for j in judgements]
    lost = [j.example_id for j, v in zip(judgements, verdicts, strict=True) if v == "baseline"]
    return Slice(
        name, value, net_preference(verdicts, level), verdicts.count("candidate"), len(lost),
        tuple(lost),
    )  # fmt: skip
