"""What came of a training, in sentences: did it learn, and what must its reader know first?"""

from __future__ import annotations

from core.tuning.curves import Curves

# A loss that moved by less of itself hardly moved: the steps were too small, not too large.
UNMOVED = 1e-3


def learning_warnings(
    initial: float | None,
    best: float | None,
    last: float | None,
    learning_rate: float,
    *,
    learned_prompt: bool = False,
) -> list[str]:
    """Warnings from validation losses: the base's own, the best and the last in training. A
    `learned_prompt` starts above its base's."""
    if initial is None or best is None or last is None:
        return []
    if best >= initial:
        advice = "Lower the learning rate"
        if learned_prompt:
            advice = "Train longer, or with another learning rate"
        elif max(best, last) - initial < UNMOVED * initial:
            advice = "It hardly moved: train longer, or raise the learning rate"
        return [
            f"It did not learn: the validation loss was {initial:.3f} before training and "
            f"{best:.3f} at best after it. {advice} (it was {learning_rate:g})."
        ]
    if last > initial:
        return [
            f"It diverged: the validation loss ended at {last:.3f}, above the {initial:.3f} from "
            f"before training. The adapter with the lowest loss, {best:.3f}, was kept; lower the "
            f"learning rate (it was {learning_rate:g})."
        ]
    return []


def unmeasured_warning(overlong: int) -> str:
    """For a run without a validation loss; `overlong` validation examples were left out."""
    why = f": all {overlong} were over-long and left out" if overlong else ""
    return (
        f"There was no validation example to measure the loss on{why}, so nothing tells whether it "
        "learned, and early stopping had nothing to go by. Freeze a version with others, and train "
        "again."
    )


def unseen_inputs_warning(inputs: int) -> str:
    """For a template without a place for the input."""
    return (
        f"{inputs} training examples have an input, and the prompt template has no {{input}}, so "
        "that the model never saw it. Add {input} to the project's template."
    )


def headline(known: Curves) -> str:
    """The answer that the chart of a run's losses gives."""
    last, best, initial = known.last, known.best, known.initial
    if last is None or best is None:
        if not known.loss:
            return "No loss yet"
        return f"Training loss {known.loss[-1][1]:.3f} at step {known.loss[-1][0]}"
    step, now = last
    if initial is not None and now > initial:
        rose = (
            f"Validation loss rose from {initial:.3f} before training to {now:.3f} at step {step}"
        )
        if best[1] < initial:
            return f"{rose}; it was lowest, {best[1]:.3f}, at step {best[0]}"
        return f"{rose}: the model is not learning"
    if best[0] == step:
        return f"Validation loss {now:.3f} at step {step}, the lowest so far"
    return (
        f"Validation loss {now:.3f} at step {step}; lowest was {best[1]:.3f} at step {best[0]}: "
        "overfitting since then"
    )
