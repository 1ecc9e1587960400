"""Activation checkpointing by layer: which layers compute their activations again in the backward
pass (Chen et al. 2016, "Training deep nets with sublinear memory cost").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers.modeling_layers import GradientCheckpointingLayer


class CheckpointedLayers:
    """The layers of a model, each of which computes its activations again, but for the last `kept`.

    The last ones, as the backward pass begins with them: what they kept is free again before the
    first layer is computed a second time. The numbers are the same however many are kept.
    """

    def __init__(self, model: Any) -> None:
        model.activation_checkpointing_enable({"use_reentrant": False})
        modules = list(model.modules())
        self._layers = [one for one in modules if isinstance(one, GradientCheckpointingLayer)]
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
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()  # holds the tensors, so that no two have one address
    total = sum(size for address, size in kept.items() if address not in weights)
    del result
    return total
