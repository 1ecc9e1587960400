"""When a training's numbers are none any more: what is said, and what to change."""

from __future__ import annotations

import math

from core.errors import TouchstoneError


class TrainingDiverged(TouchstoneError):
    """The loss or its gradient is no number any more."""

    title = "The training diverged"


def refuse_gradient(norm: float, step: int) -> None:
    """Raises TrainingDiverged for the norm of a step's gradient that is no finite number."""
    if not math.isfinite(norm):
        raise TrainingDiverged(
            f"The gradient is not a number any more at step {step}. Start anew with a lower "
            "learning_rate, more warm-up, or bf16 instead of lower precision."
        )


def refuse_loss(loss: float, step: int) -> None:
    """Raises TrainingDiverged for a validation loss that is no finite number; step 0 is before the
    first one."""
    if math.isfinite(loss):
        return
    if step == 0:
        raise TrainingDiverged(
            "The base model's loss is not a number before any training: its weights overflow "
            "in this precision. Choose bf16 or fp32, or another base model."
        )
    raise TrainingDiverged(
        f"The validation loss is not a number any more at step {step}. Start anew with a lower "
        "learning_rate."
    )
