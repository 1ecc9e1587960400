"""Activation checkpointing by layer: which layers compute their activations again in the backward
pass (Chen et al. 2016, "Training deep nets with sublinear memory cost").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map
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
        self.model, self.kept = model, 0

    def __len__(self) -> int:
        return len(self._layers)

    def keep(self, count: int) -> None:
        """Let the last `count` layers keep their activations, and no others."""
        self.kept = min(count, len(self))
        for number, layer in enumerate(reversed(self._layers)):
            layer.gradient_checkpointing = number >= self.kept

    def keep_within(self, room: int, sizes: list[int]) -> None:
        """Let as many layers keep their activations, `sizes` of bytes, as `room` holds."""
        count = 0
        for size in reversed(sizes):
            room -= size
            count += room >= 0
        self.keep(count)

    def sizes(self, forward: Callable[[], Any]) -> list[int]:
        """Bytes that each layer would keep beside its inputs, from one forward pass in which every
        layer is done with before the next. Layers of one model can differ manifold."""
        found = [0] * len(self)

        def measured(place: int, function: Any, *args: Any) -> Any:
            results: list[Any] = []
            given = tree_leaves((args, function.keywords))
            inputs = [one for one in given if isinstance(one, torch.Tensor)]
            run = partial(_into, results, function, *args)
            found[place] += activation_bytes(self.model, run, inputs)
            return tree_map(_by_itself, results[0])

        self.keep(0)
        usual = [layer._gradient_checkpointing_func for layer in self._layers]
        try:
            for place, layer in enumerate(self._layers):
                layer._gradient_checkpointing_func = partial(measured, place)
            forward()
        finally:
            for layer, function in zip(self._layers, usual, strict=True):
                layer._gradient_checkpointing_func = function
        return found


def _into(results: list[Any], function: Callable[..., Any], *args: Any) -> None:
    results.append(function(*args))


def _by_itself(value: Any) -> Any:
    """A tensor without the steps that made it."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().requires_grad_(value.requires_grad)


def activation_bytes(
    model: Any, forward: Callable[[], Any], beside: Iterable[torch.Tensor] = ()
) -> int:
    """Bytes of what a forward pass keeps for its backward pass, weights and `beside` left out; what
    checkpointed layers keep, their inputs, is not seen."""
    others = (*model.parameters(), *model.buffers(), *beside)
    weights = {one.untyped_storage().data_ptr() for one in others}
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
