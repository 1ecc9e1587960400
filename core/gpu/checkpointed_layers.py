"""Activation checkpointing by layer: which layers compute their activations again in the backward
pass (Chen et al. 2016, "Training deep nets with sublinear memory cost").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from core.tuning.settings import InvalidRunSpec


class CheckpointedLayers:
    """The layers of a model, each of which computes its activations again, but for the last `kept`.

    The last ones, as the backward pass begins with them: what they kept is free again before the
    first layer is computed a second time. The numbers are the same however many are kept.
    Raises InvalidRunSpec for an architecture whose layers cannot compute theirs again.
    """

    def __init__(self, model: Any) -> None:
        modules = list(model.modules())
        self._layers = [one for one in modules if isinstance(one, GradientCheckpointingLayer)]
        if not (self._layers and model.supports_gradient_checkpointing):
            raise InvalidRunSpec(
                "Activation checkpointing (activation_checkpointing) must be off for this base "
                f"model: layers of the architecture {model.config.model_type} cannot compute their "
                "activations again."
            )
        model.activation_checkpointing_enable({"use_reentrant": False})
        self.kept = 0

    def __len__(self) -> int:
        return len(self._layers)

    def keep(self, count: int) -> None:
        """Let the last `count` layers keep their activations, and no others."""
        self.kept = min(count, len(self))
        for number, layer in enumerate(reversed(self._layers)):
            layer.gradient_checkpointing = number >= self.kept


def activation_bytes(model: Any, forward: Callable[[], Any]) -> int:
    """Bytes of what a forward pass keeps for its backward pass, weights left out; what checkpointed
    layers keep, their inputs, is not seen."""
    weights = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        # Not itself: an output that its own step keeps would hold that step, and never be freed.
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()  # holds the tensors, so that no two have one address
    total = sum(size for address, size in kept.items() if address not in weights)
    del result
    return total
