"""How many outputs people should judge, and a stratified draw that keeps its probabilities."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core.errors import InvalidInput

_Z95 = 1.959963984540054
LENGTHS = ("short", "medium", "long")


@dataclass(frozen=True)
class Drawn:
    """One drawn example; its weight in an estimate is 1 / inclusion_probability (0 < p <= 1).
    `risk_reasons`: why it is among the riskiest (`core.study.risk.SIGNALS`), where it is."""

    example_id: str
    stratum: str
    inclusion_probability: float
    risk_reasons: tuple[str, ...] = ()


def sample_size(n_outputs: int, fraction: float = 0.10, margin: float | None = None) -> int:
    """The larger of `fraction` of the outputs, rounded up, and the size for the margin.

    `margin` is half the width of a 95 % interval of a share of one half, as a share: 0.05 for
    +-5 points; Cochran's n0 with the finite population correction (1977, section 4.4). Never more
    than there is. It is that of a sample looked at once: a study is looked at all along and has a
    wider interval, for which there is `core.study.forecast.size_for_margin`. Raises InvalidInput
    for numbers that cannot be.
    """
    if n_outputs < 0 or not 0 <= fraction <= 1 or (margin is not None and not 0 < margin < 1):
        raise InvalidInput("Give n >= 0, a fraction in 0 to 1 and a margin between 0 and 1.")
    # Fractions, because 0.1 * 30 is 3.0000000000000004, which rounds up to 4.
    size = math.ceil(Fraction(str(fraction)) * n_outputs)
    if margin is not None and n_outputs:
        endless = _Z95**2 / 4 / margin**2
        size = max(size, math.ceil(endless / (1 + (endless - 1) / n_outputs)))
    return min(size, n_outputs)


def draw(
    ids: Sequence[str], strata: Sequence[str], size: int, rng: np.random.Generator
) -> list[Drawn]:
    """`size` examples without replacement, in proportion to the strata, at least one from each.

    More strata than `size` give one from each. Within a stratum every example is as likely as the
    others. The result is in the order of `ids`. Raises InvalidInput for repeated ids, unequal
    lengths, or a size below 0 or above the number of ids.
    """
    if len(ids) != len(strata) or len(set(ids)) != len(ids):
        raise InvalidInput("Give each example once, with one stratum.")
    if not 0 <= size <= len(ids):
        raise InvalidInput(f"{size} of {len(ids)} examples cannot be drawn. Give a size in range.")
    if size == 0:
        return []
    members: dict[str, list[int]] = {}
    for index, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(index)
    names = sorted(members)
    quotas = _quotas([len(members[name]) for name in names], size)
    chosen: dict[int, Drawn] = {}
    for name, quota in zip(names, quotas, strict=True):
        probability = quota / len(members[name])
        for index in rng.choice(members[name], size=quota, replace=False).tolist():
            chosen[index] = Drawn(ids[index], name, probability)
    return [chosen[index] for index in sorted(chosen)]


def draw_more(
    ids: Sequence[str],
    strata: Sequence[str],
    there: Collection[str],
    size: int,
    rng: np.random.Generator,
) -> tuple[list[Drawn], dict[str, float]]:
    """`size` further examples for the sample `there`, and the probability of each stratum that the
    union was drawn with.

    `ids` and `strata` are those of the first draw. Within a stratum both draws together are one
    simple random sample without replacement (Cochran 1977, "Sampling Techniques", 2.1), so that
    every example of a stratum, old or new, has drawn / size of the stratum. The strata that are
    furthest below their share are filled first. The result is in the order of `ids`. Raises
    InvalidInput for a size below 1 or above what is left.
    """
    left, whole, drawn = _by_stratum(ids, strata, there)
    if not 1 <= size <= sum(map(len, left.values())):
        raise InvalidInput(f"{size} further examples cannot be drawn: so many are not left.")
    goal = len(there) + size
    more = dict.fromkeys(whole, 0)
    for _ in range(size):
        open_ = [name for name in sorted(whole) if more[name] < len(left[name])]
        more[max(open_, key=lambda n: whole[n] * goal / len(ids) - drawn[n] - more[n])] += 1
    chosen: dict[int, Drawn] = {}
    probabilities = {name: (drawn[name] + more[name]) / whole[name] for name in sorted(whole)}
    for name, quota in sorted(more.items()):
        for index in rng.choice(left[name], size=quota, replace=False).tolist() if quota else ():
            chosen[index] = Drawn(ids[index], name, probabilities[name])
    return [chosen[index] for index in sorted(chosen)], probabilities


def _by_stratum(
    ids: Sequence[str], strata: Sequence[str], there: Collection[str]
) -> tuple[dict[str, list[int]], dict[str, int], dict[str, int]]:
    """Of each stratum: the places of what is not in the sample, its size, how many are in."""
    left: dict[str, list[int]] = {name: [] for name in strata}
    whole, drawn = dict.fromkeys(left, 0), dict.fromkeys(left, 0)
    for index, (example_id, name) in enumerate(zip(ids, strata, strict=True)):
        whole[name] += 1
        if example_id in there:
            drawn[name] += 1
        else:
            left[name].append(index)
    return left, whole, drawn


def length_strata(texts: Sequence[str]) -> list[str]:
    """ "short", "medium" or "long" for each text, by thirds of the lengths in characters.

    Texts of equal length are in one stratum, so thirds can be uneven.
    """
    if not texts:
        return []
    lengths = np.array([len(text) for text in texts])
    cuts = np.quantile(lengths, [1 / 3, 2 / 3], method="inverted_cdf")
    return [LENGTHS[int((length > cuts).sum())] for length in lengths]


def _quotas(sizes: Sequence[int], size: int) -> list[int]:
    """How many of each stratum: one each, the rest in proportion, none beyond its stratum."""
    total = sum(sizes)
    shares = [Fraction(own * size, total) for own in sizes]
    quotas = [max(1, math.floor(share)) for share in shares]
    while sum(quotas) < size:
        open_ = [k for k, own in enumerate(sizes) if quotas[k] < own]
        quotas[max(open_, key=lambda k: shares[k] - quotas[k])] += 1
    while sum(quotas) > size and max(quotas) > 1:
        large = [k for k in range(len(sizes)) if quotas[k] > 1]
        quotas[min(large, key=lambda k: shares[k] - quotas[k])] -= 1
    return quotas
