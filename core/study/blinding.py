"""Whether blinding held: what raters guessed after rating, as Bang's index, and what rests on it.

Bang, Ni and Davis 2004, "Assessment of blinding in clinical trials", Controlled Clinical Trials
25:143–156: the share of guesses that are right less the share that are wrong. 1: all are right,
0: as chance has it (or nobody knows), −1: all are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.errors import InvalidInput
from core.statistics.estimates import Estimate, student_reach, undefined
from core.study.pairs import Judgement
from core.study.verdicts import first_of_each_pair, net_preference, verdict_of
from core.wording import counted

GuessedSide = Literal["left", "right", "unknown", "skipped"]
MOST_GUESSES = 10
"""Pairs of a study that one rater is asked about."""


@dataclass(frozen=True)
class BlindGuess:
    """Which answer of a pair a rater takes for the candidate's; `guess_id` was made when it was
    asked."""

    guess_id: str
    presentation_id: str
    guess: GuessedSide

    def __post_init__(self) -> None:
        if self.guess not in get_args(GuessedSide):
            raise InvalidInput("Guess left or right, or say that you do not know.")


@dataclass(frozen=True)
class Guess:
    """A guess by systems; never leaves the server. `guessed_system_id` is None for a rater who did
    not know (or was not willing to say: `skipped`)."""

    pair_id: str
    rater_id: str
    system_ids: tuple[str, str]
    guessed_system_id: str | None
    skipped: bool

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Guess:
        """The guess in a row of a table, whose systems are two columns."""
        given = dict(row)
        return cls(system_ids=(given.pop("system_a"), given.pop("system_b")), **given)

    def is_right(self, baseline_id: str) -> bool:
        """Whether it names the candidate."""
        return self.guessed_system_id not in (None, baseline_id)


@dataclass(frozen=True)
class Blinding:
    """What raters guessed of one candidate. `rest`: its net preference without the `left_out` pairs
    whose verdict is of a rater who guessed right; `won` and `lost` of these. A pair that two people
    judged may have two guesses, and is left out for that of the first alone."""

    index: Estimate
    right: int
    wrong: int
    unknown: int
    skipped: int
    raters: int
    rest: Estimate
    won: int
    lost: int
    left_out: int = 0

    @property
    def what_is_left_out(self) -> str:
        """How the rest was counted, in words."""
        return f"Without the {counted(self.left_out, 'pair')} whose rater guessed right"


def blinding_index(right: int, wrong: int, unknown: int, *, level: float = 0.95) -> Estimate:
    """Bang's index of so many guesses, −1..1, with an interval that holds for one look.

    Its variance is the paper's, with a right and a wrong guess added and Student's t (Bonett and
    Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based
    on paired data"): without them ten right of ten would leave no doubt. Covers 93.8 % at least of
    every true index from n = 5 on.
    """
    if min(right, wrong, unknown) < 0:
        raise InvalidInput("Guesses are counted: give whole numbers from 0 on.")
    n, method = right + wrong + unknown, "Bang's index"
    if not n:
        return undefined(0, method, "Nobody was asked yet.", level)
    value, padded = (right - wrong) / n, n + 2
    centre = (right - wrong) / padded
    variance = ((right + wrong + 2) / padded - centre**2) / (padded - 1)
    half = student_reach(n + 1, level) * math.sqrt(variance)
    low, high = max(centre - half, -1.0), min(centre + half, 1.0)
    return Estimate(value, min(low, value), max(high, value), n, method, level)


def blinding_of(
    guesses: Sequence[Guess],
    judgements: Sequence[Judgement],
    baseline_id: str,
    level: float = 0.95,
) -> Blinding | None:
    """What was guessed of one candidate, and its verdict once more; None where nobody was asked.

    `judgements` are those of pairs of baseline and candidate, and so are the guesses.
    """
    if not guesses:
        return None
    asked = [guess for guess in guesses if not guess.skipped]
    right = {(g.pair_id, g.rater_id) for g in asked if g.is_right(baseline_id)}
    unknown = sum(guess.guessed_system_id is None for guess in asked)
    wrong = len(asked) - unknown - len(right)
    first = first_of_each_pair(judgements)
    rest = [
        verdict_of(judgement, baseline_id)
        for judgement in first
        if (judgement.pair_id, judgement.rater_id) not in right
    ]
    return Blinding(
        index=blinding_index(len(right), wrong, unknown),
        right=len(right),
        wrong=wrong,
        unknown=unknown,
        skipped=len(guesses) - len(asked),
        raters=len({guess.rater_id for guess in asked}),
        rest=net_preference(rest, level),
        won=rest.count("candidate"),
        lost=rest.count("baseline"),
        left_out=len(first) - len(rest),
    )
