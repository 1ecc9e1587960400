"""Contamination: whether a model saw examples before, by what it completes and finds likely.

Values of a worker (core.gpu.contamination) in, shares with intervals out. Control examples, which
the model cannot have seen, say what its values are where there is no contamination.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.errors import InvalidInput
from core.scoring.rouge_variants import rouge_variants
from core.statistics.estimates import Estimate, proportion
from core.wording import percent

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LOWEST_SHARE = 0.2
NEARLY_VERBATIM = 0.8
"""ROUGE-L over words of any script from which a completion counts as word for word."""
FEWEST_WORDS, MOST_WORDS = 8, 40
"""Of a second half: shorter ones can be guessed, of longer ones the first forty count."""
LONG_QUESTION = 2 * FEWEST_WORDS
FEWEST_CONTROLS = 20
UNSEEN_ABOVE = 0.05


class Probe(NamedTuple):
    """What a model shows of one example.

    `completion` is the ROUGE-L (0..1) of its completion with the true second half, None where that
    is too short; `min_k` the mean natural log-probability of the least likely fifth of the tokens,
    at most 0; `perplexity` that of the reference, 1 or more, None where the context ends before it.
    """

    example_id: str
    control: bool
    completion: float | None
    min_k: float
    perplexity: float | None


@dataclass(frozen=True)
class Contamination:
    """Shares of examples, and of controls: `completed` nearly word for word; `likely`: those whose
    min_k is above that of 95 % of the controls, None with fewer than twenty of these."""

    completed: Estimate
    completed_controls: Estimate
    likely: Estimate | None
    suspects: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What may be said of it."""
        told = [f"Completed nearly word for word: {_share(self.completed)} of the examples."]
        if self.completed_controls.n:
            told.append(f"Of the controls, which were not seen: {_share(self.completed_controls)}.")
        if self.likely is None:
            told.append(
                f"Likelihoods say nothing without {FEWEST_CONTROLS} control examples or more: "
                "what is likely may be easy, not seen."
            )
        else:
            told.append(
                f"Likelier than 95 % of the controls: {_share(self.likely)} of the examples; of "
                "unseen ones that are as easy it would be about 5 %."
            )
        return told


def min_k(log_probabilities: Sequence[float]) -> float:
    """Min-K% Prob, k = 20: the mean of the lowest fifth of a text's token log-probabilities (Shi et
    al. 2024, "Detecting pretraining data from large language models"); at least one token.

    Raises InvalidInput without any.
    """
    if not log_probabilities:
        raise InvalidInput("A text of one token has no likelihood. Leave it out.")
    count = max(1, int(len(log_probabilities) * LOWEST_SHARE))
    return math.fsum(sorted(log_probabilities)[:count]) / count


def halves(question: str, reference: str) -> tuple[str, str]:
    """The first half that a model is given, and the second that it is to complete.

    Of the question where it is long enough: a reference often repeats its question, and who
    completes it has read, not remembered. Else of both. The second half is "" where it has fewer
    than eight words, and at most forty long.
    """
    text = question if len(question.split()) >= LONG_QUESTION else f"{question}\n{reference}"
    parts = text.split()
    middle = len(parts) // 2
    rest = parts[middle : middle + MOST_WORDS]
    if len(rest) < FEWEST_WORDS:
        return text, ""
    # Word by word, so that the spaces and lines of the first half stay as they are.
    end = 0
    for part in parts[:middle]:
        end = text.index(part, end) + len(part)
    return text[:end], " ".join(rest)


def completion_score(rest: str, completion: str) -> float:
    """ROUGE-L in 0..1 of as many words of a completion as the true rest has."""
    given = " ".join(completion.split()[: len(rest.split())])
    return rouge_variants()["rougeL_unicode"][1](rest, given)


def contamination(probes: Sequence[Probe]) -> Contamination:
    """What the probes of all examples, controls among them, show."""
    tests = [one for one in probes if not one.control]
    controls = [one for one in probes if one.control]
    likely = None
    if len(controls) >= FEWEST_CONTROLS:
        # The k-th of n values with k = 0.95 (n + 1), above which a further unseen one is in 5 %.
        ordered = sorted(one.min_k for one in controls)
        place = math.ceil((1 - UNSEEN_ABOVE) * (len(ordered) + 1))
        limit = ordered[min(place, len(ordered)) - 1]
        likely = proportion(int(np.sum([one.min_k > limit for one in tests])), len(tests))
    suspects = tuple(one.example_id for one in tests if _is_completed(one))
    return Contamination(_completed(tests), _completed(controls), likely, suspects)


@cache
def _adapter() -> TypeAdapter[Contamination]:
    # A tenth of a second that the server's start and every command would pay: the store knows
    # this module.
    from pydantic import TypeAdapter

    return TypeAdapter(Contamination)


def contamination_json(found: Contamination) -> str:
    """What was found as JSON."""
    return _adapter().dump_json(found).decode()


def contamination_of(content: Any) -> Contamination:
    """What `contamination_json` wrote, decoded from JSON."""
    return _adapter().validate_python(content)


def _completed(probes: Sequence[Probe]) -> Estimate:
    asked = [one for one in probes if one.completion is not None]
    return proportion(sum(map(_is_completed, asked)), len(asked))


def _is_completed(one: Probe) -> bool:
    return one.completion is not None and one.completion >= NEARLY_VERBATIM


def _share(one: Estimate) -> str:
    if one.value is None:
        return "not known (no second half is long enough)"
    if one.low is None or one.high is None:
        return f"{percent(one.value, 1)} (n = {one.n})"
    return f"{percent(one.value, 1)} ({percent(one.low, 1)} to {percent(one.high, 1)}; n = {one.n})"
