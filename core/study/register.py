"""The register: every study of a pair of systems, so that nobody can show the lucky one alone.

Of k comparisons each claims at 5 % / k (Bonferroni), so that all together claim falsely in 5 % at
most: those of both systems, of which a study that was opened and given up is one, and those of the
other candidates in the same studies, as the best of many candidates is easily a lucky one. The
average of the studies' e-values is one as well, however they depend on each other (Vovk and Wang
2021, "E-values: calibration, combination and applications").

Whoever opens one study after another and stops at the first claim is held to less: the first alone
may use the 5 %, and what the later ones add is measured by `make validate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from core.statistics.anytime import e_value
from core.study.pairs import Judgement
from core.study.risk import RISK
from core.study.verdicts import first_verdicts, worth_of

CHANCE = 0.05


@dataclass(frozen=True)
class RegisteredStudy:
    """A study of the two systems. `e_value`: of the candidate being preferred; it and the counts
    are None where there are too many judgements to read at once. `claims`: how many comparisons it
    makes, one a candidate."""

    study_id: str
    name: str
    person: str
    created_at: datetime
    closed: bool
    judged: int | None
    won: int | None
    lost: int | None
    e_value: float | None
    claims: int = 1


@dataclass(frozen=True)
class Register:
    """The studies of a baseline and a candidate, oldest first."""

    studies: tuple[RegisteredStudy, ...]

    @property
    def claims(self) -> int:
        """How many comparisons share one chance of a false claim."""
        return sum(one.claims for one in self.studies)

    @property
    def combined(self) -> float | None:
        """The average of the e-values; None where one is not known."""
        known = [one.e_value for one in self.studies if one.e_value is not None]
        return fmean(known) if known and len(known) == len(self.studies) else None


def level_of(claims: int) -> float:
    """At which level one of so many comparisons holds: 0.95, or above."""
    return 1 - CHANCE / max(1, claims)


def counts_of(judgements: Sequence[Judgement], baseline_id: str) -> tuple[int, int, int, float]:
    """Judged, won and lost pairs of one candidate in the sample, and the e-value of its being
    preferred."""
    sample = [j for j in judgements if j.stratum != RISK]
    verdicts = first_verdicts(sample, baseline_id)
    worth = worth_of(verdicts)
    return len(verdicts), worth.count(1), worth.count(-1), e_value(worth)
