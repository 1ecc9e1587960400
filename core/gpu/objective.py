"""What a training loop is given to learn: how examples become batches, and the loss of one.

The objective of models that write is here; that of models that choose a label in core.gpu.labelled,
that of models that learn from preferences in core.gpu.preferring.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as functional

from core.gpu.adapters import prompt_offset
from core.gpu.data import Batch, EncodedExample, collate


class Objective(Protocol):
    """Batches, and the loss summed over what is labelled in one."""

    @property
    def measures(self) -> Sequence[str]:
        """The names of what is measured beside the loss."""

    def collate(self, examples: Sequence[Any]) -> Any:
        """A batch with `targets`, `tokens` and `to(device)`."""

    def loss(self, model: Any, batch: Any) -> torch.Tensor:
        """The loss summed over the targets of `batch`, in float32; where there are `measures`, a
        vector of it and their sums, which are not learned from."""


class Samples(Protocol):
    """Lets the model answer a few validation examples and reports what it said."""

    def report(self, step: int) -> None:
        """After the evaluation at `step`; 0 is before the first step."""


def answer_loss(model: Any, batch: Batch) -> torch.Tensor:
    """Cross entropy summed over the labelled tokens of `batch`, in float32."""
    return functional.cross_entropy(answer_logits(model, batch), batch.targets, reduction="sum")


def answer_logits(model: Any, batch: Batch) -> torch.Tensor:
    """The logits of the labelled tokens of `batch`, (tokens, vocabulary), in float32.

    The model makes them for those tokens alone: the boolean mask is its own `logits_to_keep`,
    with nothing to keep of the virtual tokens that a learned prompt puts before the others.
    """
    keep = functional.pad(batch.keep, (prompt_offset(model), 0))
    with mixed_precision(model):
        output = model(input_ids=batch.ids, logits_to_keep=keep, use_cache=False)
    return output.logits.flatten(0, -2).float()  # type: ignore[no-any-return]


def mixed_precision(model: Any) -> torch.autocast:
    """Where the base is kept in bfloat16, its adapter is computed in it too, though it is kept in
    float32, as transformers' Trainer does: on an H100 16 to 18 % more tokens a second."""
    device = next(model.parameters()).device
    return torch.autocast(device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16)


class AnswerTokens:
    """The objective of a model that writes."""

    measures = ()

    def collate(self, examples: Sequence[EncodedExample]) -> Batch:
        """Right-padded token ids with the answers as targets."""
        return collate(examples)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Cross entropy of the answers' tokens."""
        return answer_loss(model, batch)
