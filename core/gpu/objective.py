"""What a training loop is given to learn: how examples become batches, and the loss of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch


class Objective(Protocol):
    """Batches, and the loss summed over what is labelled in one."""

    def collate(self, examples: Sequence[Any]) -> Any:
        """A batch with `targets`, `tokens` and `to(device)`."""

    def loss(self, model: Any, batch: Any) -> torch.Tensor:
        """The loss summed over the targets of `batch`, in float32."""
