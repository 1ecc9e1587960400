"""The curves of a training: losses and learning rate over the steps."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, float]


@dataclass(frozen=True)
class Curves:
    """What a training reported: (step, value) each, in the order of steps. Losses are nats a token.

    The lists may be thinned for drawing: `logged` and `evaluated` count all reports. `initial` is
    the validation loss before the first step, `best` the lowest after it, both
    over every report. `speed` is tokens per second at the last logged step.
    """

    loss: list[Point]
    validation: list[Point]
    learning_rate: list[Point]
    speed: float | None = None
    logged: int = 0
    evaluated: int = 0
    initial: float | None = None
    best: Point | None = None

    @property
    def last(self) -> Point | None:
        """The newest validation loss after the first step."""
        return self.validation[-1] if self.validation and self.validation[-1][0] > 0 else None

    @property
    def thinned(self) -> bool:
        """True when the lists hold only some of the reports."""
        return self.logged > len(self.loss) or self.evaluated > len(self.validation)

    @property
    def rose(self) -> bool:
        """True when the newest validation loss is above the one before training."""
        return self.initial is not None and self.last is not None and self.last[1] > self.initial
