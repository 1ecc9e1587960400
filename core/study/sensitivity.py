"""Sensitivity of a verdict: what a rater less, some judgements reversed or fewer pairs do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.statistics.anytime import always_valid_mean, highest_e_value
from core.statistics.estimates import Estimate, says_better
from core.study.pairs import Judgement
from core.study.verdicts import (
    first_of_each_pair,
    first_verdicts,
    net_preference,
    verdict_of,
    worth_of,
)

TOLD_BY_LENGTH = 1.5
"""An answer that is so many times as long as the other one can be told by a look."""


@dataclass(frozen=True)
class PairFacts:
    """What is known of a pair beside its judgements. Lengths in characters; `group_id` is its
    near-duplicate group; `slices` are the parts that it belongs to, as ("source", "a.jsonl");
    `suspect`: a base model of one of the two systems may have seen the example."""

    pair_id: str
    example_id: str
    group_id: str
    baseline_length: int
    candidate_length: int
    slices: tuple[tuple[str, str], ...]
    suspect: bool = False

    @property
    def told_by_length(self) -> bool:
        """Whether one answer is much longer than the other."""
        low, high = sorted((self.baseline_length, self.candidate_length))
        return high > TOLD_BY_LENGTH * low


@dataclass(frozen=True)
class WithoutRater:
    """The net preference (-1 to 1) without one rater's judgements; None where nothing is left."""

    rater: str
    judgements: int
    net: float | None


@dataclass(frozen=True)
class Variant:
    """The verdict once more on some of the pairs; `what` says which."""

    what: str
    net: Estimate


@dataclass(frozen=True)
class Sensitivity:
    """What would change a verdict. `reversals`: how many of the pairs that were won (or lost) must
    have been judged the other way for the claim to be gone; None where nothing is claimed."""

    net: float | None
    without_one_rater: tuple[WithoutRater, ...]
    reversals: int | None
    variants: tuple[Variant, ...] = ()

    @property
    def survives_each_rater(self) -> bool | None:
        """Whether the sign stays without any one rater (it does not where nothing is left without
        somebody); None with one rater, or without a sign."""
        if not self.net or not self.without_one_rater:
            return None
        return all((one.net or 0.0) * self.net > 0 for one in self.without_one_rater)

    @property
    def survives(self) -> bool | None:
        """Whether the sign stays without any one rater and in every variant that leaves pairs to
        judge by; None where the net preference has no sign."""
        if not self.net:
            return None
        others = [one.net.value for one in self.variants if one.net.value is not None]
        return self.survives_each_rater is not False and all(v * self.net > 0 for v in others)


def sensitivity(
    judgements: Sequence[Judgement],
    baseline_id: str,
    level: float = 0.95,
    facts: Mapping[str, PairFacts] | None = None,
) -> Sensitivity:
    """What would change the verdict on these judgements of one candidate and the baseline.

    `level` is that of the verdict; `facts`: pair id → what is known of it.
    """
    judgements = [j for j in judgements if j.counts]
    worth = worth_of(first_verdicts(judgements, baseline_id))
    return Sensitivity(
        net=sum(worth) / len(worth) if worth else None,
        without_one_rater=_without_one_rater(judgements, baseline_id),
        reversals=reversals(worth, level),
        variants=_variants(judgements, baseline_id, level, facts) if facts else (),
    )


def _without_one_rater(
    judgements: Sequence[Judgement], baseline_id: str
) -> tuple[WithoutRater, ...]:
    raters = {j.rater_id: j.rater for j in judgements}
    if len(raters) < 2:
        return ()
    found = []
    for rater_id, name in raters.items():
        rest = [j for j in judgements if j.rater_id != rater_id]
        worth = worth_of(first_verdicts(rest, baseline_id))
        net = sum(worth) / len(worth) if worth else None
        found.append(WithoutRater(name, len(judgements) - len(rest), net))
    return tuple(sorted(found, key=lambda one: -one.judgements))


def _variants(
    judgements: Sequence[Judgement],
    baseline_id: str,
    level: float,
    facts: Mapping[str, PairFacts],
) -> tuple[Variant, ...]:
    first = [j for j in first_of_each_pair(judgements) if j.pair_id in facts]
    groups: set[str] = set()

    def is_first_of_group(one: PairFacts) -> bool:
        if one.group_id in groups:
            return False
        groups.add(one.group_id)
        return True

    kept: dict[str, Callable[[PairFacts], bool]] = {
        f"Without the pairs in which one answer is over {TOLD_BY_LENGTH:g} times as long":
            lambda one: not one.told_by_length,
        "Near-duplicate examples counted once": is_first_of_group,
        "Without the examples that the base model may have seen": lambda one: not one.suspect,
    }  # fmt: skip
    found = []
    for what, keeps in kept.items():
        own = [j for j in first if keeps(facts[j.pair_id])]
        if len(own) < len(first):
            verdicts = [verdict_of(j, baseline_id) for j in own]
            found.append(Variant(what, net_preference(verdicts, level)))
    return tuple(found)


def reversals(worth: Sequence[int], level: float = 0.95) -> int | None:
    """How many won (or lost) pairs, spread evenly, must have gone the other way to undo a claim."""
    says = says_better(always_valid_mean(worth, level=level))
    if says == "not shown":
        return None
    ahead = 1 if says == "better" else -1
    for_it = [ahead * w for w in worth]
    won = [k for k, w in enumerate(for_it) if w == 1]
    few, many = 0, len(won)
    while many - few > 1:  # the claim falls as more are reversed
        middle = (few + many) // 2
        reversed_ = _spread(won, middle)
        other = [-w if k in reversed_ else w for k, w in enumerate(for_it)]
        if highest_e_value(other) >= 2 / (1 - level):
            few = middle
        else:
            many = middle
    return many


def _spread(places: Sequence[int], count: int) -> set[int]:
    """So many of the places, evenly over all of them."""
    return {places[len(places) * k // count] for k in range(count)} if count else set()
