"""What a training reports over its steps: losses, learning rate, and answers to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[int, float]


@dataclass(frozen=True)
class Curves:
    """What a training reported: (step, value) each, in the order of steps. Losses are nats a token.

    The lists may be thinned for drawing: `logged` and `evaluated` count all reports. `initial` is
    the validation loss before the first step, `best` the lowest after it, both
    over every report. `speed` is tokens per second at the last logged step. `margin` and `accuracy`
    (0..1) are there where preferences are learned: by how much the preferred answer is rewarded
    more than the rejected one, and in which share of the pairs; in training and in validation.
    """

    loss: list[Point]
    validation: list[Point]
    learning_rate: list[Point]
    speed: float | None = None
    logged: int = 0
    evaluated: int = 0
    initial: float | None = None
    best: Point | None = None
    margin: list[Point] = field(default_factory=list)
    accuracy: list[Point] = field(default_factory=list)
    validation_margin: list[Point] = field(default_factory=list)
    validation_accuracy: list[Point] = field(default_factory=list)

    @property
    def last(self) -> Point | None:
        """The newest validation loss after the first step."""
        return self.validation[-1] if self.validation and self.validation[-1][0] > 0 else None

    @property
    def thinned(self) -> bool:
        """True when the lists hold only some of the reports."""
        return self.logged > len(self.loss) or self.evaluated > len(self.validation)

    @property
    def turned(self) -> bool:
        """True when the validation loss has been rising since its lowest: overfitting."""
        return bool(self.best and self.last and self.last[0] > self.best[0])

    @property
    def rose(self) -> bool:
        """True when the newest validation loss is above the one before training."""
        return self.initial is not None and self.last is not None and self.last[1] > self.initial


@dataclass(frozen=True)
class SampledAnswers:
    """The validation examples that a training answered at each evaluation.

    `scores` are (step, ROUGE-L, token F1), 0..1, means over the answers. `first` are the base's own
    answers, before the first step, and `last` those of step `step`; each with the keys example_id,
    instruction, input, reference and answer, in the same order.
    """

    scores: list[tuple[int, float, float]]
    first: list[Mapping[str, str]]
    last: list[Mapping[str, str]]
    step: int
